#include "ends.h"

#include <algorithm>
#include <cmath>

#include "../decode/protocols.h"
#include "flow_entries.h"

namespace weir {
namespace {

// Numbers of `STATES` in src/detect/batch.ts.
enum ConnState : uint8_t { kUnknown, kS0, kS1, kS2, kS3, kSf, kRej, kRsto, kRstr, kRstos0, kRstrh, kSh, kShr, kOth };

constexpr uint64_t kMostMissed = 0x7fff'ffff;

bool is_inactive(uint32_t endpoint) { return endpoint == kZeekInactive || endpoint == kZeekPartial || endpoint > kZeekReset; }

// `tcpState` of src/flow/zeek.ts; kUnknown where the history decides.
ConnState tcp_state(uint32_t originator, uint32_t responder, bool no_data) {
  if (responder == kZeekReset) {
    if (originator == kZeekSynSent || originator == kZeekSynAckSent || (originator == kZeekReset && no_data)) return kRej;
    return is_inactive(originator) ? kRstrh : kRstr;
  }
  if (originator == kZeekReset) return is_inactive(responder) ? kUnknown : kRsto;
  if (originator == kZeekClosed) return responder == kZeekClosed ? kSf : is_inactive(responder) ? kSh : kS2;
  if (responder == kZeekClosed) return is_inactive(originator) ? kShr : kS3;
  if (originator == kZeekSynSent && (responder == kZeekInactive || responder > kZeekReset)) return kS0;
  return originator == kZeekEstablished && responder == kZeekEstablished ? kS1 : kOth;
}

// `stateOf` of the same.
ConnState state_of(const Row& row) {
  const uint32_t flags = get<uint32_t>(row.hot, kRowFlags);
  const uint32_t client = flags & kRowFlagClientIsB;
  const uint8_t protocol = row.hot[kRowProtocol];
  if (protocol == kProtoUdp) {
    const bool originator = (flags & (kRowFlagSeenA << client)) != 0;
    const bool responder = (flags & (kRowFlagSeenA << (client ^ 1))) != 0;
    return originator ? (responder ? kSf : kS0) : responder ? kShr : kOth;
  }
  if (protocol != kProtoTcp) return kOth;
  const bool no_data = get<double>(row.hot, kRowPayloadA) == 0 && get<double>(row.hot, kRowPayloadB) == 0;
  const uint8_t zeek[] = {row.cold[kRowZeekA], row.cold[kRowZeekB]};
  return tcp_state(zeek[client], zeek[client ^ 1], no_data);
}

// As a word of 32 bits takes a whole number in JavaScript.
uint32_t word_of(double number) { return std::fabs(number) < 9e15 ? static_cast<uint32_t>(static_cast<int64_t>(number)) : 0; }

void write_flow(const Row& row, uint32_t client, EndEntry& entry) {
  EntryHead& head = entry.head;
  const double last = get<double>(row.hot, kRowLastSeen);
  head.at = last;
  head.ordinal = get<double>(row.cold, kRowFirstOrdinal);
  head.second_at = get<double>(row.cold, kRowFirstSeen);
  head.second_ordinal = last;
  name_flow(row, client, EntryKind::kClose, head);
}

// Of a flow that has told no volume: all of it is growth.
void write_sums(const Row& row, uint32_t client, EndEntry& entry) {
  for (uint32_t way = 0; way < 2; ++way) {
    const size_t side = 8 * (client ^ way);
    entry.bytes[way] = entry.bytes_since[way] = get<double>(row.hot, kRowBytesA + side);
    entry.payload[way] = get<double>(row.hot, kRowPayloadA + side);
    entry.packets[way] = entry.packets_since[way] = word_of(get<double>(row.hot, kRowPacketsA + side));
  }
  const uint64_t missed = uint64_t{get<uint32_t>(row.cold, kRowMissedA)} + get<uint32_t>(row.cold, kRowMissedB);
  entry.missed = static_cast<uint32_t>(std::min(missed, kMostMissed));
}

}  // namespace

int64_t Ends::closed(const Row& row, size_t slot) {
  if (memory_.words == nullptr) return kNotPlain;
  if ((row.hot[kRowRole] & kRoleOuter) != 0) return kNothingTold;
  const uint8_t opener = memory_.openers[slot];
  const uint32_t flags = get<uint32_t>(row.hot, kRowFlags);
  const uint32_t client = client_of(opener, row);
  const bool is_answered = (flags & (kRowFlagSeenA << (client ^ 1))) != 0;
  // An attempt that nobody answered was told when it began.
  if (!is_answered && get<double>(row.hot, kRowBytesA) + get<double>(row.hot, kRowBytesB) < memory_.tells_from) return kNothingTold;
  const auto count = static_cast<uint32_t>(memory_.words[kMomentEntries]);
  const ConnState state = state_of(row);
  if ((opener & kOpenerTold) != 0 || state == kUnknown || count >= room_) return kNotPlain;
  EndEntry& entry = entries_[count];
  write_flow(row, client, entry);
  write_sums(row, client, entry);
  entry.head.type = state;
  memory_.words[kMomentEntries] = static_cast<int32_t>(count + 1);
  return count;
}

}  // namespace weir
