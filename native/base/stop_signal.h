// How threads learn that they should end. Two levels:
//   stop   end cleanly: drain, END records, flush;
//   abort  the memory of the rings is about to go away: touch nothing of it any more, and return.
// Every blocking call of a capture thread polls `descriptor()` too, or waits in steps of at most 50 ms.
#pragma once
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace weir {

class StopSignal {
 public:
  StopSignal() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~StopSignal() {
    if (event_ >= 0) close(event_);
  }
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void request_stop() {
    stop_.store(true, std::memory_order_seq_cst);
    notify();
  }
  void request_abort() {
    abort_.store(true, std::memory_order_seq_cst);
    request_stop();
  }
  bool stop_requested() const { return stop_.load(std::memory_order_relaxed); }
  bool abort_requested() const { return abort_.load(std::memory_order_seq_cst); }
  // Readable from the first request on, for ever.
  int descriptor() const { return event_; }

 private:
  void notify() {
    const uint64_t one = 1;
    // Can only fail when the counter is full, which leaves the descriptor readable: the state we want.
    [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
  }

  std::atomic<bool> stop_{false};
  std::atomic<bool> abort_{false};
  int event_;
};

}  // namespace weir
