// The capture thread behind a diverting source: takes the copies out of the queue and gives them to the frame path. What
// happens here, or does not, delays no packet of the system.
#pragma once
#include <cstdint>
#include <string>

#include "../base/counters.h"
#include "frame_path.h"
#include "packet_queue.h"
#include "run_state.h"

namespace weir {

class DivertedThread {
 public:
  DivertedThread(RunState& run, PacketQueue& queue, uint32_t thread, Counters& counters, const std::string& source);

  // Until a stop is asked for, the count is reached, or the queue is closed.
  void run();
  // After the source has ended: the rest of the queue, and the END records.
  void finish();

 private:
  bool take_batch();
  void advance_idle_time();

  RunState& run_;
  PacketQueue& queue_;
  FramePath path_;
  uint16_t source_;
  bool wanted_ = true;
  int64_t last_packet_mono_ns_ = 0;
  int64_t last_packet_stream_ns_ = 0;
};

}  // namespace weir
