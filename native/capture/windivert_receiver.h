// The thread between the driver and the system: it receives a batch, and, inline, puts back at once what nothing denies,
// in the order in which it came, changed where that was asked for. Only then are copies made, of what came. No step of it waits for anything of ours, and when it cannot
// go on it closes the handle, which opens the path again.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "../base/result.h"
#include "packet_handover.h"
#include "windivert_abi.h"
#include "windivert_batch.h"
#include "windivert_clock.h"

namespace weir {

class DivertReceiver {
 public:
  DivertReceiver(const DivertApi& api, void* handle, PacketHandover handover, DivertClock clock, bool inline_mode);
  ~DivertReceiver();
  DivertReceiver(const DivertReceiver&) = delete;
  DivertReceiver& operator=(const DivertReceiver&) = delete;

  // Until the handle is shut down, or fails. Then failure() says why, if it was a failure.
  void run();
  // From another thread: run() returns when the driver's queue is empty.
  void shut_down();
  const Failure& failure() const { return failure_; }
  // Of the time of packets; before and after run().
  int64_t clock_error_ns() const { return clock_.error_ns(); }

 private:
  bool receive();
  void decide(uint32_t index);
  bool survive(uint32_t error);
  void put_back();
  void put_back_run(uint32_t first, uint32_t last);
  bool put_back_one(uint32_t index);
  void copy_all();
  Passage passage_of(uint32_t index) const;
  TcpChecksum checksum_of(uint32_t index) const;

  const DivertApi& api_;
  void* const handle_;
  PacketHandover handover_;
  DivertClock clock_;
  const bool inline_mode_;
  std::vector<uint8_t> bytes_;
  std::array<DivertAddress, kDivertMaxBatch> addresses_;
  std::array<DivertedPacket, kDivertMaxBatch> packets_;
  std::array<bool, kDivertMaxBatch> denied_{};
  std::array<MssChange, kDivertMaxBatch> changes_{};
  uint32_t count_ = 0;
  bool truncated_ = false;
  uint32_t failures_in_a_row_ = 0;
  Failure failure_;
};

}  // namespace weir
