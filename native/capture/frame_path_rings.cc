// The rings of a frame's path: when they are published, whom that wakes, what a full one is waited for, and how they end.
#include <algorithm>
#include <chrono>
#include <thread>

#include "../base/clock.h"
#include "frame_path.h"

namespace weir {
namespace {

constexpr uint32_t kPublishRecords = 64;
constexpr int64_t kPublishNs = kNsPerMs;
// A full ring in replay: look this often without sleeping, then sleep this long.
constexpr int kSpins = 64;
constexpr std::chrono::nanoseconds kFullSleep(50'000);
// After a stop request, a consumer that takes nothing from its full ring for this long is gone: packets for it are
// counted as dropped.
constexpr int64_t kStallNs = 3 * kNsPerSec;

void pause_processor() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

// Replay, one ring is full: everything written so far must be visible and its consumers awake, or two rings may wait for
// each other. False when waiting has no more sense.
bool FramePath::wait_for_space(RingWriter& ring) {
  if (run_.stop.abort_requested()) return false;
  publish_and_wake(monotonic_ns());
  const uint32_t position = ring.consumer_position();
  for (int spin = 0; spin < kSpins; ++spin) {
    if (ring.consumer_position() != position) return true;
    pause_processor();
  }
  std::this_thread::sleep_for(kFullSleep);
  return !run_.stop.stop_requested() || !stalled(ring);
}

bool FramePath::stalled(const RingWriter& ring) {
  StallClock& stall = !tap_.empty() && &ring == &tap_.front() ? tap_stall_ : stalls_[static_cast<size_t>(&ring - rings_.data())];
  const int64_t now = monotonic_ns();
  const uint32_t position = ring.consumer_position();
  if (stall.since_ns == 0 || position != stall.read_pos) stall = {now, position};
  return now - stall.since_ns >= kStallNs;
}

void FramePath::publish_all() {
  const double watermark = static_cast<double>(clock_.now_ns());
  run_.note_clock(clock_.now_ns());
  for (RingWriter& ring : rings_) {
    counters_.raise_to(kRingHighWater, ring.fill_bytes());
    ring.publish(watermark);
  }
  for (RingWriter& ring : tap_) ring.publish(watermark);
  hold_back_.note(rings_);
}

void FramePath::after_batch() {
  settle_waiting();
  const auto enough = [](const RingWriter& ring) { return ring.unpublished_records() >= kPublishRecords; };
  const bool full_batch = std::any_of(rings_.begin(), rings_.end(), enough) || std::any_of(tap_.begin(), tap_.end(), enough);
  const int64_t now = monotonic_ns();
  if (!full_batch && now - last_publish_ns_ < kPublishNs) return;
  last_publish_ns_ = now;
  before_wait();
}

bool FramePath::before_wait() {
  settle_waiting();
  return publish_and_wake(monotonic_ns());
}

void FramePath::before_open_wait() {
  settle_waiting();
  publish_and_wake(RingWriter::kForceWake);
}

bool FramePath::publish_and_wake(int64_t now_ns) {
  publish_all();
  const bool several_threads = options_.rings.size() > 1;
  bool postponed = false;
  const auto wake = [&](RingWriter& ring) {
    if (ring.wake(now_ns, several_threads)) counters_.add(kWakes);
    postponed = postponed || ring.wake_postponed();
  };
  for (RingWriter& ring : rings_) wake(ring);
  for (RingWriter& ring : tap_) wake(ring);
  return postponed;
}

void FramePath::finish() {
  settle_waiting();
  if (run_.stop.abort_requested()) return;
  Decoded& decoded = waiting_[0].decoded;
  decoder_.flush(decoded);
  settle_lost(decoded);
  due_.clear();
  before_wait();
  const TickLine::End end = run_.ticks.end(thread_, clock_.now_ns(), run_.stop, due_);
  if (run_.stop.abort_requested()) return;
  for (const Tick& tick : due_) control({RecordKind::kTick, tick.number, static_cast<double>(tick.boundary_ns), ordinal_});
  control({RecordKind::kEnd, end.number, static_cast<double>(end.stream_ns), ordinal_ + 1});
  // Live: ticks and END may still wait for room.
  const auto flush = [&](RingWriter& ring) {
    while (!ring.flush_pending() && !run_.stop.abort_requested() && !stalled(ring)) {
      before_wait();
      std::this_thread::sleep_for(kFullSleep);
    }
  };
  for (RingWriter& ring : rings_) flush(ring);
  for (RingWriter& ring : tap_) flush(ring);
  if (run_.stop.abort_requested()) return;
  publish_all();
  const auto close = [&](RingWriter& ring) {
    ring.close();
    if (ring.wake(RingWriter::kForceWake, true)) counters_.add(kWakes);
  };
  for (RingWriter& ring : rings_) close(ring);
  for (RingWriter& ring : tap_) close(ring);
}

}  // namespace weir
