// A JavaScript function that any thread may ask to be called, also when its environment is ending or has ended.
//
// A napi_threadsafe_function alone is not safe for that: a worker that is terminated takes it away under a caller. So
// every call is made under a mutex with an `alive` flag, and a cleanup hook, registered after the function was made and
// so run before it goes, clears the flag.
//
// When it goes while calls wait, it is finalized first and the calls are handed out afterwards, without an environment
// (Node 22; later versions have it the other way round). So what they need goes with the last of the two.
#pragma once
#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace weir {

class GuardedFunction {
 public:
  // `deliver` runs on the JavaScript thread with the function and what was passed to call(). `keep_alive`: the event loop
  // stays alive while this exists. Null when Node-API refuses (an exception is pending then).
  using Deliver = std::function<void(Napi::Env, Napi::Function, void*)>;
  static std::shared_ptr<GuardedFunction> create(Napi::Env env, Napi::Function function, const char* name, bool keep_alive, Deliver deliver);

  // From any thread, never blocks. False: the environment has gone, `payload` was not taken.
  bool call(void* payload);
  // On the JavaScript thread: no further call is delivered. Safe to call twice.
  void close();

 private:
  static void on_call(napi_env env, napi_value function, void* context, void* payload);
  static void on_environment_end(void* self);
  static void on_finalize(napi_env env, void* self, void* hint);
  void leave();

  Napi::Env env_{nullptr};
  Deliver deliver_;
  std::mutex mutex_;
  bool alive_ = false;
  napi_threadsafe_function function_ = nullptr;
  // Who may still come back to this: the function until it is finalized, and each call until it is handed out.
  std::atomic<uint32_t> expected_{0};
  // This object, while anybody is expected.
  std::shared_ptr<GuardedFunction> held_;
};

}  // namespace weir
