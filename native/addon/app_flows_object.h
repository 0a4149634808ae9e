// The JavaScript object `AppFlows` (src/native/app-flows.ts): the applications of one shard's flows, as far as native readers
// find them out. Fast paths of the same rows are given it.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "../app/app_flows.h"

namespace weir {

class AppFlowsObject : public Napi::ObjectWrap<AppFlowsObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit AppFlowsObject(const Napi::CallbackInfo& info);
  // Null when the value is no such object. They live as long as it.
  static AppFlows* flows_of(const Napi::Value& value);

 private:
  Napi::Value offer(const Napi::CallbackInfo& info);
  Napi::Value again(const Napi::CallbackInfo& info);
  Napi::Value conclude(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);
  Napi::Value note(const Napi::CallbackInfo& info);
  void forget(const Napi::CallbackInfo& info);
  Napi::Value oldest(const Napi::CallbackInfo& info);
  Napi::Value names(const Napi::CallbackInfo& info);
  void learn(const Napi::CallbackInfo& info);
  Napi::Value unknown(const Napi::CallbackInfo& info);

  struct Ring {
    const uint8_t* bytes;
    size_t length;
  };

  std::unique_ptr<AppFlows> flows_;
  std::vector<Ring> rings_;
  std::vector<Napi::Reference<Napi::Value>> pinned_;
  std::string text_;
};

}  // namespace weir
