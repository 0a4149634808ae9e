// Holds a replay back to the wanted speed.
#pragma once
#include <cstdint>

#include "engine_options.h"
#include "../base/stop_signal.h"

namespace weir {

class Pacer {
 public:
  Pacer(SpeedMode mode, double speed) : mode_(mode), speed_(speed) {}

  bool active() const { return mode_ != SpeedMode::kMax; }
  // Nanoseconds to wait before the frame of that packet time is due; 0 = now. Called once per frame, in order.
  int64_t wait_ns(int64_t sec, uint32_t nsec);
  // Sleeps that long, or until a stop request.
  static void sleep(int64_t ns, const StopSignal& stop);

 private:
  const SpeedMode mode_;
  const double speed_;
  bool begun_ = false;
  int64_t begin_monotonic_ns_ = 0;
  int64_t begin_sec_ = 0;
  uint32_t begin_nsec_ = 0;
  uint64_t frames_ = 0;
};

}  // namespace weir
