// What the engine tells, as JavaScript values; the shapes are those of src/native/engine.ts.
#pragma once
#include <napi.h>

#include "../capture/interfaces.h"
#include "../capture/run_state.h"

namespace weir {

Napi::Object event_value(Napi::Env env, const Event& event);
Napi::Object tunnel_value(Napi::Env env, const Tunnel& tunnel);
Napi::Object reject_value(Napi::Env env, uint32_t reason, const RejectSample& sample);
Napi::Object interface_value(Napi::Env env, const InterfaceFacts& facts);

}  // namespace weir
