// Entries in which shards tell what happened: src/detect/batch.ts draws them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

struct EntryHead {
  double at;
  double ordinal;
  // Of a moment: when it was answered, and by which packet. Of an end: its flow's first and last packet.
  double second_at;
  double second_ordinal;
  uint16_t source_port;
  uint16_t target_port;
  uint8_t kind;
  uint8_t protocol;
  uint8_t flags;
  uint8_t type;
  // The first byte of each word is its lowest; of IPv4 the other words are 0.
  uint32_t source[4];
  uint32_t target[4];
};

using MomentEntry = EntryHead;

struct EndEntry {
  EntryHead head;
  double bytes[2];
  double payload[2];
  double bytes_since[2];
  uint32_t packets[2];
  uint32_t packets_since[2];
  uint32_t missed;
  uint16_t service;
  uint16_t host;
};

static_assert(sizeof(MomentEntry) == 72 && offsetof(MomentEntry, kind) == 36 && offsetof(MomentEntry, source) == 40, "as in batch.ts");
static_assert(sizeof(EndEntry) == 144 && offsetof(EndEntry, bytes_since) == 104 && offsetof(EndEntry, missed) == 136, "as in batch.ts");

// Asks for an entry's memory: a hint. Inline, as the compiler takes a function that only asks for one that does nothing.
__attribute__((always_inline)) inline void want_entry(const EndEntry* end) {
  __builtin_prefetch(end);
  __builtin_prefetch(end->bytes);
  __builtin_prefetch(&end->missed);
}
__attribute__((always_inline)) inline void want_entry(const MomentEntry* moment) { __builtin_prefetch(moment); }

enum class EntryKind : uint8_t { kOpen = 1, kAnswer = 2, kVolume = 3, kClose = 4, kHalfOpen = 5 };

constexpr uint8_t kEntryIpv6 = 1;
constexpr uint8_t kEntryUntracked = 2;
constexpr uint8_t kEntryAccepted = 4;
constexpr uint8_t kEntryRefused = 8;

}  // namespace weir
