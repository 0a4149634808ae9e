// The JavaScript object `Engine`: argument checks, events on the owner's thread, and lifetimes. The memory of the rings is
// kept by the object from the constructor on, and by references from start() until `finished` has been delivered, or until
// the owner's environment has stopped and joined the threads in its cleanup hook.
#pragma once
#include <napi.h>

#include <memory>
#include <vector>

#include "../capture/capture_engine.h"
#include "../capture/recall_query.h"
#include "guarded_function.h"

namespace weir {

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit EngineObject(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env env) override;

 private:
  void start(const Napi::CallbackInfo& info);
  void stop(const Napi::CallbackInfo& info);
  void abort(const Napi::CallbackInfo& info);
  void read_counters(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info);
  Napi::Value tunnels(const Napi::CallbackInfo& info);
  Napi::Value sources(const Napi::CallbackInfo& info);
  Napi::Value clock(const Napi::CallbackInfo& info);
  Napi::Value base_seconds(const Napi::CallbackInfo& info);
  Napi::Value reject_samples(const Napi::CallbackInfo& info);
  Napi::Value replace_filter(const Napi::CallbackInfo& info);
  Napi::Value recall_recent(const Napi::CallbackInfo& info);
  Napi::Value recall_one(const Napi::CallbackInfo& info);
  Napi::Value recall_matching(const Napi::CallbackInfo& info);

  void hold_by_object(Napi::Env env, Napi::Object object);
  void hold_by_reference(Napi::Object object);
  void deliver(Napi::Env env, Napi::Function listener, Event& event);
  void settle(Napi::Env env);
  RecallQuery recall() const { return RecallQuery(engine_->run().recall, engine_->run().options.tunnels); }
  static void on_environment_end(void* self);

  // Where the engine's threads put events; outlives the object, which they do not know.
  struct Mailbox {
    std::mutex mutex;
    std::shared_ptr<GuardedFunction> listener;
  };

  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::shared_ptr<CaptureEngine> engine_;
  Napi::FunctionReference listener_;
  std::vector<Napi::Reference<Napi::Value>> pinned_;
  int64_t outside_bytes_ = 0;  // kept for recall
  bool running_ = false;
  bool started_ = false;
};

}  // namespace weir
