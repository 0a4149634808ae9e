#include "app_flows.h"

#include <algorithm>
#include <utility>

#include "../decode/protocols.h"
#include "../flow/ring_records.h"
#include "note_text.h"

namespace weir {
namespace {

constexpr size_t kLine = 64;
constexpr uint32_t kNotWanted = kRowFlagAppDone | kRowFlagAppFullA | kRowFlagAppFullB;

// The payload that follows the record; nothing unless all of it was captured.
Bytes payload_of(const PacketRecord& record) {
  const size_t before = size_t{record.payloadOff} - record.l3Off;
  if (record.payloadOff < record.l3Off || record.carried < before || record.carried - before != record.payloadLen) return {};
  const uint8_t* const carried = carried_bytes(record);
  return carried == nullptr ? Bytes{} : Bytes{carried + before, record.payloadLen};
}

uint32_t role_of(const OpenFlow& flow, uint32_t side) { return side == flow.client ? kClient : kServer; }

uint32_t first_sequence(const Row& row, uint32_t side) { return get<uint32_t>(row.cold, kRowIsnA + 4 * side) + 1; }

double payload_so_far(const Row& row) { return get<double>(row.hot, kRowPayloadA) + get<double>(row.hot, kRowPayloadB); }

}  // namespace

AppFlows::~AppFlows() {
  while (oldest_ != nullptr) {
    OpenFlow* const flow = oldest_;
    unlink(*flow);
    delete flow;
  }
  for (OpenFlow* const flow : unused_) delete flow;
}

void AppFlows::want_flow(size_t slot) const {
  const OpenFlow* const flow = flows_[slot];
  if (flow == nullptr) return;
  const uint8_t* const bytes = reinterpret_cast<const uint8_t*>(flow);
  for (size_t at = 0; at < sizeof(OpenFlow); at += kLine) __builtin_prefetch(bytes + at, 1);
}

void AppFlows::want_ends(size_t slot) const {
  const OpenFlow* const flow = flows_[slot];
  if (flow == nullptr) return;
  for (const PooledBytes* part : {&flow->heads[kClient], &flow->heads[kServer], &flow->events}) {
    if (part->length() > 0) __builtin_prefetch(part->bytes().data + part->length() - 1, 1);
  }
}

bool AppFlows::is_plain(const PacketRecord& record) const {
  return memory_.words[kAppWordEnabled] != 0 && (record.flags & kUnusual) == 0 && (record.tcpFlags & kTcpSyn) == 0 && payload_of(record).length > 0;
}

bool AppFlows::may_take(size_t slot, uint32_t side, const PacketRecord& record) const {
  if (!is_plain(record)) return false;
  const OpenFlow* const flow = flows_[slot];
  if (flow != nullptr) return may_go_on(*flow, side, record);
  return may_begin(slot, side, record, payload_so_far(rows_.at(slot)));
}

bool AppFlows::may_open(int64_t slot, const PacketRecord& record, uint16_t server_port) const {
  if (record.protocol != kProtoUdp || !rows_.has(slot) || !is_plain(record) || held_ >= kMostHeld) return false;
  const size_t row = static_cast<size_t>(slot);
  if (flows_[row] != nullptr || memory_.states[row] != 0) return false;
  return memory_.datagram_ports[server_port] != 0 && record.payloadLen <= kMostDatagramBytes;
}

// The reader of the flow's port, when nobody has read anything of it yet.
AppProtocol AppFlows::protocol_of(const Row& row, size_t slot) const {
  if (memory_.states[slot] != 0 || (row.hot[kRowRole] & kRoleOuter) != 0) return AppProtocol::kNone;
  if ((get<uint32_t>(row.hot, kRowFlags) & kNotWanted) != 0) return AppProtocol::kNone;
  const bool client_is_b = (get<uint32_t>(row.hot, kRowFlags) & kRowFlagClientIsB) != 0;
  const uint16_t server_port = get<uint16_t>(row.hot, client_is_b ? kRowPortA : kRowPortB);
  const uint8_t protocol = row.hot[kRowProtocol];
  if (protocol == kProtoUdp) return static_cast<AppProtocol>(memory_.datagram_ports[server_port]);
  if (protocol != kProtoTcp) return AppProtocol::kNone;
  const uint8_t reason = row.cold[kRowDirectionReason];
  if (reason != kReasonSyn && reason != kReasonSynAck) return AppProtocol::kNone;
  return static_cast<AppProtocol>(memory_.stream_ports[server_port]);
}

bool AppFlows::may_begin(size_t slot, uint32_t side, const PacketRecord& record, double payload_before) const {
  if (payload_before != 0 || held_ >= kMostHeld) return false;
  const Row row = rows_.at(slot);
  if (protocol_of(row, slot) == AppProtocol::kNone) return false;
  if (row.hot[kRowProtocol] != kProtoTcp) return record.payloadLen <= kMostDatagramBytes;
  return record.seq == first_sequence(row, side) && record.payloadLen < kHeadLimit;
}

// The bytes are next in line, or were all there before.
bool AppFlows::may_go_on(const OpenFlow& flow, uint32_t side, const PacketRecord& record) const {
  const uint32_t role = role_of(flow, side);
  if ((flow.full >> role & 1) != 0) return true;
  if (flow.event_count() >= kMostEvents) return false;
  if (!flow.is_stream) return flow.heads[0].length() + record.payloadLen <= kMostDatagramBytes;
  const uint32_t first = (flow.started >> role & 1) != 0 ? flow.first[role] : first_sequence(rows_.at(flow.slot), side);
  const int64_t at = static_cast<int32_t>(record.seq - first);
  const int64_t there = static_cast<int64_t>(flow.length(role));
  if (at != there) return at >= 0 && at + record.payloadLen <= there;
  return there < static_cast<int64_t>(kHeadLimit);
}

Offered AppFlows::offer(size_t slot, uint32_t side, const PacketRecord& record) {
  if (!rows_.has(static_cast<int64_t>(slot)) || !is_plain(record)) return Offered::kDeclined;
  const OpenFlow* const flow = flows_[slot];
  const double before = payload_so_far(rows_.at(slot)) - record.payloadLen;
  if (!(flow != nullptr ? may_go_on(*flow, side, record) : may_begin(slot, side, record, before))) return Offered::kDeclined;
  return take(slot, side, record);
}

Offered AppFlows::take(size_t slot, uint32_t side, const PacketRecord& record) {
  OpenFlow& flow = flows_[slot] != nullptr ? *flows_[slot] : begin(slot);
  count(kShardCounterAppPackets, 1);
  const uint32_t role = role_of(flow, side);
  if ((flow.full >> role & 1) != 0) {
    mark_full(slot, side, record);
    return Offered::kTaken;
  }
  Bytes payload = payload_of(record);
  if (flow.is_stream) {
    if ((flow.started >> role & 1) == 0) {
      flow.first[role] = first_sequence(rows_.at(slot), side);
      flow.started |= static_cast<uint8_t>(1 << role);
    }
    if (record.seq - flow.first[role] != flow.length(role)) return Offered::kTaken;  // all of it was there
    // The parsers see no more of a side either.
    payload = payload.part(0, kHeadLimit - flow.length(role));
  }
  const AppEvent event = {record.streamNs, static_cast<uint32_t>(record.rawSec), static_cast<uint16_t>(payload.length), static_cast<uint16_t>(role)};
  held_ -= flow.held();
  append(flow, role, payload);
  flow.events.append(pool_, &event, sizeof(event));
  held_ += flow.held();
  set_held();
  if (!is_due(flow, role)) return Offered::kTaken;
  const Offered answer = read(flow, false);
  if (answer == Offered::kTaken && (flow.full >> role & 1) != 0) mark_full(slot, side, record);
  if (answer == Offered::kDone) set_tag(slot, record);
  return answer;
}

void AppFlows::append(OpenFlow& flow, uint32_t role, Bytes payload) {
  if (flow.is_stream && flow.length(role) < flow.pass[role]) {
    const size_t passed = std::min(flow.pass[role] - flow.length(role), payload.length);
    if (flow.gap_count(role) < kMostGaps) {
      leave_out(flow, role, passed);
      payload = payload.part(passed);
    }
  }
  flow.heads[flow.is_stream ? role : 0].append(pool_, payload.data, payload.length);
}

void AppFlows::leave_out(OpenFlow& flow, uint32_t role, size_t length) {
  flow.left_out[role] += length;
  const size_t count = flow.gap_count(role);
  const size_t at = flow.heads[role].length();
  if (count > 0 && flow.gap_list(role)[count - 1].at == at) {
    flow.gap_list(role)[count - 1].length += length;
    return;
  }
  const LeftOut gap = {at, length};
  flow.gaps[role].append(pool_, &gap, sizeof(gap));
}

// Of the head, what lies behind the first `keep` bytes.
void AppFlows::leave_out_last(OpenFlow& flow, uint32_t role, size_t keep) {
  const size_t length = flow.heads[role].length();
  if (keep >= length || flow.gap_count(role) == kMostGaps) return;
  held_ -= flow.held();
  flow.heads[role].cut(pool_, keep);
  leave_out(flow, role, length - keep);
  held_ += flow.held();
  set_held();
}

// The reader wanted to be asked by now; of a head that does not grow any more it has to be.
bool AppFlows::is_due(const OpenFlow& flow, uint32_t role) {
  if (!flow.is_stream || flow.length(role) == kHeadLimit) return true;
  return flow.length(kClient) >= flow.need[kClient] || flow.length(kServer) >= flow.need[kServer];
}

OpenFlow& AppFlows::begin(size_t slot) {
  const Row row = rows_.at(slot);
  OpenFlow* flow;
  if (unused_.empty()) flow = new OpenFlow();
  else {
    flow = unused_.back();
    unused_.pop_back();
    *flow = OpenFlow();
  }
  flow->slot = slot;
  flow->protocol = protocol_of(row, slot);
  flow->is_stream = row.hot[kRowProtocol] == kProtoTcp;
  flow->client = (get<uint32_t>(row.hot, kRowFlags) & kRowFlagClientIsB) != 0 ? 1 : 0;
  flow->ports[kClient] = get<uint16_t>(row.hot, flow->client == 0 ? kRowPortA : kRowPortB);
  flow->ports[kServer] = get<uint16_t>(row.hot, flow->client == 0 ? kRowPortB : kRowPortA);
  flow->older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = flow;
  newest_ = flow;
  flows_[slot] = flow;
  held_ += flow->held();
  memory_.states[slot] = static_cast<uint8_t>(kAppStateOpen | static_cast<uint8_t>(flow->protocol));
  count(kShardCounterAppFlows, 1);
  count(kShardCounterAppOpen, 1);
  return *flow;
}

Offered AppFlows::read(OpenFlow& flow, bool ended) {
  FlowBytes bytes;
  if (flow.is_stream) {
    for (const uint32_t role : {kClient, kServer}) {
      bytes.heads[role] = flow.heads[role].bytes();
      bytes.left_out[role] = flow.gap_list(role);
      bytes.left_out_count[role] = flow.gap_count(role);
    }
  } else {
    bytes.datagrams = flow.heads[0].bytes();
  }
  bytes.events = flow.event_list();
  bytes.event_count = flow.event_count();
  bytes.client_port = flow.ports[kClient];
  bytes.server_port = flow.ports[kServer];
  bytes.ended = ended;
  const Reading reading = readers_.read(flow.protocol, bytes, found_);
  if (reading == Reading::kOdd || (ended && reading == Reading::kMore)) return Offered::kOdd;
  if (!ended) tell(flow);
  flow.reported = static_cast<uint8_t>(flow.event_count());
  if (reading == Reading::kMore) {
    for (const uint32_t role : {kClient, kServer}) {
      flow.need[role] = found_.need[role];
      flow.pass[role] = found_.pass[role];
      leave_out_last(flow, role, found_.keep[role]);
      if ((found_.full & ~flow.full & 1u << role) != 0) cut(flow, role, found_.enough[role]);
    }
    flow.full |= found_.full;
    if (found_.said_first) orient(flow);
    return Offered::kTaken;
  }
  if (found_.said_first) orient(flow);
  close(flow);
  return Offered::kDone;
}

// Forgets what nobody will read of a side: long bodies would be most of what is held.
void AppFlows::cut(OpenFlow& flow, uint32_t role, size_t enough) {
  held_ -= flow.held();
  flow.heads[role].cut(pool_, enough);
  size_t gaps = flow.gap_count(role);
  while (gaps > 0 && flow.gap_list(role)[gaps - 1].at > flow.heads[role].length()) flow.left_out[role] -= flow.gap_list(role)[--gaps].length;
  flow.gaps[role].cut(pool_, gaps * sizeof(LeftOut));
  held_ += flow.held();
  set_held();
  size_t left = flow.length(role);
  AppEvent* const events = flow.event_list();
  for (size_t i = 0; i < flow.event_count(); i++) {
    if (events[i].side != role) continue;
    events[i].length = static_cast<uint16_t>(std::min<size_t>(events[i].length, left));
    left -= events[i].length;
  }
}

// Names that the last event has told, for whom they were meant.
void AppFlows::tell(const OpenFlow& flow) {
  const Row row = rows_.at(flow.slot);
  for (LearnedName& learned : found_.learned) {
    if (names_.size() == kMostNames) return;
    ToldName told;
    told.learned = std::move(learned);
    told.at_ns = flow.event_list()[flow.event_count() - 1].now_ns;
    told.client_bytes = (row.hot[kRowRole] & kRoleIpv6) != 0 ? 16 : 4;
    std::memcpy(told.client, row.hot + (flow.client == 0 ? kRowAddrA : kRowAddrB), told.client_bytes);
    names_.push_back(std::move(told));
  }
}

// Who began a flow of datagrams, by what they say: `orient` of src/shard/orientation.ts.
void AppFlows::orient(const OpenFlow& flow) {
  if (flow.is_stream) return;
  rows_.at(flow.slot).cold[kRowDirectionReason] = flow.protocol == AppProtocol::kDns ? kReasonDnsQuery : kReasonTlsClientHello;
}

void AppFlows::close(OpenFlow& flow) {
  note(flow);
  uint8_t* const hot = rows_.hot_of(flow.slot);
  const uint32_t host = found_.host.empty() ? 0 : kRowFlagAppHost;
  put<uint32_t>(hot, kRowFlags, get<uint32_t>(hot, kRowFlags) | kRowFlagAppDone | kRowFlagAppLabel | host);
  memory_.states[flow.slot] = static_cast<uint8_t>(kAppStateClosed | static_cast<uint8_t>(flow.protocol));
  count(kShardCounterAppOpen, -1);
  count(kShardCounterAppClosed, 1);
  unlink(flow);
  recycle(&flow);
}

void AppFlows::note(const OpenFlow& flow) {
  text_.clear();
  shared_.clear();
  put_note_head(text_, flow.protocol, found_);
  shared_.push_back({0, text_.size()});
  put_note_host(text_, found_);
  const bool whole = notes_.bytes() < kMostNotes;
  if (!whole) count(kShardCounterAppNotesCut, 1);
  if (whole && !found_.body.empty()) {
    text_ += ',';
    const size_t from = text_.size();
    for (const auto& [begin, end] : found_.shared) shared_.push_back({from + begin, from + end});
    text_ += found_.body;
  }
  text_ += '}';
  notes_.set(flow.slot, text_, shared_);
}

Offered AppFlows::again(size_t slot) {
  if (!rows_.has(static_cast<int64_t>(slot)) || flows_[slot] == nullptr) return Offered::kDeclined;
  return read(*flows_[slot], false);
}

Offered AppFlows::conclude(size_t slot) {
  if (!rows_.has(static_cast<int64_t>(slot)) || flows_[slot] == nullptr) return Offered::kDeclined;
  return read(*flows_[slot], true);
}

OpenFlow* AppFlows::release(size_t slot) {
  OpenFlow* const flow = rows_.has(static_cast<int64_t>(slot)) ? flows_[slot] : nullptr;
  if (flow == nullptr) return nullptr;
  memory_.states[slot] = 0;
  count(kShardCounterAppFlows, -1);
  count(kShardCounterAppOpen, -1);
  unlink(*flow);
  return flow;
}

void AppFlows::recycle(OpenFlow* flow) {
  for (PooledBytes& head : flow->heads) head.release(pool_);
  for (PooledBytes& gaps : flow->gaps) gaps.release(pool_);
  flow->events.release(pool_);
  unused_.push_back(flow);
}

void AppFlows::unlink(OpenFlow& flow) {
  (flow.older == nullptr ? oldest_ : flow.older->newer) = flow.newer;
  (flow.newer == nullptr ? newest_ : flow.newer->older) = flow.older;
  flows_[flow.slot] = nullptr;
  held_ -= flow.held();
  set_held();
}

void AppFlows::forget(size_t slot) {
  if (!rows_.has(static_cast<int64_t>(slot))) return;
  notes_.drop(slot);
  memory_.states[slot] = 0;
}

std::vector<ToldName> AppFlows::take_names() { return std::exchange(names_, {}); }

// As CarryTags of src/shard/carry-tags.ts.
void AppFlows::set_tag(size_t slot, const PacketRecord& record) {
  if (record.fragOff == 0) return;
  const uint32_t flags = get<uint32_t>(rows_.hot_of(slot), kRowFlags);
  const uint32_t sides = (flags & kRowFlagAppDone) != 0 ? 3 : (flags & kNotWanted) / kRowFlagAppFullA;
  const uint32_t tag = (record.hashHi & 0xffff0000u) | static_cast<uint32_t>(record.fragOff) << 2 | sides;
  __atomic_store_n(&memory_.tags[record.hashLo & memory_.tag_mask], static_cast<int32_t>(tag), __ATOMIC_SEQ_CST);
}

void AppFlows::mark_full(size_t slot, uint32_t side, const PacketRecord& record) {
  uint8_t* const hot = rows_.hot_of(slot);
  put<uint32_t>(hot, kRowFlags, get<uint32_t>(hot, kRowFlags) | kRowFlagAppFullA << side);
  set_tag(slot, record);
}

void AppFlows::set_held() { memory_.words[kAppWordHeld] = static_cast<int32_t>(held_ >> 10); }

}  // namespace weir
