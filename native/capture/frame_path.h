// What happens to a frame, from the source to the rings. One per capture thread; only that thread calls it.
//
//   filter ─▶ count limit ─▶ pcap file ─▶ clock, ticks ─▶ decode ─▶ shard ring (accounted record, annotations)
//                                                                ├▶ recall ring (its first bytes, for later)
//                                                                └▶ tap ring (the frame, for those who asked for it)
//
// Each disposition is counted where it happens, so that the ledger's identities prove something:
//   read = filtered + delivered
//   delivered = rejected + not flow + suppressed + fragments held + fragments lost + enqueued + ring dropped
//   delivered = stored for recall + skipped;   delivered = selected for the tap + passed by
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "../base/counters.h"
#include "../decode/decoder.h"
#include "../ring/ring_writer.h"
#include "carry_gate.h"
#include "hold_back.h"
#include "frame_filter.h"
#include "run_state.h"
#include "tap_selector.h"
#include "stream_clock.h"

namespace weir {

// How long a full ring's consumer has made no progress since the stop request. Kept per ring for the whole run: a consumer
// that is gone for good is waited for once, not once per frame.
struct StallClock {
  int64_t since_ns = 0;
  uint32_t read_pos = 0;
};

class FramePath {
 public:
  // `in_kernel_filter`: the source has filtered already. `thread` selects the rings. `bytes_stay`: of frames that were accepted, until
  // `after_batch` or `settle_waiting`.
  FramePath(RunState& run, uint32_t thread, Counters& counters, bool in_kernel_filter, bool bytes_stay = false);

  // False when no further frame is wanted: the count is reached, the filter does not compile, or the run is aborted.
  bool accept(Frame& frame, const Frame* next);
  // Frames that were decoded go on their way.
  void settle_waiting();

  // Publishes rings that hold enough or have waited long enough; called after each batch.
  void after_batch();
  // Publishes everything and wakes sleeping consumers; before anything that may wait. Returns true when a wake had to be
  // put off, and this must be called again within 1 ms.
  bool before_wait();
  // The same before a wait that has no end of its own (a pipe): no wake is put off, because nobody might call again.
  void before_open_wait();
  // Live, without packets: moves the clock and makes the ticks that are due.
  void idle_to(int64_t stream_ns);
  // The last of this thread: fragments still held, remaining ticks, END records, closed rings.
  void finish();

  StreamClock& clock() { return clock_; }
  double ordinal() const { return ordinal_; }
  const FrameFilter& filter() const { return filter_; }

 private:
  // A frame that waits, decoded, for memory that was asked for.
  struct Waiting {
    Frame frame;
    Decoded decoded;
  };
  // With fewer of them the turn of each comes before its memory.
  static constexpr uint32_t kWaiting = 4;

  bool admit(const Frame& frame);
  void note_first();
  void note_quality(const Frame& frame);
  void make_ticks();
  void control(const ControlRecord& record);
  bool may_wait(const Decoded& decoded) const;
  void settle_first();
  void settle(const Frame& frame, Decoded& decoded);
  void dispose(const Frame& frame, Decoded& decoded);
  void enqueue_frame(const Frame& frame, Decoded& decoded);
  void enqueue_annotation(DecodedRecord& annotation);
  void enqueue_arp(const Frame& frame, const DecodedRecord& arp);
  void settle_released(Decoded& decoded);
  void settle_lost(const Decoded& decoded);
  bool write_to(RingWriter& ring, const DecodedRecord& decoded, const uint8_t* bytes, uint32_t carried);
  void offer_tap(const Frame& frame, Decoded& decoded);
  bool write_tap(const Frame& frame, Decoded& decoded, uint8_t reasons);
  bool wait_for_space(RingWriter& ring);
  bool stalled(const RingWriter& ring);
  bool suppressed(const PacketRecord& record);
  size_t shard_of(const PacketRecord& record) const;
  RingWriter& ring_of(const PacketRecord& record);
  // Bytes of the frame, from the network header on, that go with its record.
  uint32_t carried_of(PacketRecord& record, uint32_t captured);
  void publish_all();
  bool publish_and_wake(int64_t now_ns);

  RunState& run_;
  const EngineOptions& options_;
  const uint32_t thread_;
  Counters& counters_;
  const bool in_kernel_filter_;
  const bool drop_when_full_;
  FrameFilter filter_;
  StreamClock clock_;
  Decoder decoder_;
  CarryGate carry_;
  HoldBack hold_back_;
  RecallRing* const recall_;  // null: nothing is kept
  const TapSelector selector_;
  const bool may_wait_;
  Waiting waiting_[kWaiting] = {};  // in a circle
  uint32_t first_waiting_ = 0;
  uint32_t waiting_count_ = 0;
  std::vector<RingWriter> rings_;
  std::vector<RingWriter> tap_;  // none or one
  std::vector<StallClock> stalls_;  // of rings_
  StallClock tap_stall_;
  std::vector<Tick> due_;
  int64_t next_tick_ns_ = INT64_MIN;
  double ordinal_ = 0;
  bool first_noted_ = false;
  int64_t last_publish_ns_ = 0;
};

}  // namespace weir
