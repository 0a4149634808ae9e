// What detection hears of usual packets: attempts and how they were answered. As src/shard/moments.ts does it, over the same
// memory; only when that has to grow is the packet left to it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../detect/entry_layout.h"
#include "../ring/layout.h"
#include "open_counts.h"
#include "rows.h"

namespace weir {

// `MomentMemory` of src/native/moment-memory.ts.
struct MomentMemory {
  int32_t* words = nullptr;      // kMoment…; null: nobody asks
  int32_t* end_words = nullptr;  // kMoment…, of ends
  // One of each row.
  uint8_t* openers = nullptr;
  int32_t* attempts = nullptr;
  uint32_t* answers = nullptr;  // kMomentBoundEntries of them
  // kMomentBoundWaiting of each.
  int32_t* waiting = nullptr;
  double* waiting_firsts = nullptr;
  double* waiting_since = nullptr;
  ServiceMemory services;
};

class Moments {
 public:
  Moments() = default;
  explicit Moments(const MomentMemory& memory) : memory_(memory), opens_(memory.words, memory.services) {}

  void set_entries(MomentEntry* entries, size_t room) {
    entries_ = entries;
    room_ = room;
  }

  // False when there is no room at hand to tell of the flow's first packet, of the first one of the side that speaks second.
  bool may_open(const PacketRecord& record) const;
  bool may_answer(const Row& row, size_t slot, uint32_t side) const;
  // Tell of it; before the packet is counted.
  void opened(size_t slot, const PacketRecord& record);
  void answered(const Row& row, size_t slot, uint32_t side, const PacketRecord& record);
  // Forgets connections that no longer wait for their client, as `check` of src/shard/handshakes.ts does.
  void drop_confirmed(const Rows& rows);

 private:
  bool is_on() const { return memory_.words != nullptr; }
  uint32_t& word(uint32_t number) const { return reinterpret_cast<uint32_t*>(memory_.words)[number]; }
  // A moment can be written, or would be one too many wherever it is written.
  bool has_room() const { return word(kMomentEntries) < room_ || word(kMomentEntries) == kMomentBoundEntries; }
  bool still_waits(const Rows& rows, size_t waiting) const;
  bool is_of_this_tick(size_t slot) const;
  MomentEntry* next();
  MomentEntry* late_answer(const Row& row, size_t slot, const PacketRecord& record);
  void answer(const Row& row, size_t slot, uint8_t outcome, const PacketRecord& record);
  void await_client(const Row& row, size_t slot, double now);

  MomentMemory memory_;
  OpenCounts opens_;
  MomentEntry* entries_ = nullptr;
  size_t room_ = 0;
};

}  // namespace weir
