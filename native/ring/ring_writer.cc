#include "ring_writer.h"

#include <algorithm>
#include <cstring>

#include "../base/clock.h"
#include "../base/waker_registry.h"

namespace weir {
namespace {

constexpr uint32_t kCoalesceRecords = 64;
constexpr int64_t kCoalesceNs = kNsPerMs;
constexpr uint32_t kMaxReservedControl = 256;

uint32_t round_up(uint32_t bytes) { return (bytes + kRecordAlign - 1) & ~(kRecordAlign - 1); }

PacketRecord control_record(const ControlRecord& control) {
  PacketRecord record{};
  record.kind = static_cast<uint8_t>(control.kind);
  record.seq = control.number;
  record.streamNs = control.stream_ns;
  record.ordinal = control.ordinal;
  return record;
}

}  // namespace

RingWriter::RingWriter(RingView view)
    : view_(view),
      area_(view.data_area()),
      capacity_(view.capacity()),
      control_reserve_(round_up(std::min(kMaxReservedControl * kRecordBytes, view.capacity() / 8))),
      write_(view.write_pos().load(std::memory_order_acquire)),
      cached_read_(view.read_pos().load(std::memory_order_acquire)) {}

// Grants `bytes` contiguous bytes, writing a PAD first when they do not fit before the end of the area, and 8 bytes more
// when exactly 8 would remain there. Null when less than `keep_free` would stay free.
uint8_t* RingWriter::reserve(uint32_t bytes, uint32_t keep_free, uint32_t& granted) {
  const uint32_t to_end = capacity_ - (write_ & (capacity_ - 1));
  const uint32_t pad = bytes > to_end ? to_end : 0;
  granted = pad == 0 && to_end - bytes == kRecordAlign ? bytes + kRecordAlign : bytes;
  const uint32_t need = pad + granted + keep_free;
  uint32_t used = write_ - cached_read_;
  if (used > capacity_ || capacity_ - used < need) {
    cached_read_ = view_.read_pos().load(std::memory_order_acquire);
    used = write_ - cached_read_;
    if (used > capacity_ || capacity_ - used < need) return nullptr;
  }
  if (pad != 0) write_pad(pad);
  return area_ + (write_ & (capacity_ - 1));
}

void RingWriter::write_pad(uint32_t bytes) {
  uint8_t* const at = area_ + (write_ & (capacity_ - 1));
  const uint32_t kind_word = static_cast<uint32_t>(RecordKind::kPad);
  std::memcpy(at + offsetof(PacketRecord, length), &bytes, sizeof bytes);
  std::memcpy(at + offsetof(PacketRecord, kind), &kind_word, sizeof kind_word);
  std::memcpy(at + offsetof(PacketRecord, ringSeq), &ring_seq_, sizeof ring_seq_);
  ++ring_seq_;
  write_ += bytes;
}

bool RingWriter::write_record(const PacketRecord& record, const SackBlock* sack, uint32_t sack_count, const uint8_t* bytes,
                              uint32_t carried, uint32_t keep_free) {
  const uint32_t sack_bytes = sack_count * static_cast<uint32_t>(sizeof(SackBlock));
  uint32_t granted = 0;
  uint8_t* const at = reserve(round_up(kRecordBytes + sack_bytes + carried), keep_free, granted);
  if (at == nullptr) return false;
  std::memcpy(at, &record, kRecordBytes);
  std::memcpy(at + offsetof(PacketRecord, length), &granted, sizeof granted);
  std::memcpy(at + offsetof(PacketRecord, ringSeq), &ring_seq_, sizeof ring_seq_);
  std::memcpy(at + offsetof(PacketRecord, carried), &carried, sizeof carried);
  if (sack_bytes != 0) std::memcpy(at + kRecordBytes, sack, sack_bytes);
  if (carried != 0) std::memcpy(at + kRecordBytes + sack_bytes, bytes, carried);
  ++ring_seq_;
  write_ += granted;
  ++unpublished_records_;
  return true;
}

bool RingWriter::try_write(const DecodedRecord& decoded, const uint8_t* bytes, uint32_t carried) {
  if (!flush_pending()) return false;
  const uint32_t sack_count = std::min<uint32_t>(decoded.record.sackCount, kMaxSack);
  return write_record(decoded.record, decoded.sack, sack_count, bytes, std::min(carried, largest_carry()), control_reserve_);
}

bool RingWriter::try_write_plain(const PacketRecord& record, const uint8_t* bytes, uint32_t carried) {
  if (!flush_pending()) return false;
  return write_record(record, nullptr, 0, bytes, std::min(carried, largest_carry()), control_reserve_);
}

bool RingWriter::try_control(const ControlRecord& control) {
  return flush_pending() && write_record(control_record(control), nullptr, 0, nullptr, 0, 0);
}

void RingWriter::post_control(const ControlRecord& control) {
  if (try_control(control)) return;
  if (pending_.size() < kMaxPendingControl) pending_.push_back(control);
}

bool RingWriter::flush_pending() {
  while (!pending_.empty()) {
    if (!write_record(control_record(pending_.front()), nullptr, 0, nullptr, 0, 0)) return false;
    pending_.pop_front();
  }
  return true;
}

void RingWriter::publish(double watermark_ns) {
  if (unpublished_records_ != 0) {
    view_.write_pos().store(write_, std::memory_order_release);
    records_since_wake_ += unpublished_records_;
    unpublished_records_ = 0;
  }
  view_.watermark_ns().store(watermark_ns, std::memory_order_release);
}

bool RingWriter::wake(int64_t now_ns, bool on_watermark) {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with the consumer's store of `sleeping`, then load of `writePos`
  if (view_.sleeping().load(std::memory_order_relaxed) == 0) {
    records_since_wake_ = 0;
    wake_postponed_ = false;
    return false;
  }
  if (!on_watermark && consumed_all()) return wake_postponed_ = false;
  const bool due = now_ns == kForceWake || records_since_wake_ >= kCoalesceRecords || now_ns - last_wake_ns_ >= kCoalesceNs;
  wake_postponed_ = !due;
  if (!due) return false;
  const uint32_t waker = view_.waker_id().load(std::memory_order_acquire);
  if (waker == 0) return false;
  view_.sleeping().store(0, std::memory_order_seq_cst);
  records_since_wake_ = 0;
  last_wake_ns_ = now_ns == kForceWake ? monotonic_ns() : now_ns;
  wake_by_id(waker);
  return true;
}

void RingWriter::close() {
  view_.closed().store(1, std::memory_order_release);
}

}  // namespace weir
