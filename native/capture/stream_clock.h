// Stream time: the running maximum of packet time, in nanoseconds since the base second of the run (the whole second of
// its first packet; live: of its start). One per capture thread.
//
//   behind the clock           the packet counts at the clock, and is counted as a step back (a long one from a second on)
//   up to an hour ahead        the clock moves to the packet
//   more than an hour ahead    the packet counts at the clock, until the next one confirms the jump by being over an hour
//                              ahead too and at most an hour before it (a replay looks at the next packet first)
#pragma once
#include <cstdint>

#include "../base/counters.h"
#include "../decode/decoder.h"
#include "tick_line.h"

namespace weir {

class StreamClock {
 public:
  StreamClock(TickLine& ticks, Counters& counters) : ticks_(ticks), counters_(counters) {}

  // Live: stream time begins before the first packet.
  void begin(int64_t sec, uint32_t nsec);
  // Takes a packet's time. Returns false when the packet is behind the clock.
  // `next` is the packet after it where that is known already: then a jump is confirmed, or not, at once.
  bool advance(int64_t sec, uint32_t nsec, const Frame* next) {
    if (!begun_) begin(sec, nsec);
    const int64_t time = since_base(sec, nsec);
    const int64_t ahead = time - now_ns_;
    if (ahead < 0) return step_back(-ahead);
    if (ahead > kUnconfirmedNs || jump_ns_ != 0) return jump(time, next);
    now_ns_ = time;
    return true;
  }
  // Would a packet of that time be a jump that needs the next packet to confirm it?
  bool needs_next(int64_t sec, uint32_t nsec) const { return begun_ && since_base(sec, nsec) - now_ns_ > kUnconfirmedNs; }
  // Live, without packets: moves to `stream_ns`, never back.
  void idle_to(int64_t stream_ns) {
    if (stream_ns > now_ns_) now_ns_ = stream_ns;
  }

  bool begun() const { return begun_; }
  int64_t now_ns() const { return now_ns_; }
  // Where stream time began.
  int64_t begin_ns() const { return begin_ns_; }

  // From here on a packet is not just out of order, as between the queues of a network card: a clock was set.
  static constexpr int64_t kLongStepNs = 1'000'000'000;
  static constexpr int64_t kUnconfirmedNs = 3'600LL * 1'000'000'000;

 private:
  int64_t since_base(int64_t sec, uint32_t nsec) const;
  bool step_back(int64_t behind_ns);
  bool jump(int64_t time, const Frame* next);

  TickLine& ticks_;
  Counters& counters_;
  bool begun_ = false;
  int64_t base_sec_ = 0;
  int64_t begin_ns_ = 0;
  int64_t now_ns_ = 0;
  int64_t jump_ns_ = 0;  // an unconfirmed jump's time; 0 = none
};

}  // namespace weir
