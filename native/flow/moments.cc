#include "moments.h"

#include <algorithm>
#include <cstring>

#include "../decode/protocols.h"
#include "flow_entries.h"

namespace weir {
namespace {

// Below this are the ports of services.
constexpr uint16_t kFirstFreePort = 1024;

bool has(const PacketRecord& record, RecordFlag flag) { return (record.flags & static_cast<uint32_t>(flag)) != 0; }

// `isAttempt` of src/shard/attempt.ts, of SYNs and of datagrams with ports.
bool is_attempt(const PacketRecord& record) {
  return record.protocol == kProtoTcp || record.srcPort >= kFirstFreePort || record.dstPort < kFirstFreePort;
}

}  // namespace

bool Moments::may_open(const PacketRecord& record) const {
  return !is_on() || !is_attempt(record) || has_room() || !opens_.tells(record);
}

bool Moments::may_answer(const Row& row, size_t slot, uint32_t side) const {
  if (!is_on() || side == client_of(memory_.openers[slot], row)) return true;
  if (word(kMomentAnswers) >= kMomentBoundEntries) return false;
  return is_of_this_tick(slot) ? static_cast<uint32_t>(memory_.attempts[slot]) - word(kMomentSerial) <= word(kMomentEntries) &&
                                     word(kMomentEntries) <= room_
                               : has_room();
}

void Moments::opened(size_t slot, const PacketRecord& record) {
  if (!is_on()) return;
  memory_.openers[slot] = kOpenerUnknown;
  memory_.attempts[slot] = 0;
  if (!is_attempt(record)) return;
  memory_.openers[slot] = has(record, RecordFlag::kFromA) ? kOpenerA : kOpenerB;
  MomentEntry* const entry = opens_.add(record) ? next() : nullptr;
  if (entry == nullptr) return;
  memory_.attempts[slot] = static_cast<int32_t>(word(kMomentSerial) + word(kMomentEntries));
  const bool has_ports = has(record, RecordFlag::kHasPorts);
  entry->at = record.streamNs;
  entry->ordinal = record.ordinal;
  entry->source_port = has_ports ? record.srcPort : 0;
  entry->target_port = has_ports ? record.dstPort : 0;
  entry->kind = static_cast<uint8_t>(EntryKind::kOpen);
  entry->protocol = record.protocol;
  entry->flags = has(record, RecordFlag::kIpv6) ? kEntryIpv6 : 0;
  memcpy(entry->source, record.srcAddr, sizeof entry->source);
  memcpy(entry->target, record.dstAddr, sizeof entry->target);
}

void Moments::answered(const Row& row, size_t slot, uint32_t side, const PacketRecord& record) {
  if (!is_on() || side == client_of(memory_.openers[slot], row)) return;
  const bool is_tcp = record.protocol == kProtoTcp;
  const bool is_reset = is_tcp && (record.tcpFlags & (kTcpRst | kTcpSyn)) == kTcpRst;
  answer(row, slot, is_reset ? kEntryRefused : kEntryAccepted, record);
  if (is_tcp && (record.tcpFlags & (kTcpSyn | kTcpAck)) == (kTcpSyn | kTcpAck)) await_client(row, slot, record.streamNs);
}

void Moments::drop_confirmed(const Rows& rows) {
  if (!is_on()) return;
  const size_t count = std::min(word(kMomentWaiting), kMomentBoundWaiting);
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!still_waits(rows, i)) continue;
    memory_.waiting[kept] = memory_.waiting[i];
    memory_.waiting_firsts[kept] = memory_.waiting_firsts[i];
    memory_.waiting_since[kept++] = memory_.waiting_since[i];
  }
  word(kMomentWaiting) = static_cast<uint32_t>(kept);
}

// The flow is the one that was accepted, and its client has sent nothing but SYNs.
bool Moments::still_waits(const Rows& rows, size_t waiting) const {
  const int32_t slot = memory_.waiting[waiting];
  if (!rows.has(slot)) return true;
  const Row row = rows.at(static_cast<size_t>(slot));
  if (row.hot[kRowProtocol] != kProtoTcp || get<double>(row.cold, kRowFirstOrdinal) != memory_.waiting_firsts[waiting]) return false;
  const uint32_t client = client_of(memory_.openers[slot], row);
  return (row.hot[kRowTcpFlagsA + client] & (kTcpAck | kTcpRst | kTcpFin)) == 0;
}

bool Moments::is_of_this_tick(size_t slot) const { return memory_.attempts[slot] > memory_.words[kMomentSerial]; }

// A fresh entry, all zeros; null when the tick has as many as it may have.
MomentEntry* Moments::next() {
  if (word(kMomentEntries) >= room_) {
    word(kMomentUntold)++;
    return nullptr;
  }
  MomentEntry* const entry = entries_ + word(kMomentEntries)++;
  *entry = {};
  return entry;
}

MomentEntry* Moments::late_answer(const Row& row, size_t slot, const PacketRecord& record) {
  MomentEntry* const entry = next();
  if (entry == nullptr) return nullptr;
  entry->at = record.streamNs;
  entry->ordinal = record.ordinal;
  name_flow(row, client_of(memory_.openers[slot], row), EntryKind::kAnswer, *entry);
  return entry;
}

// What became of the attempt, beside it when that is of this tick too. Outer flows of tunnels have no usual packets.
void Moments::answer(const Row& row, size_t slot, uint8_t outcome, const PacketRecord& record) {
  const uint32_t number = static_cast<uint32_t>(memory_.attempts[slot]) - word(kMomentSerial) - 1;
  MomentEntry* const entry = is_of_this_tick(slot) ? entries_ + number : late_answer(row, slot, record);
  memory_.attempts[slot] = 0;
  if (entry == nullptr) return;
  entry->second_at = record.streamNs;
  entry->second_ordinal = record.ordinal;
  // As the entry has it already: reading that again would be waited for.
  entry->flags = version_flag(row) | outcome;
  memory_.answers[word(kMomentAnswers)++] = static_cast<uint32_t>(entry - entries_);
}

// `answered` of src/shard/handshakes.ts.
void Moments::await_client(const Row& row, size_t slot, double now) {
  const uint32_t count = word(kMomentWaiting);
  if (count >= kMomentBoundWaiting) {
    word(kMomentUntold)++;
    return;
  }
  memory_.waiting[count] = static_cast<int32_t>(slot);
  memory_.waiting_firsts[count] = get<double>(row.cold, kRowFirstOrdinal);
  memory_.waiting_since[count] = now;
  word(kMomentWaiting) = count + 1;
}

}  // namespace weir
