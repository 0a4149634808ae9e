// The JavaScript object `Detector`: argument checks around one Detector, which ends with close(), with the object, or with
// the environment, whichever comes first.
#pragma once
#include <napi.h>

#include <memory>

#include "../dpi/ndpi_detector.h"

namespace weir {

class DetectorObject : public Napi::ObjectWrap<DetectorObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit DetectorObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

 private:
  Napi::Value process(const Napi::CallbackInfo& info);
  void give_up(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);
  Napi::Value host_name(const Napi::CallbackInfo& info);
  Napi::Value protocol_name(const Napi::CallbackInfo& info);
  Napi::Value category_name(const Napi::CallbackInfo& info);
  Napi::Value confidence_name(const Napi::CallbackInfo& info);
  Napi::Value is_guess(const Napi::CallbackInfo& info);
  Napi::Value risk_name(const Napi::CallbackInfo& info);
  Napi::Value protocols(const Napi::CallbackInfo& info);
  Napi::Value memory(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo& info);

  // Null, with an exception pending, after close().
  Detector* open(Napi::Env env);

  std::unique_ptr<Detector> detector_;
  int64_t told_bytes_ = 0;  // what the garbage collector was told of the module's memory
};

}  // namespace weir
