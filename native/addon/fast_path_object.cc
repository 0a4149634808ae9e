#include "fast_path_object.h"

#include <algorithm>
#include <string>
#include <utility>

#include "app_flows_object.h"
#include "memory_reader.h"

namespace weir {
namespace {

struct MomentsGiven {
  MomentMemory memory;
  size_t rows = 0;
};

// `value`: of `MomentMemory` in src/native/moment-memory.ts, or null. What is wrong with it is said by `whole`, which also
// keeps the memory.
MomentsGiven read_moments(const Napi::Value& value, MemoryReader& whole) {
  MomentsGiven given;
  if (value.IsNull()) return given;
  if (!value.IsObject()) {
    whole.wrong = "moments";
    return given;
  }
  MemoryReader reader(value.As<Napi::Object>());
  const Memory words = reader.memory("words", napi_int32_array, kMomentCount);
  const Memory end_words = reader.memory("endWords", napi_int32_array, kMomentCount);
  const Memory openers = reader.memory("openers", napi_uint8_array, 0);
  const Memory attempts = reader.memory("attempts", napi_int32_array, 0);
  const Memory answers = reader.memory("answers", napi_uint32_array, kMomentBoundEntries);
  const Memory waiting = reader.memory("waiting", napi_int32_array, kMomentBoundWaiting);
  const Memory firsts = reader.memory("waitingFirsts", napi_float64_array, kMomentBoundWaiting);
  const Memory since = reader.memory("waitingSince", napi_float64_array, kMomentBoundWaiting);
  const Memory services = reader.memory("services", napi_int32_array, size_t{kMomentBoundServices} * kServiceCount);
  const Memory used = reader.memory("usedServices", napi_int32_array, kMomentBoundServices);
  const Memory surges = reader.memory("surges", napi_int32_array, 2 * size_t{kMomentBoundSurges});
  const Memory registers = reader.memory("registers", napi_uint8_array, size_t{kMomentBoundSurges} * kMomentBoundRegisters);
  if (reader.wrong != nullptr) {
    whole.wrong = "moments";
    return given;
  }
  given.memory.words = reinterpret_cast<int32_t*>(words.bytes);
  given.memory.end_words = reinterpret_cast<int32_t*>(end_words.bytes);
  given.memory.openers = openers.bytes;
  given.memory.attempts = reinterpret_cast<int32_t*>(attempts.bytes);
  given.memory.answers = reinterpret_cast<uint32_t*>(answers.bytes);
  given.memory.waiting = reinterpret_cast<int32_t*>(waiting.bytes);
  given.memory.waiting_firsts = reinterpret_cast<double*>(firsts.bytes);
  given.memory.waiting_since = reinterpret_cast<double*>(since.bytes);
  given.memory.services = {reinterpret_cast<int32_t*>(services.bytes), reinterpret_cast<int32_t*>(used.bytes),
                           reinterpret_cast<int32_t*>(surges.bytes), registers.bytes};
  given.rows = std::min(openers.elements, attempts.elements);
  for (auto& reference : reader.pinned) whole.pinned.push_back(std::move(reference));
  return given;
}

// The same of `SynMemory` in src/native/syn-memory.ts.
SynMemory read_syns(const Napi::Value& value, MemoryReader& whole) {
  if (value.IsNull()) return {};
  if (!value.IsObject()) {
    whole.wrong = "syns";
    return {};
  }
  MemoryReader reader(value.As<Napi::Object>());
  const Memory keys = reader.memory("keys", napi_uint32_array, 2 * size_t{kSynBoundPlaces});
  const Memory answers = reader.memory("answers", napi_uint32_array, kSynBoundPlaces);
  if (reader.wrong != nullptr) {
    whole.wrong = "syns";
    return {};
  }
  for (auto& reference : reader.pinned) whole.pinned.push_back(std::move(reference));
  return {reinterpret_cast<const uint32_t*>(keys.bytes), reinterpret_cast<const uint32_t*>(answers.bytes)};
}

}  // namespace

Napi::Function FastPathObject::define(Napi::Env env) {
  return DefineClass(env, "FastPath",
                     {
                         InstanceMethod<&FastPathObject::set_index>("setIndex"),
                         InstanceMethod<&FastPathObject::set_entries>("setEntries"),
                         InstanceMethod<&FastPathObject::set_ends>("setEnds"),
                         InstanceMethod<&FastPathObject::end>("end"),
                         InstanceMethod<&FastPathObject::drop_confirmed>("dropConfirmed"),
                         InstanceMethod<&FastPathObject::run>("run"),
                     });
}

FastPathObject::FastPathObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FastPathObject>(info) {
  if (info.Length() < 1 || !info[0].IsObject()) {
    throw_type(info.Env(), "FastPath needs options");
    return;
  }
  MemoryReader reader(info[0].As<Napi::Object>());
  const Memory ring = reader.memory("ring", napi_uint8_array, kRingHeaderBytes);
  const Memory hot = reader.memory("hot", napi_uint8_array, kHotBytes);
  const Memory cold = reader.memory("cold", napi_uint8_array, 1);
  const Memory tally = reader.memory("tally", napi_float64_array, kShardCounterSlots);
  const Memory protocols = reader.memory("protocols", napi_float64_array, 512);
  const Memory at_tick = reader.memory("atTick", napi_float64_array, 0);
  const Memory table = reader.memory("table", napi_int32_array, kTableCount);
  const Memory words = reader.memory("words", napi_int32_array, sizeof(FastPathWords) / sizeof(uint32_t));
  const Memory times = reader.memory("times", napi_float64_array, sizeof(FastPathTimes) / sizeof(double));
  const Memory newcomers = reader.memory("newcomers", napi_int32_array, 0);
  const size_t cold_bytes = reader.size("coldBytes");
  FastPathOptions options;
  options.timed = reader.boolean("timed");
  options.full = reader.boolean("full");
  options.takes_bytes = reader.boolean("takesBytes");
  options.tells_from = reader.number("tellsFrom");
  options.cold_touch = reader.size("coldTouch");
  const double active_timeout = reader.number("activeTimeoutNs");
  if (ring.bytes != nullptr && RingView::check_layout(ring.bytes, ring.elements) != nullptr) reader.wrong = "ring";
  if (cold_bytes < kRowMissedB + 4 - kHotBytes || (options.full && cold_bytes < kRowZeroWindows + 4 - kHotBytes)) reader.wrong = "coldBytes";
  const MomentsGiven given = read_moments(info[0].As<Napi::Object>().Get("moments"), reader);
  const SynMemory syns = read_syns(info[0].As<Napi::Object>().Get("syns"), reader);
  const Napi::Value apps = info[0].As<Napi::Object>().Get("apps");
  AppFlows* const app_flows = AppFlowsObject::flows_of(apps);
  if (app_flows == nullptr && !apps.IsNull()) reader.wrong = "apps";
  if (reader.wrong != nullptr) {
    throw_type(info.Env(), std::string("FastPath: wrong ") + reader.wrong);
    return;
  }
  Rows rows;
  rows.hot = hot.bytes;
  rows.cold = cold.bytes;
  rows.cold_bytes = cold_bytes;
  rows.count = std::min(hot.elements / kHotBytes, cold.elements / cold_bytes);
  if (at_tick.elements > 0) rows.count = std::min(rows.count, at_tick.elements / 2);
  if (given.memory.words != nullptr) rows.count = std::min(rows.count, given.rows);
  TableMemory memory;
  memory.tally = reinterpret_cast<double*>(tally.bytes);
  memory.protocols = reinterpret_cast<double*>(protocols.bytes);
  memory.at_tick = at_tick.elements > 0 ? reinterpret_cast<double*>(at_tick.bytes) : nullptr;
  memory.words = reinterpret_cast<int32_t*>(table.bytes);
  memory.active_timeout = active_timeout;
  fast_path_ = FastPath(RingView(ring.bytes), rows, options, memory,
                        {reinterpret_cast<int32_t*>(newcomers.bytes), static_cast<uint32_t>(newcomers.elements)}, given.memory, syns,
                        app_flows);
  words_ = reinterpret_cast<FastPathWords*>(words.bytes);
  times_ = reinterpret_cast<FastPathTimes*>(times.bytes);
  pinned_ = std::move(reader.pinned);
  if (app_flows != nullptr) pinned_.push_back(Napi::Reference<Napi::Value>::New(apps, 1));
}

void FastPathObject::set_index(const Napi::CallbackInfo& info) {
  size_t elements = 0;
  void* const words = memory_of(info[0], napi_int32_array, elements);
  if (words == nullptr || elements < 2 || (elements & (elements - 1)) != 0) {
    return throw_type(info.Env(), "setIndex needs pairs of words, a power of two of them");
  }
  index_ = Napi::Reference<Napi::Value>::New(info[0], 1);
  fast_path_.set_index(static_cast<int32_t*>(words), elements / 2);
}

void FastPathObject::set_entries(const Napi::CallbackInfo& info) {
  size_t bytes = 0;
  void* const entries = memory_of(info[0], napi_uint8_array, bytes);
  if (entries == nullptr || reinterpret_cast<uintptr_t>(entries) % alignof(MomentEntry) != 0) {
    return throw_type(info.Env(), "setEntries needs memory for entries");
  }
  entries_ = Napi::Reference<Napi::Value>::New(info[0], 1);
  fast_path_.set_entries(static_cast<MomentEntry*>(entries), bytes / sizeof(MomentEntry));
}

void FastPathObject::set_ends(const Napi::CallbackInfo& info) {
  size_t bytes = 0;
  void* const entries = memory_of(info[0], napi_uint8_array, bytes);
  if (entries == nullptr || reinterpret_cast<uintptr_t>(entries) % alignof(EndEntry) != 0) {
    return throw_type(info.Env(), "setEnds needs memory for entries");
  }
  ends_ = Napi::Reference<Napi::Value>::New(info[0], 1);
  fast_path_.set_ends(static_cast<EndEntry*>(entries), bytes / sizeof(EndEntry));
}

Napi::Value FastPathObject::end(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(fast_path_.end(info[0].ToNumber().Int64Value())));
}

void FastPathObject::drop_confirmed(const Napi::CallbackInfo&) { fast_path_.drop_confirmed(); }

void FastPathObject::run(const Napi::CallbackInfo&) {
  if (words_ != nullptr) fast_path_.run(*words_, *times_);
}

}  // namespace weir
