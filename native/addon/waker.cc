#include "waker.h"

#include <atomic>
#include <memory>
#include <utility>

#include "../base/waker_registry.h"
#include "checked_values.h"
#include "guarded_function.h"

namespace weir {
namespace {

class FunctionWaker final : public WakeTarget {
 public:
  void set_function(std::shared_ptr<GuardedFunction> function) { function_ = std::move(function); }
  // Calls that have not been delivered yet are enough: several wakes become one.
  void wake() override {
    if (pending_.exchange(true)) return;
    if (!function_->call(nullptr)) pending_.store(false);
  }
  void delivered() { pending_.store(false); }
  void close() { function_->close(); }

 private:
  std::atomic<bool> pending_{false};
  std::shared_ptr<GuardedFunction> function_;
};

}  // namespace

Napi::Value create_waker(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 1 || !info[0].IsFunction()) {
    return refuse(env, "createWaker needs a function");
  }
  auto waker = std::make_shared<FunctionWaker>();
  const auto deliver = [weak = std::weak_ptr<FunctionWaker>(waker)](Napi::Env where, Napi::Function callback, void*) {
    const std::shared_ptr<FunctionWaker> target = weak.lock();
    if (target == nullptr || where == nullptr) return;
    target->delivered();
    callback.Call({});
  };
  std::shared_ptr<GuardedFunction> function = GuardedFunction::create(env, info[0].As<Napi::Function>(), "weir-waker", false, deliver);
  if (function == nullptr) return env.Undefined();
  waker->set_function(std::move(function));
  const uint32_t id = register_waker(waker);
  // An environment that ends without close() must not leave its entry in the process-wide table.
  auto hook = env.AddCleanupHook([id] { unregister_waker(id); });
  const Napi::Object result = Napi::Object::New(env);
  result.Set("id", Napi::Number::New(env, id));
  result.Set("close", Napi::Function::New(
                          env,
                          [waker, id, hook, closed = false](const Napi::CallbackInfo& call) mutable {
                            if (std::exchange(closed, true)) return;
                            hook.Remove(call.Env());
                            unregister_waker(id);
                            waker->close();
                          },
                          "close"));
  return result;
}

}  // namespace weir
