#include "engine_object.h"

#include <utility>

#include "arguments.h"
#include "checked_values.h"
#include "facts.h"

namespace weir {
namespace {

// How long the end of an environment waits for the threads. They look at the abort flag between any two waits of 50 ms.
constexpr int kAbortWaitMs = 2000;
constexpr const char* kHeld = "held";

}  // namespace

Napi::Function EngineObject::define(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {
                         InstanceMethod<&EngineObject::start>("start"),
                         InstanceMethod<&EngineObject::stop>("stop"),
                         InstanceMethod<&EngineObject::abort>("abort"),
                         InstanceMethod<&EngineObject::read_counters>("readCounters"),
                         InstanceMethod<&EngineObject::progress>("progress"),
                         InstanceMethod<&EngineObject::tunnels>("tunnels"),
                         InstanceMethod<&EngineObject::sources>("sources"),
                         InstanceMethod<&EngineObject::base_seconds>("baseSeconds"),
                         InstanceMethod<&EngineObject::clock>("clock"),
                         InstanceMethod<&EngineObject::reject_samples>("rejectSamples"),
                         InstanceMethod<&EngineObject::replace_filter>("replaceFilter"),
                         InstanceMethod<&EngineObject::recall_recent>("recallRecent"),
                         InstanceMethod<&EngineObject::recall_one>("recallOne"),
                         InstanceMethod<&EngineObject::recall_matching>("recallMatching"),
                     });
}

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[1].IsFunction()) {
    throw_type(env, "Engine needs options and a listener");
    return;
  }
  Arguments arguments(env);
  EngineOptions options = arguments.engine_options(info[0], pinned_);
  if (!arguments.ok()) {
    arguments.throw_error();
    return;
  }
  listener_ = Napi::Persistent(info[1].As<Napi::Function>());
  hold_by_object(env, info.This().As<Napi::Object>());
  const auto listen = [mailbox = mailbox_](Event event) {
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->listener == nullptr) return;
    auto* const posted = new Event(std::move(event));
    if (!mailbox->listener->call(posted)) delete posted;
  };
  outside_bytes_ = static_cast<int64_t>(options.recall.bytes);
  engine_ = std::make_shared<CaptureEngine>(std::move(options), listen);
  Napi::MemoryManagement::AdjustExternalMemory(env, outside_bytes_);
}

// The collector should know what goes with this object.
void EngineObject::Finalize(Napi::Env env) { Napi::MemoryManagement::AdjustExternalMemory(env, -outside_bytes_); }

// Until start() the JavaScript object holds the listener and the rings. References would keep an engine that is never
// started for ever: the listener's closure leads back to it.
void EngineObject::hold_by_object(Napi::Env env, Napi::Object object) {
  const Napi::Array held = Napi::Array::New(env);
  const auto hand_over = [&held](auto& reference) {
    held.Set(held.Length(), reference.Value());
    reference.Unref();
  };
  hand_over(listener_);
  for (Napi::Reference<Napi::Value>& ring : pinned_) hand_over(ring);
  object.DefineProperty(Napi::PropertyDescriptor::Value(kHeld, held, napi_configurable));
}

// From start() to settle(): whatever becomes of the object, the threads write into the rings.
void EngineObject::hold_by_reference(Napi::Object object) {
  listener_.Ref();
  for (Napi::Reference<Napi::Value>& ring : pinned_) ring.Ref();
  object.Delete(kHeld);
}

void EngineObject::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (std::exchange(started_, true)) {
    Napi::Error::New(env, "an engine starts once").ThrowAsJavaScriptException();
    return;
  }
  const auto deliver_event = [this](Napi::Env where, Napi::Function listener, void* payload) {
    const std::unique_ptr<Event> event(static_cast<Event*>(payload));
    // `this` lives: it holds a reference to itself while it runs, and nothing is delivered after `finished`.
    if (where != nullptr) deliver(where, listener, *event);
  };
  std::shared_ptr<GuardedFunction> listener = GuardedFunction::create(env, listener_.Value(), "weir-engine", true, deliver_event);
  if (listener == nullptr) return;
  {
    const std::lock_guard lock(mailbox_->mutex);
    mailbox_->listener = std::move(listener);
  }
  hold_by_reference(info.This().As<Napi::Object>());
  running_ = true;
  Ref();
  napi_add_env_cleanup_hook(env, on_environment_end, this);
  engine_->start();
}

void EngineObject::deliver(Napi::Env env, Napi::Function listener, Event& event) {
  const Napi::HandleScope scope(env);
  if (!running_) return;
  const bool last = event.type == Event::Type::kFinished;
  const Napi::Object value = event_value(env, event);
  if (last) settle(env);
  listener.Call({value});
}

