#include "windivert_clock.h"

#include <algorithm>

namespace weir {
namespace {

constexpr int kSamples = 16;
constexpr int64_t kNs = 1'000'000'000;

}  // namespace

DivertClock::DivertClock(int64_t frequency, Sampler sample) : frequency_(frequency), sample_(sample) {
  const ClockSample first = best_sample();
  anchor_ticks_ = first.ticks_before + (first.ticks_after - first.ticks_before) / 2;
  anchor_ns_ = first.wall_ns;
}

// The one with the shortest interval: nothing came between.
ClockSample DivertClock::best_sample() {
  ClockSample best = sample_();
  for (int i = 1; i < kSamples; ++i) {
    const ClockSample next = sample_();
    if (next.ticks_after - next.ticks_before < best.ticks_after - best.ticks_before) best = next;
  }
  interval_ns_ = ns_of(best.ticks_after - best.ticks_before);
  return best;
}

// In two parts: ticks times 1e9 would leave 64 bits after a quarter of an hour.
int64_t DivertClock::ns_of(int64_t ticks) const { return ticks / frequency_ * kNs + ticks % frequency_ * kNs / frequency_; }

void DivertClock::follow(int64_t ticks) {
  if (ticks - anchor_ticks_ < kAnchorSeconds * frequency_) return;
  const ClockSample now = best_sample();
  const int64_t middle = now.ticks_before + (now.ticks_after - now.ticks_before) / 2;
  const int64_t expected = epoch_ns(middle);
  const int64_t step = std::clamp(now.wall_ns - expected, -kMostStepNs, kMostStepNs);
  behind_ns_ = now.wall_ns - expected - step;
  anchor_ns_ = expected + step;
  anchor_ticks_ = middle;
}

int64_t DivertClock::epoch_ns(int64_t ticks) const { return anchor_ns_ + ns_of(ticks - anchor_ticks_); }

}  // namespace weir
