#include "segments.h"

#include <algorithm>
#include <cmath>

#include "../decode/protocols.h"
#include "endpoints.h"
#include "history.h"

namespace weir {
namespace {

// As in src/flow/tcp.ts: two queues of one interface may hand packets over in the wrong order, this far apart at most.
constexpr int32_t kSkewMicroseconds = 1000;
constexpr uint8_t kControl = kTcpFin | kTcpSyn | kTcpRst;

// The packet's own time in microseconds modulo 2^32.
uint32_t own_time(const PacketRecord& record) { return static_cast<uint32_t>(record.rawSec) * 1'000'000u + record.rawNsec / 1000; }

// How far `value` is ahead of `than`, modulo 2^32.
int32_t ahead_of(uint32_t value, uint32_t than) { return static_cast<int32_t>(value - than); }

// Time between two packets; negative when the capture's time stepped back in between, and nobody knows how long it was.
double elapsed_ms(uint32_t microseconds) {
  const int32_t between = static_cast<int32_t>(microseconds);
  return between < 0 && between > -kSkewMicroseconds ? 0 : between / 1000.0;
}

uint32_t stream_end(const PacketRecord& record) {
  return record.seq + record.payloadLen + ((record.tcpFlags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
}

bool is_acknowledgement(const PacketRecord& record) { return (record.tcpFlags & (kTcpAck | kTcpRst)) == kTcpAck; }

void set_bits(uint8_t& bits, uint32_t set) { bits = static_cast<uint8_t>(bits | set); }
void clear_bits(uint8_t& bits, uint32_t cleared) { bits = static_cast<uint8_t>(bits & ~cleared); }

// To the last bit as there: doubles in between, floats in the row.
void sample(uint8_t* cold, uint32_t microseconds) {
  const double ms = elapsed_ms(microseconds);
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

// Half of a handshake.
void half(uint8_t* cold, size_t field, uint32_t microseconds) {
  const double ms = elapsed_ms(microseconds);
  if (ms >= 0) put<float>(cold, field, static_cast<float>(ms));
}

// An acknowledgement that repeats the last one.
void duplicate(const Row& row, uint32_t side) {
  const uint32_t acks = get<uint32_t>(row.cold, kRowDupAcks);
  if (acks != UINT32_MAX) put<uint32_t>(row.cold, kRowDupAcks, acks + 1);
  uint8_t& run = row.cold[kRowDupRunA + side];
  if (run < 255) run++;
  put<uint32_t>(row.hot, kRowFlags, get<uint32_t>(row.hot, kRowFlags) | kRowFlagDupRunA << side);
}

void end_duplicates(const Row& row, uint32_t side) {
  const uint32_t flags = get<uint32_t>(row.hot, kRowFlags);
  if ((flags & kRowFlagDupRunA << side) == 0) return;
  put<uint32_t>(row.hot, kRowFlags, flags & ~(kRowFlagDupRunA << side));
  row.cold[kRowDupRunA + side] = 0;
}

// The side's last segment was a keep-alive: the other's repeated acknowledgement answers it.
bool was_keep_alive(const Row& row, uint32_t side) { return (row.cold[kRowSegmentA + side] & kSegmentKeepAlive) != 0; }

// A SYN that begins another connection, or corrects who began this one.
bool corrects(const Row& row, uint32_t side, const PacketRecord& record) {
  const bool answers = (record.tcpFlags & kTcpAck) != 0;
  const bool spoke = (row.hot[kRowSideA + side] & kSideSeq) != 0;
  if (!answers && spoke && get<uint32_t>(row.cold, kRowIsnA + 4 * side) != record.seq) return true;
  const uint32_t reason = row.cold[kRowDirectionReason];
  return reason != kReasonSyn && reason != (answers ? kReasonSynAck : kReasonSyn);
}

}  // namespace

SegmentOrder Segments::order_of(const Row& row, uint32_t side, const PacketRecord& record) const {
  if ((record.flags & static_cast<uint32_t>(RecordFlag::kNoTransport)) != 0) return SegmentOrder::kOther;
  if ((record.optBits & static_cast<uint32_t>(TcpOption::kSack)) != 0) return SegmentOrder::kOther;
  if (is_plain(row, side, record)) return SegmentOrder::kPlain;
  return is_step(row, side, record) ? SegmentOrder::kStep : SegmentOrder::kOther;
}

void Segments::take(const Row& row, uint32_t side, const PacketRecord& record, SegmentOrder order) const {
  const uint16_t window = record.window;
  if (window < get<uint16_t>(row.hot, kRowWindowMinA + 2 * side) && (record.tcpFlags & kTcpRst) == 0) {
    put<uint16_t>(row.hot, kRowWindowMinA + 2 * side, window);
  }
  if (order == SegmentOrder::kPlain) {
    plain(row, side, record);
  } else {
    step(row, side, record);
  }
  set_bits(row.hot[kRowTcpFlagsA + side], record.tcpFlags);
}

// The conditions are those of `segment` in src/flow/table.ts.
bool Segments::is_plain(const Row& row, uint32_t side, const PacketRecord& record) const {
  const uint32_t other_side = side ^ 1;
  const uint8_t own = row.hot[kRowSideA + side];
  const uint8_t other = row.hot[kRowSideA + other_side];
  const uint32_t length = record.payloadLen;
  if ((record.tcpFlags & (kControl | kTcpAck)) != kTcpAck) return false;
  if ((own & (kSideSeq | kSideQuiet | kSideOdd)) != (kSideSeq | kSideQuiet)) return false;
  const bool is_repeat = record.ack == get<uint32_t>(row.hot, kRowLastAckA + 4 * side);
  if ((other & (is_repeat ? kSideSeq : kSideSeq | kSideHoles)) != kSideSeq) return false;
  if (record.seq != get<uint32_t>(row.hot, kRowNextSeqA + 4 * side)) return false;
  if (record.window == 0 || ahead_of(record.ack, get<uint32_t>(row.hot, kRowNextSeqA + 4 * other_side)) > 0) return false;
  if (length == 1 && get<uint16_t>(row.hot, kRowWindowA + 2 * other_side) == 0) return false;
  return (own & (length == 0 ? kSideLetterAck : kSideLetterData)) != 0 || has_history_room(row);
}

// Left to the other side: what comes out of order, while there are holes; a window of 0 and what probes it; keep-alives; more
// than one of SYN, FIN and RST.
bool Segments::is_step(const Row& row, uint32_t side, const PacketRecord& record) const {
  const uint8_t control = record.tcpFlags & kControl;
  const bool resets = control == kTcpRst;
  if ((control & (control - 1)) != 0 || !has_history_room(row)) return false;
  if (record.window == 0 && !resets) return false;
  if (full_ && get<uint32_t>(row.cold, kRowLossNode) != 0) return false;
  if (control == kTcpSyn && corrects(row, side, record)) return false;
  if ((row.hot[kRowSideA + side] & kSideSeq) == 0) return true;
  if (record.payloadLen == 1 && get<uint16_t>(row.hot, kRowWindowA + 2 * (side ^ 1)) == 0) return false;
  return record.seq == get<uint32_t>(row.hot, kRowNextSeqA + 4 * side) || (resets && record.payloadLen == 0);
}

void Segments::plain(const Row& row, uint32_t side, const PacketRecord& record) const {
  const uint32_t other_side = side ^ 1;
  uint8_t& other = row.hot[kRowSideA + other_side];
  const uint32_t length = record.payloadLen;
  const uint32_t time = own_time(record);
  write_once(row, side, length == 0 ? kSideLetterAck : kSideLetterData, length == 0 ? 'A' : 'D');
  if (record.ack != get<uint32_t>(row.hot, kRowLastAckA + 4 * side)) {
    put<uint32_t>(row.hot, kRowLastAckA + 4 * side, record.ack);
    if (full_) end_duplicates(row, side);
    if ((other & kSideTiming) != 0 && ahead_of(record.ack, get<uint32_t>(row.hot, kRowTimedSeqA + 4 * other_side)) >= 0) {
      if (full_) sample(row.cold, time - get<uint32_t>(row.hot, kRowTimedAtA + 4 * other_side));
      clear_bits(other, kSideTiming);
    }
  } else if (full_ && length == 0 && record.window == get<uint16_t>(row.hot, kRowWindowA + 2 * side) && !was_keep_alive(row, other_side)) {
    duplicate(row, side);
  }
  if (length > 0) {
    uint8_t& own = row.hot[kRowSideA + side];
    const uint32_t end = record.seq + length;
    put<uint32_t>(row.hot, kRowNextSeqA + 4 * side, end);
    put<uint32_t>(row.hot, kRowNextTimeA + 4 * side, time);
    if ((own & kSideTiming) == 0 && timed_) {
      put<uint32_t>(row.hot, kRowTimedSeqA + 4 * side, end);
      put<uint32_t>(row.hot, kRowTimedAtA + 4 * side, time);
      set_bits(own, kSideTiming);
    }
  }
  put<uint32_t>(row.hot, kRowLastTimeA + 4 * side, time);
  put<uint16_t>(row.hot, kRowWindowA + 2 * side, record.window);
}

// `segment` of src/flow/tcp.ts and of src/flow/loss.ts, for what is_step lets through.
void Segments::step(const Row& row, uint32_t side, const PacketRecord& record) const {
  const uint32_t length = record.payloadLen;
  const uint32_t end = stream_end(record);
  const uint32_t time = own_time(record);
  uint8_t& own = row.hot[kRowSideA + side];
  const bool known = (own & kSideSeq) != 0;
  const uint32_t next = get<uint32_t>(row.hot, kRowNextSeqA + 4 * side);
  const uint32_t last_ack = get<uint32_t>(row.hot, kRowLastAckA + 4 * side);

  write_segment(row, side, record.tcpFlags, record.seq, length);
  move_endpoints(row, side, record.tcpFlags, length);
  // Without its SYN, a side's numbering starts as if the SYN had come just before.
  if (!known) put<uint32_t>(row.cold, kRowIsnA + 4 * side, (record.tcpFlags & kTcpSyn) != 0 ? record.seq : record.seq - 1);

  if (full_) {
    const bool repeats = known && (record.tcpFlags & kControl) == 0 && length == 0 && record.seq == next;
    const bool same = record.ack == last_ack && record.window == get<uint16_t>(row.hot, kRowWindowA + 2 * side);
    if (repeats && same && !was_keep_alive(row, side ^ 1)) duplicate(row, side);
    if (record.ack != last_ack) end_duplicates(row, side);
    row.cold[kRowSegmentA + side] = 0;
    if (timed_) measure(row, side, record, end, time);
  }
  if (!known || ahead_of(end, next) > 0) {
    put<uint32_t>(row.hot, kRowNextSeqA + 4 * side, end);
    put<uint32_t>(row.hot, kRowNextTimeA + 4 * side, time);
    set_bits(own, kSideSeq);
  }
  // What an RST acknowledges is nobody's word: scanners and middleboxes write what they like.
  if (is_acknowledgement(record)) {
    put<uint32_t>(row.hot, kRowLastAckA + 4 * side, record.ack);
    set_bits(row.cold[kRowLettersA + side], kLetterAcked);
  }
  put<uint16_t>(row.hot, kRowWindowA + 2 * side, record.window);
  put<uint32_t>(row.hot, kRowLastTimeA + 4 * side, time);
  advance_connection(row, side, record.tcpFlags);
  settle(row);
}

// `measure` of src/flow/tcp.ts, where nothing was sent twice.
void Segments::measure(const Row& row, uint32_t side, const PacketRecord& record, uint32_t end, uint32_t time) const {
  const uint32_t other_side = side ^ 1;
  const uint32_t since = time - get<uint32_t>(row.hot, kRowTimedAtA + 4 * other_side);
  const bool was_timed = (row.cold[kRowLettersA + other_side] & kLetterTimed) != 0;
  if ((record.tcpFlags & (kTcpSyn | kTcpAck)) == (kTcpSyn | kTcpAck)) {
    if (was_timed) half(row.cold, kRowSynSynackMs, since);
  } else if (row.hot[kRowTcpState] == kTcpStateSynAck && is_acknowledgement(record) && is_client(row, side) && was_timed) {
    half(row.cold, kRowSynackAckMs, since);
  }
  if ((record.tcpFlags & kTcpSyn) != 0) {
    put<uint32_t>(row.hot, kRowTimedAtA + 4 * side, time);
    set_bits(row.cold[kRowLettersA + side], kLetterTimed);
    return;
  }
  uint8_t& other = row.hot[kRowSideA + other_side];
  if (is_acknowledgement(record) && (other & kSideTiming) != 0 &&
      ahead_of(record.ack, get<uint32_t>(row.hot, kRowTimedSeqA + 4 * other_side)) >= 0) {
    sample(row.cold, since);
    clear_bits(other, kSideTiming);
  }
  uint8_t& own = row.hot[kRowSideA + side];
  if (record.payloadLen == 0 || (own & kSideTiming) != 0) return;
  if ((own & kSideSeq) != 0 && ahead_of(end, get<uint32_t>(row.hot, kRowNextSeqA + 4 * side)) <= 0) return;
  put<uint32_t>(row.hot, kRowTimedSeqA + 4 * side, end);
  put<uint32_t>(row.hot, kRowTimedAtA + 4 * side, time);
  clear_bits(row.cold[kRowLettersA + side], kLetterTimed);
  set_bits(own, kSideTiming);
}

// Says which segments are plain from here on. There are no holes: see is_step.
void Segments::settle(const Row& row) const {
  const uint32_t quiet = is_quiet(row) ? kSideQuiet : 0;
  for (uint32_t side = 0; side < 2; side++) {
    uint8_t& bits = row.hot[kRowSideA + side];
    clear_bits(bits, kSideQuiet | kSideOdd | kSideHoles);
    set_bits(bits, quiet | (full_ && row.cold[kRowSegmentA + side] != 0 ? kSideOdd : 0));
  }
}

}  // namespace weir
