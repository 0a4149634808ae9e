// `openProcessLookup`: which process has which socket, for one thread of JavaScript.
#pragma once
#include <napi.h>

namespace weir {

// Null where the system is not asked.
Napi::Value open_process_lookup(const Napi::CallbackInfo& info);

}  // namespace weir
