// The native readers of applications, asked about one flow: `FlowReaders` of src/native/app-flows.ts.
#pragma once
#include <napi.h>

#include "../app/readers.h"

namespace weir {

// A certificate and what is known of it, as arguments of a call; false after a TypeError was thrown.
bool learn_certificate(const Napi::CallbackInfo& info, Certificates& certificates);
// The certificates that are not known yet.
Napi::Value unknown_certificates(Napi::Env env, Certificates& certificates);

class FlowReadersObject : public Napi::ObjectWrap<FlowReadersObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit FlowReadersObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FlowReadersObject>(info) {}

 private:
  Napi::Value read(const Napi::CallbackInfo& info);
  void learn(const Napi::CallbackInfo& info) { learn_certificate(info, readers_.certificates()); }
  Napi::Value unknown(const Napi::CallbackInfo& info) { return unknown_certificates(info.Env(), readers_.certificates()); }

  Readers readers_;
  Found found_;
};

}  // namespace weir
