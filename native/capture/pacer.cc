#include "pacer.h"

#include <algorithm>

#include "../base/clock.h"

namespace weir {
namespace {

// Below this a wait is not worth a system call: the next frames make up for it.
constexpr int64_t kShortestWaitNs = 50'000;

}  // namespace

int64_t Pacer::wait_ns(int64_t sec, uint32_t nsec) {
  const int64_t now = monotonic_ns();
  if (!begun_) {
    begun_ = true;
    begin_monotonic_ns_ = now;
    begin_sec_ = sec;
    begin_nsec_ = nsec;
  }
  const double since_begin = (static_cast<double>(sec) - static_cast<double>(begin_sec_)) * 1e9 + nsec - begin_nsec_;
  const double due = mode_ == SpeedMode::kTime ? since_begin / speed_ : static_cast<double>(frames_++) * 1e9 / speed_;
  const int64_t wait = static_cast<int64_t>(std::clamp(due, 0.0, 4e18)) - (now - begin_monotonic_ns_);
  return wait < kShortestWaitNs ? 0 : wait;
}

void Pacer::sleep(int64_t ns, const StopSignal& stop) {
  stop.wait_ns(ns);
}

}  // namespace weir
