// Which accepted attempts rules want remembered, as src/detect/state/contact-wants.ts describes it.
#pragma once
#include <cstdint>

#include "entry_layout.h"

namespace weir {

// One rule's description, in memory that src/detect/state/contact-wants.ts fills. All of it must hold.
struct ContactWants {
  uint32_t flags;
  // Target ports that do not count; none where the last is before the first.
  uint16_t first_port;
  uint16_t last_port;
  uint8_t types[4];
};

static_assert(sizeof(ContactWants) == 12, "as in contact-wants.ts");

// What there is of each protocol; the first without `kWantsUsed` ends it.
constexpr uint32_t kMostWants = 8;
constexpr uint32_t kWantsUsed = 1;
constexpr uint32_t kWantsNoAnswers = 2;
constexpr uint32_t kWantsNoGroups = 4;
constexpr uint32_t kWantsOnlyTypes = 8;

constexpr uint16_t kFirstFreePort = 1024;

// To many at once. The first byte of an address is the lowest of its first word.
inline bool is_group(const uint32_t address[4], bool is_v6) {
  const uint32_t first = address[0] & 0xff;
  return is_v6 ? first == 0xff : first >= 224 || address[0] >> 24 == 255;
}

inline bool is_wanted(const ContactWants& wants, const MomentEntry& moment) {
  if ((wants.flags & kWantsOnlyTypes) != 0) {
    const uint8_t* const types = wants.types;
    const uint8_t type = moment.type;
    if (type != types[0] && type != types[1] && type != types[2] && type != types[3]) return false;
  }
  if ((wants.flags & kWantsNoAnswers) != 0 && moment.source_port < kFirstFreePort && moment.target_port >= kFirstFreePort) return false;
  if (moment.target_port >= wants.first_port && moment.target_port <= wants.last_port) return false;
  return (wants.flags & kWantsNoGroups) == 0 || !is_group(moment.target, (moment.flags & kEntryIpv6) != 0);
}

// By any rule about the protocol. `all`: kMostWants for each of the 256 protocols.
inline bool is_wanted_by_any(const ContactWants* all, const MomentEntry& moment) {
  const ContactWants* const own = all + size_t{moment.protocol} * kMostWants;
  for (uint32_t i = 0; i < kMostWants && (own[i].flags & kWantsUsed) != 0; ++i) {
    if (is_wanted(own[i], moment)) return true;
  }
  return false;
}

}  // namespace weir
