// A run: its threads, from start to the last one's end. Knows nothing of JavaScript.
//
// Threads are detached and counted, never joined by a destructor: a process may leave through exit() while they run, and
// an environment that is torn down waits for them only a bounded time. What they need, they own together (shared_ptr).
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "../base/counters.h"
#include "run_state.h"

namespace weir {

class LiveSource;

class CaptureEngine : public std::enable_shared_from_this<CaptureEngine> {
 public:
  // `listener` is called from any thread; the last event is `finished`, exactly once after start().
  CaptureEngine(EngineOptions options, std::function<void(Event)> listener);

  // Opens the sources and starts the threads. Failures arrive as events. Once only.
  void start();
  void stop() { run_.stop.request_stop(); }
  // The rings' memory is about to go: stops the threads without END records and waits for them. False when one of them
  // has not ended in time (it is inside a blocking call, and looks at the abort flag before it touches a ring again).
  bool abort(int wait_ms);

  void read_counters(double* out) const;
  // Another filter for all live sockets; what is wrong with it, '' = nothing, and then all have it. Any thread.
  std::string replace_filter(const std::string& expression);
  const RunState& run() const { return run_; }

 private:
  using ThreadBody = std::function<void(Counters&)>;

  void begin(std::vector<ThreadFacts> facts, std::vector<ThreadBody> bodies);
  bool start_replay();
  bool start_live();
  void thread_ended();
  void finish();
  std::string reason() const;

  RunState run_;
  std::vector<std::unique_ptr<Counters>> counters_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  uint32_t running_ = 0;
  std::atomic<uint32_t> unfinished_{0};  // threads that have not yet ended their part of the run
  bool started_ = false;
  // For replace_filter(): they belong to their threads.
  std::vector<std::weak_ptr<LiveSource>> live_sources_;
};

}  // namespace weir
