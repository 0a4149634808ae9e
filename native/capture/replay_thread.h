// The one reader thread of a replay: files (or the generator) one after the other, as often as asked.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "../base/counters.h"
#include "frame_path.h"
#include "frame_reader.h"
#include "pacer.h"
#include "run_state.h"

namespace weir {

class ReplayThread {
 public:
  ReplayThread(RunState& run, Counters& counters);
  // Runs to the end of the sources, the count, a failure or a stop request, and writes the END records.
  void run();

 private:
  enum class Outcome : uint8_t { kNextFile, kEnough };

  Outcome play_all();
  Outcome play(uint32_t file);
  Outcome play_frames(FrameReader& reader);
  bool play_batch(FrameBatch& batch);
  bool play_frame(Frame& frame, const Frame* next);
  void hold(const Frame& frame);
  bool play_held(const Frame* next);
  bool wait_until_due(const Frame& frame);
  Result<std::unique_ptr<FrameReader>> open_source(uint32_t file);
  void prepare(Frame& frame);
  void announce(uint32_t file);
  void begin_next_loop();

  RunState& run_;
  Counters& counters_;
  FramePath path_;
  Pacer pacer_;
  FrameBatch batch_;
  Frame held_{};
  std::vector<uint8_t> held_bytes_;
  bool is_holding_ = false;
  // Added to every packet's time: how much later this pass over the files is than the first one.
  int64_t shift_ns_ = 0;
};

}  // namespace weir
