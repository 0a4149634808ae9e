// createWaker: how a capture thread wakes a JavaScript thread that has gone back to its event loop.
#pragma once
#include <napi.h>

namespace weir {

// (callback: () => void) => { id: number, close(): void }
Napi::Value create_waker(const Napi::CallbackInfo& info);

}  // namespace weir
