// What both ways of diverting packets do with them: judge, change, count, and hand a copy to the thread that decodes. Runs on the
// thread that receives and puts back; the counters it writes are written by no other thread.
#pragma once
#include <cstdint>

#include "../base/counters.h"
#include "divert_options.h"
#include "mss_clamp.h"
#include "packet_queue.h"
#include "verdict_table.h"

namespace weir {

struct Passage {
  int64_t time_ns;
  bool outbound;
  bool loopback;
};

class PacketHandover {
 public:
  PacketHandover(const DivertOptions& options, PacketQueue& queue, Counters& counters, uint32_t snaplen);

  // A packet was taken from the system. True when it may go on; a denial is counted.
  bool admit(const uint8_t* bytes, uint32_t size, const Passage& passage);
  // What an admitted packet is changed in before it is put back. The flows are those of packets as they came: undo() stands
  // before copy().
  MssChange change(uint8_t* bytes, uint32_t size, const Passage& passage, TcpChecksum checksum) const;
  // It was put back, or could not be.
  void settle(uint32_t size, bool sent, bool modified);
  // A copy for the flows, whatever became of the packet itself. A full queue loses it, counted.
  void copy(const uint8_t* bytes, uint32_t size, const Passage& passage, bool denied);

 private:
  VerdictTable verdicts_;
  PacketQueue& queue_;
  Counters& counters_;
  const uint32_t snaplen_;
  const bool inline_mode_;
  const uint16_t clamp_mss_;
};

}  // namespace weir
