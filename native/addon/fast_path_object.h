// The JavaScript object `FastPath`: the fast path of one flow table for the records of one ring. It keeps the memory that it
// works on. Argument errors throw; the others cannot fail.
#pragma once
#include <napi.h>

#include <vector>

#include "../flow/fast_path.h"

namespace weir {

class FastPathObject : public Napi::ObjectWrap<FastPathObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit FastPathObject(const Napi::CallbackInfo& info);

 private:
  void set_index(const Napi::CallbackInfo& info);
  void set_entries(const Napi::CallbackInfo& info);
  void set_ends(const Napi::CallbackInfo& info);
  Napi::Value end(const Napi::CallbackInfo& info);
  void drop_confirmed(const Napi::CallbackInfo& info);
  void run(const Napi::CallbackInfo& info);

  FastPath fast_path_;
  FastPathWords* words_ = nullptr;
  FastPathTimes* times_ = nullptr;
  std::vector<Napi::Reference<Napi::Value>> pinned_;
  Napi::Reference<Napi::Value> index_;
  Napi::Reference<Napi::Value> entries_;
  Napi::Reference<Napi::Value> ends_;
};

}  // namespace weir
