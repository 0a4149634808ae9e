// The ticks of a run, shared by its capture threads.
//
// A tick is due when stream time passes a multiple of the tick length, counted from the epoch. However many multiples a
// packet crosses, one tick is made, at the last of them, and numbered on from the one before: 1, 2, 3 … A gap of days is
// one tick. Every ring of every thread receives the same sequence of (number, boundary): the first thread that crosses a
// boundary adds the tick to the line; the others take it over when their own stream time has reached it.
//
//   line      #1 10 s   #2 11 s   #3 15 s            ◀── thread A's clock: 15.2 s, has taken all three
//   thread B  has taken #1, #2; its clock is 13 s    ──▶ takes #3 at 15 s, and adds nothing between
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include "../base/stop_signal.h"

namespace weir {

struct Tick {
  uint32_t number;
  int64_t boundary_ns;  // since the base second
};

class TickLine {
 public:
  TickLine(int64_t tick_ns, uint32_t threads);

  // The first caller sets the base second and the time at which the line begins. Returns the base second.
  int64_t begin(int64_t sec, uint32_t nsec);
  // False before begin().
  bool base_seconds(int64_t& sec) const;

  // Appends the ticks that `thread` owes at stream time `now_ns`, adding one to the line when the thread is the first to
  // cross. Returns the stream time at which to ask again.
  int64_t collect(uint32_t thread, int64_t now_ns, std::vector<Tick>& due);

  struct End {
    uint32_t number;
    int64_t stream_ns;
  };
  // The thread will make no more ticks. Waits until all threads have come here, at most kEndWaitMs or until an abort;
  // then every thread owes the same rest of the line, and the END records agree.
  End end(uint32_t thread, int64_t now_ns, const StopSignal& stop, std::vector<Tick>& due);

  static constexpr int kEndWaitMs = 3000;
  // Ticks kept for threads that are behind; a full line takes no new tick until the slowest thread has caught up.
  static constexpr size_t kMaxOutstanding = 4096;

 private:
  int64_t boundary_at(int64_t now_ns) const;
  void take_rest(uint32_t thread, std::vector<Tick>& due);
  void forget_taken();

  const int64_t tick_ns_;
  mutable std::mutex mutex_;
  std::condition_variable all_ended_;
  bool begun_ = false;
  int64_t base_sec_ = 0;
  int64_t phase_ns_ = 0;  // the base second's distance from the multiple before it
  int64_t last_boundary_ns_ = 0;
  uint32_t last_number_ = 0;
  std::vector<Tick> line_;            // not yet taken by all threads
  std::vector<uint32_t> taken_;       // per thread: number of the last tick taken
  uint32_t ended_ = 0;
  int64_t end_ns_ = 0;
};

}  // namespace weir
