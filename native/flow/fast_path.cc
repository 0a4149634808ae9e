#include "fast_path.h"

#include "../decode/protocols.h"
#include "history.h"

namespace weir {
namespace {

// One of so many records with bytes that nobody wants is shown to the application layer.
constexpr uint32_t kReminder = 16;
// Where DHCP servers listen, as in src/shard/dhcp-record.ts.
constexpr uint16_t kDhcpServer = 67;
constexpr uint16_t kDhcpServerV6 = 547;

// A message to a DHCP server: rules hear of each.
bool is_for_rules(const PacketRecord& record) {
  return record.protocol == kProtoUdp && (record.dstPort == kDhcpServer || record.dstPort == kDhcpServerV6);
}

// Protocol and role bits, as src/flow/roles.ts makes them from a record's flags.
uint32_t key_of(const PacketRecord& record) {
  uint32_t role = (record.flags & flag(RecordFlag::kIpv6)) != 0 ? kRoleIpv6 : 0;
  if ((record.flags & flag(RecordFlag::kHasPorts)) != 0) role |= kRoleHasPorts;
  if ((record.flags & flag(RecordFlag::kOneWay)) != 0) role |= kRoleOneWay;
  if ((record.flags & flag(RecordFlag::kTunneled)) != 0) role |= kRoleInner;
  return record.protocol | role << 8;
}

}  // namespace

void FastPath::run(FastPathWords& words, FastPathTimes& times) {
  uint32_t taken = 0;
  opened_ = 0;
  odd_ = -1;
  lookahead_.ahead(rows_, words.position, words.end, Lookahead::kCatchUp);
  for (; words.position != words.end && taken != words.most && odd_ < 0; taken++) {
    lookahead_.ahead(rows_, words.position, words.end, Lookahead::kOneStep);
    const PacketRecord& record = records_.at(words.position);
    if (record.ringSeq != words.sequence || !has_length(record)) break;
    const bool is_usual = is_kind(record, RecordKind::kPacket) && take(record, times);
    if (!is_usual && !is_kind(record, RecordKind::kPad)) break;
    if (odd_ >= 0) words.odd_at = records_.offset_of(record);
    words.position += record.length;
    words.sequence++;
  }
  words.taken = taken;
  words.newcomers = opened_;
  words.odd = static_cast<uint32_t>(odd_ + 1);
}

// False when the record is not a usual one; nothing has changed then. The order of the rest is that of `count` in the table.
bool FastPath::take(const PacketRecord& record, FastPathTimes& times) {
  const double now = record.streamNs;
  if (now > times.limit || now >= times.due) return false;
  if ((record.flags & kUnusual) != 0 || record.scopeId != 0) return false;
  if (options_.has_rules() && is_for_rules(record)) return false;
  const bool brings_bytes = options_.takes_bytes && record.carried != 0;
  const uint32_t key = key_of(record);
  const uint32_t side = (record.flags & flag(RecordFlag::kFromA)) != 0 ? 0 : 1;
  const int64_t found = find(record, key);
  if (found < 0) return open(record, key, side, brings_bytes, times);
  const size_t slot = static_cast<size_t>(found);
  const Row row = rows_.at(slot);
  const bool wanted = brings_bytes && are_wanted(row.hot, side);
  // Now and then the application layer gets such a record all the same, to tell the capture thread once more (another flow may
  // have used the place of the tag).
  if (brings_bytes && !wanted && record.ringSeq % kReminder == 0) return false;
  const bool takes_payload = wanted && record.payloadLen != 0;
  if (takes_payload && (apps_ == nullptr || !apps_->may_take(slot, side, record))) return false;
  const int64_t told = wanted && !takes_payload ? syns_.ask(record, row.cold, side) : SynWatch::kNothing;
  if (told == SynWatch::kUnknown) return false;
  const bool is_tcp = record.protocol == kProtoTcp;
  if (now - get<double>(row.hot, kRowLastSeen) >= times.min_timeout || row.hot[kRowList] >= kListCount) return false;
  const bool is_first = (get<uint32_t>(row.hot, kRowFlags) & (kRowFlagSeenA << side)) == 0;
  if (is_first && !may_answer(row, slot, record, side)) return false;
  const bool moves = get<int32_t>(row.hot, kRowMoveEpoch) != memory_.words[kTableEpoch];
  if (moves && !may_touch(row)) return false;
  const SegmentOrder order = is_tcp ? segments_.order_of(row, side, record) : SegmentOrder::kPlain;
  if (order == SegmentOrder::kOther) return false;

  if (is_first) answer(slot, side, record);
  if (moves) touch(slot);
  count(row.hot, side, record);
  if (is_tcp) {
    segments_.take(row, side, record, order);
    SynWatch::write(row.cold, side, told);
    if ((row.hot[kRowTcpFlagsA + side] & (kTcpFin | kTcpRst)) != 0) linger(slot);
  }
  if (takes_payload && apps_->take(slot, side, record) == Offered::kOdd) odd_ = found;
  return true;
}

// The SYN of a connection, or the first datagram of a flow, that is not there yet.
bool FastPath::open(const PacketRecord& record, uint32_t key, uint32_t side, bool brings_bytes, FastPathTimes& times) {
  const Opening opening = opening_of(record);
  if (!opening.exists() || (newcomers_.room > 0 && opened_ == newcomers_.room) || !moments_.may_open(record)) return false;
  const bool takes_payload = brings_bytes && record.payloadLen != 0;
  if (takes_payload && (apps_ == nullptr || !apps_->may_open(next_row(rows_, memory_), record, opening.server_port))) return false;
  const int64_t told = brings_bytes && !takes_payload ? syns_.ask(record, nullptr, side) : SynWatch::kNothing;
  if (told == SynWatch::kUnknown) return false;
  const int64_t opened = open_row(rows_, memory_, record, key, opening, times.due);
  if (opened < 0) return false;
  const size_t slot = static_cast<size_t>(opened);
  const Row row = rows_.at(slot);
  moments_.opened(slot, record);
  if (newcomers_.room > 0) newcomers_.slots[opened_++] = static_cast<int32_t>(slot);
  begin(row, side, record);
  SynWatch::write(row.cold, side, told);
  if (takes_payload && apps_->take(slot, side, record) == Offered::kOdd) odd_ = opened;
  return true;
}

// `firstOf` of the table for the first packet of a flow, and the packet's counts.
void FastPath::begin(const Row& row, uint32_t side, const PacketRecord& record) {
  first_of_side(row, side, record);
  const bool is_tcp = record.protocol == kProtoTcp;
  if (!is_tcp) {
    // The roles are not those that the first packet would give.
    if (!is_client(row, side)) append_letter(row, '^');
    write_letter(row, side, 'D');
  }
  count(row.hot, side, record);
  if (is_tcp) segments_.take(row, side, record, SegmentOrder::kStep);
}

// False when the application layer would leave the bytes alone: it wants no more of the flow, or of the side.
bool FastPath::are_wanted(const uint8_t* hot, uint32_t side) {
  return (get<uint32_t>(hot, kRowFlags) & (kRowFlagAppDone | kRowFlagAppFullA << side)) == 0;
}

int64_t FastPath::find(const PacketRecord& record, uint32_t key) const {
  if (rows_.index == nullptr) return -1;
  uint32_t at = record.hashLo & rows_.index_mask;
  for (uint32_t probe = 0; probe < kIndexProbeLimit; probe++, at = (at + 1) & rows_.index_mask) {
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

// The first packet of the side that speaks second, when there is room to tell of it.
bool FastPath::may_answer(const Row& row, size_t slot, const PacketRecord& record, uint32_t side) const {
  if ((get<uint32_t>(row.hot, kRowFlags) & (kRowFlagSeenA << (side ^ 1))) == 0) return false;
  if (!moments_.may_answer(row, slot, side)) return false;
  return record.protocol != kProtoUdp || has_history_room(row);
}

// The first packet of the flow in this epoch, when nobody has to hear of it.
bool FastPath::may_touch(const Row& row) const {
  return get<double>(row.hot, kRowBytesA) + get<double>(row.hot, kRowBytesB) < options_.tells_from;
}

// `firstOf` of the table.
void FastPath::answer(size_t slot, uint32_t side, const PacketRecord& record) {
  const Row row = rows_.at(slot);
  moments_.answered(row, slot, side, record);
  first_of_side(row, side, record);
  const uint32_t list = row.hot[kRowList];
  if (list < kListAnswered) memory_.lists().move(rows_, slot, list + kListAnswered);
  if (record.protocol == kProtoUdp) write_letter(row, side, 'D');
}

// `touch` of src/flow/lives.ts.
void FastPath::touch(size_t slot) {
  uint8_t* const hot = rows_.hot_of(slot);
  const bool is_first_in_tick = get<int32_t>(hot, kRowMoveEpoch) < memory_.words[kTableTickEpoch];
  if (is_first_in_tick && memory_.at_tick != nullptr) {
    memory_.at_tick[2 * slot] = get<double>(hot, kRowBytesA) + get<double>(hot, kRowBytesB);
    memory_.at_tick[2 * slot + 1] = get<double>(hot, kRowPacketsA) + get<double>(hot, kRowPacketsB);
  }
  put<int32_t>(hot, kRowMoveEpoch, memory_.words[kTableEpoch]);
  const uint32_t list = hot[kRowList];
  if (memory_.words[kTableListTails + list] != static_cast<int32_t>(slot)) memory_.lists().move(rows_, slot, list);
}

// A side has sent FIN or RST: with an RST, or FINs of both, the flow lingers for its last segments.
void FastPath::linger(size_t slot) {
  const uint8_t* const hot = rows_.hot_of(slot);
  const uint8_t a = hot[kRowTcpFlagsA];
  const uint8_t b = hot[kRowTcpFlagsB];
  const bool is_over = (a & b & kTcpFin) != 0 || ((a | b) & kTcpRst) != 0;
  if (is_over && hot[kRowList] != kListLinger) memory_.lists().move(rows_, slot, kListLinger);
}

void FastPath::count(uint8_t* hot, uint32_t side, const PacketRecord& record) {
  const double wire = record.wireLen;
  add<double>(hot, kRowPacketsA + 8 * side, 1);
  add<double>(hot, kRowBytesA + 8 * side, wire);
  add<double>(hot, kRowIpBytesA + 8 * side, record.ipLen);
  add<double>(hot, kRowPayloadA + 8 * side, record.payloadLen);
  put<double>(hot, kRowLastSeen, record.streamNs);
  memory_.tally[kShardCounterDequeued] += 1;
  memory_.tally[kShardCounterAccounted] += 1;
  memory_.tally[kShardCounterLivePackets] += 1;
  memory_.tally[kShardCounterDequeuedBytes] += wire;
  memory_.tally[kShardCounterAccountedBytes] += wire;
  memory_.tally[kShardCounterLiveBytes] += wire;
  memory_.protocols[2 * record.protocol] += 1;
  memory_.protocols[2 * record.protocol + 1] += wire;
}

}  // namespace weir
