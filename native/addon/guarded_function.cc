#include "guarded_function.h"

#include <utility>

namespace weir {

std::shared_ptr<GuardedFunction> GuardedFunction::create(Napi::Env env, Napi::Function function, const char* name, bool keep_alive,
                                                         Deliver deliver) {
  auto result = std::make_shared<GuardedFunction>();
  result->env_ = env;
  result->deliver_ = std::move(deliver);
  const napi_status status = napi_create_threadsafe_function(env, function, nullptr, Napi::String::New(env, name), 0, 1, result.get(),
                                                             on_finalize, result.get(), on_call, &result->function_);
  if (status != napi_ok) {
    Napi::Error::New(env, "cannot make a thread-safe function").ThrowAsJavaScriptException();
    return nullptr;
  }
  if (!keep_alive) napi_unref_threadsafe_function(env, result->function_);
  result->alive_ = true;
  result->expected_ = 1;
  result->held_ = result;
  napi_add_env_cleanup_hook(env, on_environment_end, result.get());
  return result;
}

bool GuardedFunction::call(void* payload) {
  const std::lock_guard lock(mutex_);
  if (!alive_) return false;
  // Before it is handed over: it may be delivered before this thread goes on.
  expected_.fetch_add(1);
  if (napi_call_threadsafe_function(function_, payload, napi_tsfn_nonblocking) == napi_ok) return true;
  expected_.fetch_sub(1);
  return false;
}

void GuardedFunction::close() {
  napi_threadsafe_function function = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(alive_, false)) return;
    function = std::exchange(function_, nullptr);
  }
  napi_remove_env_cleanup_hook(env_, on_environment_end, this);
  napi_release_threadsafe_function(function, napi_tsfn_abort);
}

void GuardedFunction::on_call(napi_env env, napi_value function, void* context, void* payload) {
  // Without an environment the call only gives the payload back; the environment's memory goes with it.
  auto* const self = static_cast<GuardedFunction*>(context);
  self->deliver_(Napi::Env(env), env == nullptr ? Napi::Function() : Napi::Function(env, function), payload);
  self->leave();
}

void GuardedFunction::on_environment_end(void* raw) {
  auto* const self = static_cast<GuardedFunction*>(raw);
  const std::lock_guard lock(self->mutex_);
  self->alive_ = false;
}

void GuardedFunction::on_finalize(napi_env, void* self, void*) { static_cast<GuardedFunction*>(self)->leave(); }

// Once nobody is expected nobody ever will be: calls are taken only before the function is finalized.
void GuardedFunction::leave() {
  if (expected_.fetch_sub(1) != 1) return;
  const std::shared_ptr<GuardedFunction> last = std::move(held_);
}

}  // namespace weir
