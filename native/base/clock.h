// The two clocks of the host. Packet time is neither: see capture/stream_clock.h.
#pragma once
#include <chrono>
#include <cstdint>

namespace weir {

constexpr int64_t kNsPerSec = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;

template <typename Clock>
int64_t read_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}

inline int64_t monotonic_ns() { return read_clock_ns<std::chrono::steady_clock>(); }
inline int64_t realtime_ns() { return read_clock_ns<std::chrono::system_clock>(); }

}  // namespace weir
