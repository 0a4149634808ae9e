#include "openings.h"

#include <array>
#include <initializer_list>
#include <limits>

#include "../decode/protocols.h"
#include "service_ports.h"

namespace weir {
namespace {

constexpr uint16_t kLinkTypeEthernet = 1;

bool has(const PacketRecord& record, RecordFlag flag) { return (record.flags & static_cast<uint32_t>(flag)) != 0; }
bool is_from_a(const PacketRecord& record) { return has(record, RecordFlag::kFromA); }

// `IS_SERVICE` of src/flow/service-ports.ts, one bit of each port.
constexpr std::array<uint64_t, 1024> service_bits() {
  std::array<uint64_t, 1024> bits{};
  for (uint32_t port = 1; port < kWellKnownEnd; port++) bits[port >> 6] |= uint64_t{1} << (port & 63);
  for (const uint16_t port : kHighServicePorts) bits[port >> 6] |= uint64_t{1} << (port & 63);
  return bits;
}
constexpr std::array<uint64_t, 1024> kServiceBits = service_bits();

bool is_service(uint16_t port) { return (kServiceBits[port >> 6] >> (port & 63) & 1) != 0; }

// `serverPort` of src/flow/service-ports.ts: which of two ports is the server's, -1 = no evidence.
int32_t server_of(uint16_t first, uint16_t second) {
  if (is_service(first) != is_service(second)) return is_service(first) ? 0 : 1;
  if ((first < kWellKnownEnd) != (second < kWellKnownEnd)) return first < second ? 0 : 1;
  return -1;
}

bool is_syn(const PacketRecord& record) {
  return record.protocol == kProtoTcp && (record.tcpFlags & (kTcpSyn | kTcpAck | kTcpFin | kTcpRst)) == kTcpSyn && record.window != 0 &&
         !has(record, RecordFlag::kNoTransport) && (record.optBits & static_cast<uint32_t>(TcpOption::kSack)) == 0;
}

bool is_datagram(const PacketRecord& record) {
  return record.protocol == kProtoUdp && has(record, RecordFlag::kHasPorts) && !has(record, RecordFlag::kNoTransport);
}

// The place in the index for a new pair, or -1; as `insert` of src/flow/flow-index.ts finds it.
int64_t free_place(const Rows& rows, const TableMemory& memory, uint32_t hash) {
  // The index would have to grow.
  if (rows.index == nullptr || 2 * int64_t{memory.words[kTableIndexTaken]} > int64_t{rows.index_mask}) return -1;
  uint32_t at = hash & rows.index_mask;
  for (uint32_t probe = 0; probe < kIndexProbeLimit; probe++, at = (at + 1) & rows.index_mask) {
    if (rows.index[2 * size_t{at} + 1] == 0) return at;
  }
  return -1;
}

void fill_hot(uint8_t* hot, const PacketRecord& record, uint32_t key, const Opening& opening, const TableMemory& memory) {
  const bool from_a = is_from_a(record);
  memset(hot, 0, kHotBytes);
  put<uint32_t>(hot, kRowHashLo, record.hashLo);
  put<uint16_t>(hot, kRowProtocol, static_cast<uint16_t>(key));
  put<uint16_t>(hot, kRowPortA, from_a ? record.srcPort : record.dstPort);
  put<uint16_t>(hot, kRowPortB, from_a ? record.dstPort : record.srcPort);
  memcpy(hot + kRowAddrA, from_a ? record.srcAddr : record.dstAddr, sizeof record.srcAddr);
  memcpy(hot + kRowAddrB, from_a ? record.dstAddr : record.srcAddr, sizeof record.srcAddr);
  put<double>(hot, kRowLastSeen, record.streamNs);
  // No window yet, of either side.
  put<uint32_t>(hot, kRowWindowMinA, UINT32_MAX);
  put<uint32_t>(hot, kRowWindowA, UINT32_MAX);
  put<int32_t>(hot, kRowMoveEpoch, memory.words[kTableEpoch]);
  const uint32_t client = opening.client == 0 ? 0 : kRowFlagClientIsB;
  put<uint32_t>(hot, kRowFlags, client | (record.linkType == kLinkTypeEthernet ? kRowFlagEthernet : 0));
}

void fill_cold(uint8_t* cold, size_t cold_bytes, const PacketRecord& record, uint8_t reason) {
  constexpr float kNotMeasured = std::numeric_limits<float>::quiet_NaN();
  memset(cold + kHotBytes, 0, cold_bytes);
  put<double>(cold, kRowFirstSeen, record.streamNs);
  put<double>(cold, kRowFirstOrdinal, record.ordinal);
  put<uint32_t>(cold, kRowHashHi, record.hashHi);
  put<uint32_t>(cold, kRowScope, record.scopeId);
  put<uint32_t>(cold, kRowParentScope, record.parentScope);
  put<uint16_t>(cold, kRowTci0, record.tci0);
  put<uint16_t>(cold, kRowTci1, record.tci1);
  put<uint16_t>(cold, kRowSource, record.source);
  cold[kRowVlanDepth] = record.vlanDepth;
  cold[kRowIcmpType] = record.icmpType;
  cold[kRowIcmpCode] = record.icmpCode;
  put<float>(cold, kRowSynSynackMs, kNotMeasured);
  put<float>(cold, kRowSynackAckMs, kNotMeasured);
  if (cold_bytes > kRowRttJitterMs - kHotBytes) {
    for (const size_t field : {kRowRttLastMs, kRowRttMinMs, kRowRttEwmaMs, kRowRttJitterMs}) put<float>(cold, field, kNotMeasured);
  }
  memcpy(cold + (is_from_a(record) ? kRowMacB : kRowMacA), record.dstMac, sizeof record.dstMac);
  cold[kRowDirectionReason] = reason;
}

// `add` of src/flow/interims.ts.
void await_interim(const Rows& rows, const TableMemory& memory, size_t slot, double now, double& due) {
  if (memory.active_timeout == 0) return;
  uint8_t* const cold = rows.cold_of(slot);
  const int32_t last = memory.words[kTableDueTail];
  put<int32_t>(cold, kRowDuePrev, last);
  put<int32_t>(cold, kRowDueNext, -1);
  put<double>(cold, kRowDue, now + memory.active_timeout);
  if (rows.has(last)) {
    put<int32_t>(rows.cold_of(static_cast<size_t>(last)), kRowDueNext, static_cast<int32_t>(slot));
  } else {
    memory.words[kTableDueHead] = static_cast<int32_t>(slot);
    due = now + memory.active_timeout;
  }
  memory.words[kTableDueTail] = static_cast<int32_t>(slot);
}

}  // namespace

// `firstEvidence` of src/flow/direction.ts.
Opening opening_of(const PacketRecord& record) {
  const uint8_t sender = is_from_a(record) ? 0 : 1;
  if (is_syn(record)) return {kListNewTcp, kReasonSyn, sender, record.dstPort};
  if (!is_datagram(record)) return {};
  const int32_t server = server_of(record.srcPort, record.dstPort);
  const uint8_t reason = server < 0 ? kReasonFirstPacket : kReasonPortPrior;
  if (server == 0) return {kListNewUdp, reason, static_cast<uint8_t>(sender ^ 1), record.srcPort};
  return {kListNewUdp, reason, sender, record.dstPort};
}

int64_t next_row(const Rows& rows, const TableMemory& memory) {
  const int32_t given_back = memory.words[kTableFreeRow];
  const int32_t slot = given_back >= 0 ? given_back : memory.words[kTableFreshRows];
  return rows.has(slot) ? slot : -1;
}

int64_t open_row(Rows& rows, const TableMemory& memory, const PacketRecord& record, uint32_t key, const Opening& opening, double& due) {
  int32_t* const words = memory.words;
  if (words[kTableCredits] <= 0 || words[kTableOpenedInEpoch] + 1 >= words[kTableOpensPerEpoch]) return -1;
  const int64_t slot = next_row(rows, memory);
  const int64_t place = free_place(rows, memory, record.hashLo);
  if (slot < 0 || place < 0) return -1;

  const Row row = rows.at(static_cast<size_t>(slot));
  words[kTableCredits]--;
  if (words[kTableFreeRow] >= 0) {
    words[kTableFreeRow] = get<int32_t>(row.hot, kRowListNext);
  } else {
    words[kTableFreshRows]++;
  }
  rows.index[2 * place] = static_cast<int32_t>(record.hashLo);
  rows.index[2 * place + 1] = static_cast<int32_t>(slot + 1);
  words[kTableIndexTaken]++;
  const int32_t probe = static_cast<int32_t>((static_cast<uint32_t>(place) - record.hashLo) & rows.index_mask) + 1;
  if (probe > words[kTableProbeMax]) words[kTableProbeMax] = probe;

  fill_hot(row.hot, record, key, opening, memory);
  fill_cold(row.cold, rows.cold_bytes, record, opening.reason);
  memory.lists().append(rows, static_cast<size_t>(slot), opening.list);
  await_interim(rows, memory, static_cast<size_t>(slot), record.streamNs, due);
  if (memory.at_tick != nullptr) memory.at_tick[2 * slot] = memory.at_tick[2 * slot + 1] = 0;
  memory.tally[kShardCounterFlowsCreated] += 1;
  memory.tally[kShardCounterFlowsLive] += 1;
  words[kTableOpenedInTick]++;
  words[kTableOpenedInEpoch]++;
  return slot;
}

void first_of_side(const Row& row, uint32_t side, const PacketRecord& record) {
  put<uint32_t>(row.hot, kRowFlags, get<uint32_t>(row.hot, kRowFlags) | kRowFlagSeenA << side);
  row.cold[kRowTtlA + side] = record.ttl;
  memcpy(row.cold + (side == 0 ? kRowMacA : kRowMacB), record.srcMac, sizeof record.srcMac);
}

}  // namespace weir
