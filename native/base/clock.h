// The two clocks of the host. Packet time is neither: see capture/stream_clock.h.
#pragma once
#include <ctime>
#include <cstdint>

namespace weir {

constexpr int64_t kNsPerSec = 1'000'000'000;
constexpr int64_t kNsPerMs = 1'000'000;

inline int64_t read_clock_ns(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<int64_t>(now.tv_sec) * kNsPerSec + now.tv_nsec;
}

inline int64_t monotonic_ns() { return read_clock_ns(CLOCK_MONOTONIC); }
inline int64_t realtime_ns() { return read_clock_ns(CLOCK_REALTIME); }

}  // namespace weir
