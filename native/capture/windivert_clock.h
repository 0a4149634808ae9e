// Ticks of the performance counter as time since the epoch. The counter runs evenly; the wall clock is set and slewed.
// Anchored at the start, and every ten seconds again: the time follows the wall clock by at most 5 ms per anchor, so that
// it neither jumps nor drifts away. How far it may be off is known: error_ns().
#pragma once
#include <cstdint>

namespace weir {

// Both clocks, read as close together as can be: the counter before and after the wall clock.
struct ClockSample {
  int64_t ticks_before;
  int64_t wall_ns;
  int64_t ticks_after;
};

class DivertClock {
 public:
  using Sampler = ClockSample (*)();

  // `frequency`: ticks per second.
  DivertClock(int64_t frequency, Sampler sample);

  // Anchors again when it is due by these ticks; called at will.
  void follow(int64_t ticks);
  int64_t epoch_ns(int64_t ticks) const;
  // Half the interval in which the wall clock was read, and what the last anchor could not follow.
  int64_t error_ns() const { return interval_ns_ / 2 + (behind_ns_ < 0 ? -behind_ns_ : behind_ns_); }

  static constexpr int64_t kAnchorSeconds = 10;
  static constexpr int64_t kMostStepNs = 5'000'000;

 private:
  ClockSample best_sample();
  int64_t ns_of(int64_t ticks) const;

  const int64_t frequency_;
  const Sampler sample_;
  int64_t anchor_ticks_ = 0;
  int64_t anchor_ns_ = 0;
  int64_t interval_ns_ = 0;
  int64_t behind_ns_ = 0;
};

}  // namespace weir