// The run is over: gives back what kept the memory, the event loop and this object alive.
void EngineObject::settle(Napi::Env env) {
  running_ = false;
  napi_remove_env_cleanup_hook(env, on_environment_end, this);
  std::shared_ptr<GuardedFunction> listener;
  {
    const std::lock_guard lock(mailbox_->mutex);
    listener = std::move(mailbox_->listener);
  }
  if (listener != nullptr) listener->close();
  // The listener's closure reaches this object: held on to, it would keep both, and the rings, for ever.
  listener_.Reset();
  for (Napi::Reference<Napi::Value>& ring : pinned_) ring.Reset();
  pinned_.clear();
  Unref();
}

void EngineObject::on_environment_end(void* raw) {
  auto* const self = static_cast<EngineObject*>(raw);
  self->running_ = false;
  {
    const std::lock_guard lock(self->mailbox_->mutex);
    self->mailbox_->listener = nullptr;
  }
  self->engine_->abort(kAbortWaitMs);
}

void EngineObject::stop(const Napi::CallbackInfo&) { engine_->stop(); }

void EngineObject::abort(const Napi::CallbackInfo&) { engine_->abort(kAbortWaitMs); }

void EngineObject::read_counters(const Napi::CallbackInfo& info) {
  size_t length = 0;
  void* const values = memory_of(info[0], napi_float64_array, length);
  if (values == nullptr || length < kCounterCount) return throw_type(info.Env(), "readCounters needs a Float64Array of COUNTER_COUNT values");
  engine_->read_counters(static_cast<double*>(values));
}

Napi::Value EngineObject::progress(const Napi::CallbackInfo& info) {
  const Napi::Object result = Napi::Object::New(info.Env());
  result.Set("fileIndex", Napi::Number::New(info.Env(), engine_->run().file_index.load()));
  result.Set("bytesRead", Napi::Number::New(info.Env(), static_cast<double>(engine_->run().file_bytes.load())));
  return result;
}

Napi::Value EngineObject::tunnels(const Napi::CallbackInfo& info) {
  const uint32_t after = info.Length() > 0 && info[0].IsNumber() ? info[0].As<Napi::Number>().Uint32Value() : 0;
  std::vector<Tunnel> found;
  engine_->run().tunnels->copy_after(after, found);
  const Napi::Array result = Napi::Array::New(info.Env(), found.size());
  for (uint32_t i = 0; i < found.size(); ++i) result.Set(i, tunnel_value(info.Env(), found[i]));
  return result;
}

Napi::Value EngineObject::sources(const Napi::CallbackInfo& info) {
  const std::vector<SourceFacts> known = engine_->run().sources();
  const Napi::Array result = Napi::Array::New(info.Env(), known.size());
  for (uint32_t i = 0; i < known.size(); ++i) {
    const Napi::Object entry = Napi::Object::New(info.Env());
    entry.Set("index", Napi::Number::New(info.Env(), known[i].index));
    entry.Set("name", Napi::String::New(info.Env(), known[i].name));
    entry.Set("linkType", Napi::Number::New(info.Env(), known[i].link_type));
    result.Set(i, entry);
  }
  return result;
}

Napi::Value EngineObject::base_seconds(const Napi::CallbackInfo& info) {
  int64_t seconds = 0;
  if (!engine_->run().ticks.base_seconds(seconds)) return info.Env().Null();
  return Napi::Number::New(info.Env(), static_cast<double>(seconds));
}

Napi::Value EngineObject::clock(const Napi::CallbackInfo& info) {
  const int64_t first = engine_->run().first_ns.load(std::memory_order_relaxed);
  if (first < 0) return info.Env().Null();
  const Napi::Object result = Napi::Object::New(info.Env());
  result.Set("firstNs", Napi::Number::New(info.Env(), static_cast<double>(first)));
  result.Set("nowNs", Napi::Number::New(info.Env(), static_cast<double>(engine_->run().clock_ns.load(std::memory_order_relaxed))));
  return result;
}

Napi::Value EngineObject::replace_filter(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) {
    return refuse(info.Env(), "replaceFilter needs an expression");
  }
  const std::string message = engine_->replace_filter(info[0].As<Napi::String>().Utf8Value());
  return message.empty() ? info.Env().Null() : Napi::String::New(info.Env(), message).As<Napi::Value>();
}

Napi::Value EngineObject::reject_samples(const Napi::CallbackInfo& info) {
  const auto samples = engine_->run().reject_samples();
  const Napi::Array result = Napi::Array::New(info.Env());
  for (uint32_t reason = 0; reason < samples.size(); ++reason) {
    if (samples[reason].present) result.Set(result.Length(), reject_value(info.Env(), reason, samples[reason]));
  }
  return result;
}

}  // namespace weir
