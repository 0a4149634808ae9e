// The JavaScript object `TickWalk`: goes through a tick's entries for the rules, and remembers which contacts were answered.
// It keeps the memory that it works on. Argument errors throw.
#pragma once
#include <napi.h>

#include <vector>

#include "../detect/tick_walk.h"

namespace weir {

class TickWalkObject : public Napi::ObjectWrap<TickWalkObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit TickWalkObject(const Napi::CallbackInfo& info);

 private:
  // Arguments: entries, numbers of answers, objects, the moment before which nothing counts, the tick's end, rows.
  Napi::Value begin_moments(const Napi::CallbackInfo& info);
  Napi::Value next_moment(const Napi::CallbackInfo& info);
  Napi::Value release(const Napi::CallbackInfo& info);
  // Entries, the moment as which they count, rows of volumes and of ends.
  void begin_ends(const Napi::CallbackInfo& info);
  Napi::Value next_end(const Napi::CallbackInfo& info);

  // The first argument of what follows is a protocol; a source is what `find` gives.
  void add_answered(const Napi::CallbackInfo& info);
  Napi::Value find_answered(const Napi::CallbackInfo& info);
  Napi::Value answered_size(const Napi::CallbackInfo& info);
  Napi::Value answered_last_at(const Napi::CallbackInfo& info);
  Napi::Value count_answered(const Napi::CallbackInfo& info);
  Napi::Value latest_answered(const Napi::CallbackInfo& info);
  void expire_answered(const Napi::CallbackInfo& info);

  AnsweredContacts* contacts_of(const Napi::CallbackInfo& info) const;
  // The contacts that the first argument names, when the second is a source of theirs; else an error is pending.
  AnsweredContacts* source_of(const Napi::CallbackInfo& info, int32_t& source) const;

  TickWalk walk_;
  std::vector<Napi::Reference<Napi::Value>> pinned_;
  // Of the tick: moments and ends are gone through one after the other.
  std::vector<Napi::Reference<Napi::Value>> pinned_moments_;
  std::vector<Napi::Reference<Napi::Value>> pinned_ends_;
};

}  // namespace weir
