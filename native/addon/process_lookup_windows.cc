#include "process_lookup.h"

namespace weir {

Napi::Value open_process_lookup(const Napi::CallbackInfo& info) { return info.Env().Null(); }

}  // namespace weir
