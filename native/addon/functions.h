// The addon's functions without state.
#pragma once
#include <napi.h>

namespace weir {

Napi::Value list_interfaces_value(const Napi::CallbackInfo& info);
Napi::Value probe_divert(const Napi::CallbackInfo& info);
Napi::Value check_filter_value(const Napi::CallbackInfo& info);
Napi::Value decode_frame(const Napi::CallbackInfo& info);
Napi::Value prefer_huge_pages_value(const Napi::CallbackInfo& info);
Napi::Value discard_memory_value(const Napi::CallbackInfo& info);
Napi::Value write_capture(const Napi::CallbackInfo& info);

}  // namespace weir
