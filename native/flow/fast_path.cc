#include "fast_path.h"

#include <cmath>

#include "../decode/protocols.h"

namespace weir {
namespace {

// As in src/flow/tcp.ts: two queues of one interface may hand packets over in the wrong order, this far apart at most.
constexpr int32_t kSkewMicroseconds = 1000;
// Nothing is stored farther from its place (PROBE_LIMIT of src/flow/flow-index.ts).
constexpr uint32_t kProbeLimit = 128;

constexpr uint32_t flag(RecordFlag value) { return static_cast<uint32_t>(value); }
constexpr uint32_t kUnusual = flag(RecordFlag::kFragment) | flag(RecordFlag::kFragmentLater) | flag(RecordFlag::kSnaplenCut) |
                              flag(RecordFlag::kDenied) | flag(RecordFlag::kBadL4Checksum);

// Protocol and role bits, as src/flow/roles.ts makes them from a record's flags.
uint32_t key_of(const PacketRecord& record) {
  uint32_t role = (record.flags & flag(RecordFlag::kIpv6)) != 0 ? kRoleIpv6 : 0;
  if ((record.flags & flag(RecordFlag::kHasPorts)) != 0) role |= kRoleHasPorts;
  if ((record.flags & flag(RecordFlag::kOneWay)) != 0) role |= kRoleOneWay;
  if ((record.flags & flag(RecordFlag::kTunneled)) != 0) role |= kRoleInner;
  return record.protocol | role << 8;
}

// The packet's own time in microseconds modulo 2^32.
uint32_t own_time(const PacketRecord& record) {
  return static_cast<uint32_t>(record.rawSec) * 1'000'000u + record.rawNsec / 1000;
}

// How far `value` is ahead of `than`, modulo 2^32.
int32_t ahead_of(uint32_t value, uint32_t than) { return static_cast<int32_t>(value - than); }

}  // namespace

void FastPath::run(FastPathWords& words, const FastPathTimes& times) {
  uint32_t taken = 0;
  for (; words.position != words.end; taken++) {
    if (taken % Lookahead::kEvery == 0) lookahead_.ahead(rows_, words.position, words.end);
    if (taken == words.most) break;
    const PacketRecord& record = records_.at(words.position);
    if (record.ringSeq != words.sequence || !has_length(record)) break;
    const bool is_usual = is_kind(record, RecordKind::kPacket) && take(record, words.epoch, times);
    if (!is_usual && !is_kind(record, RecordKind::kPad)) break;
    words.position += record.length;
    words.sequence++;
  }
  words.taken = taken;
}

// False when the record is not a usual one; nothing has changed then.
bool FastPath::take(const PacketRecord& record, uint32_t epoch, const FastPathTimes& times) {
  const double now = record.streamNs;
  if (now > times.limit || now >= times.due) return false;
  if ((record.flags & kUnusual) != 0 || record.scopeId != 0 || (options_.takes_bytes && record.carried != 0)) return false;
  const int64_t found = find(record, key_of(record));
  if (found < 0) return false;
  const size_t slot = static_cast<size_t>(found);
  uint8_t* const hot = rows_.hot_of(slot);
  const uint32_t side = (record.flags & flag(RecordFlag::kFromA)) != 0 ? 0 : 1;
  if (now - get<double>(hot, kRowLastSeen) >= times.min_timeout) return false;
  if ((get<uint32_t>(hot, kRowFlags) & (kRowFlagSeenA << side)) == 0 || get<uint32_t>(hot, kRowMoveEpoch) != epoch) return false;
  if (record.protocol == kProtoTcp && !segment(slot, side, record)) return false;
  count(hot, side, record);
  return true;
}

int64_t FastPath::find(const PacketRecord& record, uint32_t key) const {
  if (rows_.index == nullptr) return -1;
  uint32_t at = record.hashLo & rows_.index_mask;
  for (uint32_t probe = 0; probe < kProbeLimit; probe++, at = (at + 1) & rows_.index_mask) {
    const uint32_t entry = static_cast<uint32_t>(rows_.index[2 * size_t{at} + 1]);
    if (entry == 0) return -1;
    if (static_cast<uint32_t>(rows_.index[2 * size_t{at}]) != record.hashLo) continue;
    if (entry - 1 < rows_.count && is_flow(rows_.hot_of(entry - 1), record, key)) return entry - 1;
  }
  return -1;
}

bool FastPath::is_flow(const uint8_t* hot, const PacketRecord& record, uint32_t key) const {
  const bool from_a = (record.flags & flag(RecordFlag::kFromA)) != 0;
  const uint8_t* const a = from_a ? record.srcAddr : record.dstAddr;
  const uint8_t* const b = from_a ? record.dstAddr : record.srcAddr;
  return get<uint16_t>(hot, kRowPortA) == (from_a ? record.srcPort : record.dstPort) &&
         get<uint16_t>(hot, kRowPortB) == (from_a ? record.dstPort : record.srcPort) && get<uint16_t>(hot, kRowProtocol) == key &&
         memcmp(hot + kRowAddrA, a, 16) == 0 && memcmp(hot + kRowAddrB, b, 16) == 0;
}

// A segment that continues its side's stream and tells nothing else new; the conditions are those of `segment` in the table.
bool FastPath::segment(size_t slot, uint32_t side, const PacketRecord& record) {
  uint8_t* const hot = rows_.hot_of(slot);
  const uint32_t other_side = side ^ 1;
  uint8_t own = hot[kRowSideA + side];
  const uint8_t other = hot[kRowSideA + other_side];
  const uint32_t length = record.payloadLen;
  const uint32_t letter = length == 0 ? kSideLetterAck : kSideLetterData;
  if ((record.tcpFlags & (kTcpFin | kTcpSyn | kTcpRst | kTcpAck)) != kTcpAck || (record.flags & flag(RecordFlag::kNoTransport)) != 0) return false;
  if ((own & (kSideSeq | kSideQuiet | kSideOdd)) != (kSideSeq | kSideQuiet)) return false;
  if ((hot[kRowTcpFlagsA + side] & (kTcpFin | kTcpRst)) != 0) return false;
  const bool is_repeat = record.ack == get<uint32_t>(hot, kRowLastAckA + 4 * side);
  if ((other & (is_repeat ? kSideSeq : kSideSeq | kSideHoles)) != kSideSeq) return false;
  if (record.seq != get<uint32_t>(hot, kRowNextSeqA + 4 * side)) return false;
  const uint16_t window = record.window;
  if (window == 0 || ahead_of(record.ack, get<uint32_t>(hot, kRowNextSeqA + 4 * other_side)) > 0) return false;
  if ((record.optBits & static_cast<uint32_t>(TcpOption::kSack)) != 0) return false;
  if (length == 1 && get<uint16_t>(hot, kRowWindowA + 2 * other_side) == 0) return false;
  if (!is_repeat && (get<uint32_t>(hot, kRowFlags) & (kRowFlagDupRunA << side)) != 0) return false;
  // Perhaps a duplicate acknowledgement.
  if (is_repeat && length == 0 && options_.full && window == get<uint16_t>(hot, kRowWindowA + 2 * side)) return false;
  if ((own & letter) == 0) {
    if (!write_letter(slot, side, length == 0 ? 'A' : 'D')) return false;
    own = static_cast<uint8_t>(own | letter);
    hot[kRowSideA + side] = own;
  }

  const uint32_t time = own_time(record);
  if (window < get<uint16_t>(hot, kRowWindowMinA + 2 * side)) put<uint16_t>(hot, kRowWindowMinA + 2 * side, window);
  if (!is_repeat) {
    put<uint32_t>(hot, kRowLastAckA + 4 * side, record.ack);
    if ((other & kSideTiming) != 0 && ahead_of(record.ack, get<uint32_t>(hot, kRowTimedSeqA + 4 * other_side)) >= 0) {
      sample(rows_.cold_of(slot), time - get<uint32_t>(hot, kRowTimedAtA + 4 * other_side));
      hot[kRowSideA + other_side] = static_cast<uint8_t>(other & ~kSideTiming);
    }
  }
  if (length > 0) {
    const uint32_t end = record.seq + length;
    put<uint32_t>(hot, kRowNextSeqA + 4 * side, end);
    put<uint32_t>(hot, kRowNextTimeA + 4 * side, time);
    if ((own & kSideTiming) == 0 && options_.timed) {
      put<uint32_t>(hot, kRowTimedSeqA + 4 * side, end);
      put<uint32_t>(hot, kRowTimedAtA + 4 * side, time);
      hot[kRowSideA + side] = static_cast<uint8_t>(own | kSideTiming);
    }
  }
  put<uint32_t>(hot, kRowLastTimeA + 4 * side, time);
  put<uint16_t>(hot, kRowWindowA + 2 * side, window);
  hot[kRowTcpFlagsA + side] = static_cast<uint8_t>(hot[kRowTcpFlagsA + side] | record.tcpFlags);
  return true;
}

// Appends to the history as src/flow/history.ts does; false when there is no room.
bool FastPath::write_letter(size_t slot, uint32_t side, char letter) {
  uint8_t* const cold = rows_.cold_of(slot);
  const uint8_t length = cold[kRowHistoryLength];
  if (length >= kHistoryMax) return false;
  const bool is_client = (get<uint32_t>(rows_.hot_of(slot), kRowFlags) & kRowFlagClientIsB) == side;
  cold[kRowHistory + length] = static_cast<uint8_t>(is_client ? letter : letter | 0x20);
  cold[kRowHistoryLength] = static_cast<uint8_t>(length + 1);
  return true;
}

// `sample` of src/flow/tcp.ts, to the last bit: doubles in between, floats in the row.
void FastPath::sample(uint8_t* cold, uint32_t microseconds) {
  const int32_t between = static_cast<int32_t>(microseconds);
  const double ms = between < 0 && between > -kSkewMicroseconds ? 0 : between / 1000.0;
  if (ms < 0) return;
  const uint32_t samples = get<uint32_t>(cold, kRowRttSamples);
  put<uint32_t>(cold, kRowRttSamples, samples + 1);
  if (samples == 0) {
    put<float>(cold, kRowRttMinMs, static_cast<float>(ms));
    put<float>(cold, kRowRttEwmaMs, static_cast<float>(ms));
    put<float>(cold, kRowRttJitterMs, 0);
  } else {
    const double jitter = static_cast<double>(get<float>(cold, kRowRttJitterMs));
    const double ewma = static_cast<double>(get<float>(cold, kRowRttEwmaMs));
    const double last = static_cast<double>(get<float>(cold, kRowRttLastMs));
    put<float>(cold, kRowRttJitterMs, static_cast<float>(jitter + (std::fabs(ms - last) - jitter) / 16));
    put<float>(cold, kRowRttEwmaMs, static_cast<float>(ewma + (ms - ewma) / 8));
    if (ms < static_cast<double>(get<float>(cold, kRowRttMinMs))) put<float>(cold, kRowRttMinMs, static_cast<float>(ms));
  }
  put<float>(cold, kRowRttLastMs, static_cast<float>(ms));
}

void FastPath::count(uint8_t* hot, uint32_t side, const PacketRecord& record) {
  const double wire = record.wireLen;
  add<double>(hot, kRowPacketsA + 8 * side, 1);
  add<double>(hot, kRowBytesA + 8 * side, wire);
  add<double>(hot, kRowIpBytesA + 8 * side, record.ipLen);
  add<double>(hot, kRowPayloadA + 8 * side, record.payloadLen);
  put<double>(hot, kRowLastSeen, record.streamNs);
  tally_[kShardCounterDequeued] += 1;
  tally_[kShardCounterAccounted] += 1;
  tally_[kShardCounterLivePackets] += 1;
  tally_[kShardCounterDequeuedBytes] += wire;
  tally_[kShardCounterAccountedBytes] += wire;
  tally_[kShardCounterLiveBytes] += wire;
  protocols_[2 * record.protocol] += 1;
  protocols_[2 * record.protocol + 1] += wire;
}

}  // namespace weir
