#include "held_attempts.h"

#include <array>
#include <cstring>

namespace weir {
namespace {

// Below what src/detect/state/contacts.ts lets wait at once, of all sources and of one.
constexpr uint32_t kMost = 8192;
constexpr uint16_t kMostOfSource = 255;

// Source and target, ports, version; the protocol is the same.
constexpr uint32_t kFlowWords = 10;
using FlowWords = std::array<uint32_t, kFlowWords>;

FlowWords flow_of(const MomentEntry& entry) {
  FlowWords words;
  std::memcpy(words.data(), entry.source, sizeof entry.source);
  std::memcpy(words.data() + 4, entry.target, sizeof entry.target);
  words[8] = uint32_t{entry.source_port} << 16 | entry.target_port;
  words[9] = entry.flags & kEntryIpv6;
  return words;
}

}  // namespace

HeldAttempts::HeldAttempts(uint64_t seed)
    : held_room_(kFlowWords, kMost, seed),
      shown_room_(kFlowWords, kMost, seed),
      held_(held_room_.table()),
      shown_(shown_room_.table()),
      attempts_(untouched_zeros<HeldAttempt>(kMost)),
      crowds_(untouched_zeros<Crowd>(kBuckets)) {}

HeldAttempts::Crowd& HeldAttempts::crowd_of(const MomentEntry& entry) {
  const uint32_t* const words = entry.source;
  const uint32_t hash = (words[0] ^ words[1] ^ words[2] ^ words[3]) * 0x9e3779b1u;
  return crowds_.get()[hash >> 20 & (kBuckets - 1)];
}

bool HeldAttempts::add(const MomentEntry& entry, double at) {
  Crowd& crowd = crowd_of(entry);
  if (is_unsure_ || held_.next_to_go() != kNoRow || crowd.held + crowd.shown >= kMostOfSource) return false;
  const FlowWords flow = flow_of(entry);
  const uint32_t hash = held_.hash_of(flow.data());
  if (held_.find(flow.data(), hash) != kNoRow || shown_.find(flow.data(), hash) != kNoRow) return false;
  const int32_t row = held_.insert(flow.data(), hash);
  if (row == kNoRow) return false;
  attempts_.get()[row] = {entry, at};
  ++crowd.held;
  return true;
}

void HeldAttempts::show(const MomentEntry& entry) {
  Crowd& crowd = crowd_of(entry);
  if (is_unsure_ || shown_.next_to_go() != kNoRow || crowd.shown >= kMostOfSource) {
    is_unsure_ = true;
    return;
  }
  ++crowd.shown;
  const FlowWords flow = flow_of(entry);
  const uint32_t hash = shown_.hash_of(flow.data());
  if (shown_.find(flow.data(), hash) == kNoRow) shown_.insert(flow.data(), hash);
}

void HeldAttempts::forget_shown() {
  is_unsure_ = false;
  if (shown_.oldest() == kNoRow) return;
  while (shown_.oldest() != kNoRow) shown_.drop(shown_.oldest());
  for (uint32_t bucket = 0; bucket < kBuckets; ++bucket) crowds_.get()[bucket].shown = 0;
}

int32_t HeldAttempts::find(const MomentEntry& entry) const {
  const FlowWords flow = flow_of(entry);
  return held_.find(flow.data(), held_.hash_of(flow.data()));
}

void HeldAttempts::drop(int32_t row) {
  --crowd_of(attempts_.get()[row].entry).held;
  held_.drop(row);
}

}  // namespace weir
