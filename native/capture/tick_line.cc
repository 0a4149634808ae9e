#include "tick_line.h"

#include <algorithm>
#include <chrono>

#include "../base/clock.h"

namespace weir {

TickLine::TickLine(int64_t tick_ns, uint32_t threads) : tick_ns_(tick_ns), taken_(threads, 0) {}

int64_t TickLine::begin(int64_t sec, uint32_t nsec) {
  const std::lock_guard lock(mutex_);
  if (begun_) return base_sec_;
  begun_ = true;
  base_sec_ = sec;
  __int128 phase = static_cast<__int128>(sec) * kNsPerSec % tick_ns_;
  if (phase < 0) phase += tick_ns_;
  phase_ns_ = static_cast<int64_t>(phase);
  last_boundary_ns_ = boundary_at(nsec);
  return base_sec_;
}

bool TickLine::base_seconds(int64_t& sec) const {
  const std::lock_guard lock(mutex_);
  sec = base_sec_;
  return begun_;
}

// The last multiple at or before `now_ns`; negative when that is before the base second.
int64_t TickLine::boundary_at(int64_t now_ns) const {
  const __int128 since_multiple = (static_cast<__int128>(now_ns) + phase_ns_) % tick_ns_;
  return now_ns - static_cast<int64_t>(since_multiple);
}

int64_t TickLine::collect(uint32_t thread, int64_t now_ns, std::vector<Tick>& due) {
  const std::lock_guard lock(mutex_);
  for (const Tick& tick : line_) {
    if (tick.number <= taken_[thread]) continue;
    if (tick.boundary_ns > now_ns) return tick.boundary_ns;
    due.push_back(tick);
    taken_[thread] = tick.number;
  }
  const int64_t boundary = boundary_at(now_ns);
  if (boundary > last_boundary_ns_ && line_.size() < kMaxOutstanding) {
    last_boundary_ns_ = boundary;
    line_.push_back({++last_number_, boundary});
    due.push_back(line_.back());
    taken_[thread] = last_number_;
  }
  forget_taken();
  return boundary + tick_ns_;
}

void TickLine::take_rest(uint32_t thread, std::vector<Tick>& due) {
  for (const Tick& tick : line_) {
    if (tick.number > taken_[thread]) due.push_back(tick);
  }
  taken_[thread] = last_number_;
}

void TickLine::forget_taken() {
  const uint32_t slowest = *std::min_element(taken_.begin(), taken_.end());
  size_t count = 0;
  while (count < line_.size() && line_[count].number <= slowest) ++count;
  line_.erase(line_.begin(), line_.begin() + static_cast<long>(count));
}

TickLine::End TickLine::end(uint32_t thread, int64_t now_ns, const StopSignal& stop, std::vector<Tick>& due) {
  std::unique_lock lock(mutex_);
  end_ns_ = std::max(end_ns_, now_ns);
  ++ended_;
  all_ended_.notify_all();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kEndWaitMs);
  const auto step = std::chrono::milliseconds(20);
  while (ended_ < taken_.size() && !stop.abort_requested() && std::chrono::steady_clock::now() < deadline) all_ended_.wait_for(lock, step);
  take_rest(thread, due);
  return {last_number_ + 1, end_ns_};
}

}  // namespace weir
