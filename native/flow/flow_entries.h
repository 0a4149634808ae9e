// Who with whom, in entries of both kinds: `clientOf` and `nameFlow` of src/shard/moments.ts.
#pragma once
#include <cstdint>
#include <cstring>

#include "../detect/entry_layout.h"
#include "rows.h"

namespace weir {

// Who made the attempt; of a flow without one, whom its row takes for the client. `opener`: of the row's slot.
inline uint32_t client_of(uint8_t opener, const Row& row) {
  const uint32_t told = opener & kOpenerBits;
  if (told != kOpenerUnknown) return told == kOpenerA ? 0 : 1;
  return get<uint32_t>(row.hot, kRowFlags) & kRowFlagClientIsB;
}

inline uint8_t version_flag(const Row& row) { return (row.hot[kRowRole] & kRoleIpv6) != 0 ? kEntryIpv6 : 0; }

inline void name_flow(const Row& row, uint32_t client, EntryKind kind, EntryHead& head) {
  const bool is_b = client == 1;
  head.source_port = get<uint16_t>(row.hot, is_b ? kRowPortB : kRowPortA);
  head.target_port = get<uint16_t>(row.hot, is_b ? kRowPortA : kRowPortB);
  memcpy(head.source, row.hot + (is_b ? kRowAddrB : kRowAddrA), sizeof head.source);
  memcpy(head.target, row.hot + (is_b ? kRowAddrA : kRowAddrB), sizeof head.target);
  head.kind = static_cast<uint8_t>(kind);
  head.protocol = row.hot[kRowProtocol];
  head.flags = version_flag(row);
}

}  // namespace weir
