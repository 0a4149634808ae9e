// The producer's end of a ring: single producer, single consumer, no locks.
//
// Memory order. The producer fills records with plain stores, then stores `writePos`, then the watermark, with release;
// the consumer loads `writePos` with acquire (RingReader.refresh in TypeScript, an Atomics.load). The consumer stores
// `readPos` with release after it has left a batch; `reserve` loads it with acquire before it reuses the bytes.
// Waking: publish, seq_cst fence, load `sleeping`; the consumer stores `sleeping` and then loads `writePos` again. Without
// the fence both may read the old value, and the wake is lost.
//
// Space. Data records leave `control_reserve()` bytes free, so that ticks and END records find room when data does not.
#pragma once
#include <cstdint>
#include <deque>

#include "../decode/decoder.h"
#include "ring_view.h"

namespace weir {

// A record without a packet: TICK or END.
struct ControlRecord {
  RecordKind kind;
  uint32_t number;
  double stream_ns;
  double ordinal;
};

class RingWriter {
 public:
  explicit RingWriter(RingView view);

  // Writes one record, followed by its SACK blocks and `carried` captured bytes (cut to largest_carry()). False: full.
  bool try_write(const DecodedRecord& decoded, const uint8_t* bytes, uint32_t carried);
  // A FRAME record: a frame that has no tuple.
  bool try_write_plain(const PacketRecord& record, const uint8_t* bytes, uint32_t carried);
  bool try_control(const ControlRecord& control);
  // For live capture: a control record that finds no room waits inside the writer, ahead of all data. At most
  // kMaxPendingControl wait; beyond that the consumer has been gone for over an hour of ticks, and they are dropped.
  void post_control(const ControlRecord& control);
  // False while control records still wait for room.
  bool flush_pending();

  // Makes everything written visible. `watermark_ns`: every record before that stream time is in the ring.
  void publish(double watermark_ns);
  // Calls the consumer's waker when it sleeps and there is something for it (`on_watermark`: the watermark is enough).
  // Coalesced to 64 records or 1 ms unless `now_ns` is kForceWake. Returns true when the waker was called.
  bool wake(int64_t now_ns, bool on_watermark);
  // True when a wake was put off by coalescing, and must be tried again within 1 ms.
  bool wake_postponed() const { return wake_postponed_; }
  void close();

  uint32_t unpublished_records() const { return unpublished_records_; }
  // As the consumer is now, at the price of a look at its position.
  uint32_t fill_bytes() const { return write_ - consumer_position(); }
  uint32_t capacity() const { return capacity_; }
  uint32_t consumer_position() const { return view_.read_pos().load(std::memory_order_acquire); }
  bool consumed_all() const { return consumer_position() == write_; }
  uint32_t largest_carry() const { return capacity_ / 4; }
  // An eighth of the ring, at most 256 control records.
  uint32_t control_reserve() const { return control_reserve_; }

  static constexpr int64_t kForceWake = INT64_MAX;
  static constexpr size_t kMaxPendingControl = 4096;

 private:
  uint8_t* reserve(uint32_t bytes, uint32_t keep_free, uint32_t& granted);
  void write_pad(uint32_t bytes);
  bool write_record(const PacketRecord& record, const SackBlock* sack, uint32_t sack_count, const uint8_t* bytes, uint32_t carried,
                    uint32_t keep_free);

  RingView view_;
  uint8_t* area_;
  uint32_t capacity_;
  uint32_t control_reserve_;
  uint32_t write_;
  uint32_t cached_read_;
  uint32_t ring_seq_ = 0;
  uint32_t unpublished_records_ = 0;
  uint32_t records_since_wake_ = 0;
  int64_t last_wake_ns_ = 0;
  bool wake_postponed_ = false;
  std::deque<ControlRecord> pending_;
};

}  // namespace weir
