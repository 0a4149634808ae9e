#include "stream_clock.h"

#include <algorithm>

#include "../base/clock.h"

namespace weir {
namespace {

// 285 years either way: what fits into 64-bit nanoseconds. Damaged files hold any second.
constexpr int64_t kMaxSecondsFromBase = 9'000'000'000;

}  // namespace

void StreamClock::begin(int64_t sec, uint32_t nsec) {
  begun_ = true;
  base_sec_ = ticks_.begin(sec, nsec);
  begin_ns_ = now_ns_ = std::max<int64_t>(0, since_base(sec, nsec));
}

int64_t StreamClock::since_base(int64_t sec, uint32_t nsec) const {
  int64_t seconds = 0;
  if (__builtin_sub_overflow(sec, base_sec_, &seconds)) seconds = sec < 0 ? -kMaxSecondsFromBase : kMaxSecondsFromBase;
  return std::clamp(seconds, -kMaxSecondsFromBase, kMaxSecondsFromBase) * kNsPerSec + nsec;
}

bool StreamClock::step_back(int64_t behind_ns) {
  jump_ns_ = 0;
  counters_.add(kTimeStepsBack);
  if (behind_ns >= kLongStepNs) counters_.add(kLongStepsBack);
  return false;
}

bool StreamClock::jump(int64_t time, const Frame* next) {
  const int64_t after = next == nullptr ? now_ns_ : since_base(next->sec, next->nsec);
  if (time - now_ns_ <= kUnconfirmedNs) {
    jump_ns_ = 0;  // the jump before it was a single wrong time
  } else if (after - now_ns_ > kUnconfirmedNs && after >= time - kUnconfirmedNs) {
    jump_ns_ = 0;
    now_ns_ = time;
    return true;
  } else if (jump_ns_ == 0 || time < jump_ns_ - kUnconfirmedNs) {
    jump_ns_ = time;
    counters_.add(kTimeJumpsUnconfirmed);
    return true;
  }
  jump_ns_ = 0;
  now_ns_ = time;
  return true;
}

}  // namespace weir
