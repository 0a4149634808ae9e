// How threads learn that they should end. Two levels:
//   stop   end cleanly: drain, END records, flush;
//   abort  the memory of the rings is about to go away: touch nothing of it any more, and return.
// Every blocking call of a capture thread polls `descriptor()` too, or waits in steps of at most 50 ms.
#pragma once
#ifndef _WIN32
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace weir {

// What is raised once and stays so: a descriptor where threads wait for several things at a time.
#ifdef _WIN32
class StopEvent {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  void wait_ns(int64_t ns) const {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::nanoseconds(ns), [this] { return raised_; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool raised_ = false;
};
#else
class StopEvent {
 public:
  StopEvent() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~StopEvent() {
    if (event_ >= 0) close(event_);
  }
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  void raise() {
    const uint64_t one = 1;
    // Can only fail when the counter is full, which leaves the descriptor readable: the state we want.
    [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
  }
  void wait_ns(int64_t ns) const {
    pollfd wait{event_, POLLIN, 0};
    const timespec duration{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    ppoll(&wait, 1, &duration, nullptr);
  }
  int descriptor() const { return event_; }

 private:
  int event_;
};
#endif

class StopSignal {
 public:
  void request_stop() {
    stop_.store(true, std::memory_order_seq_cst);
    event_.raise();
  }
  void request_abort() {
    abort_.store(true, std::memory_order_seq_cst);
    request_stop();
  }
  bool stop_requested() const { return stop_.load(std::memory_order_relaxed); }
  bool abort_requested() const { return abort_.load(std::memory_order_seq_cst); }
  // Returns after that time, or as soon as a stop is requested.
  void wait_ns(int64_t ns) const { event_.wait_ns(ns); }
#ifndef _WIN32
  // Readable from the first request on, for ever.
  int descriptor() const { return event_.descriptor(); }
#endif

 private:
  std::atomic<bool> stop_{false};
  std::atomic<bool> abort_{false};
  StopEvent event_;
};

}  // namespace weir
