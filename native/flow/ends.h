// What detection hears of a flow that is over, as src/shard/detect-watch.ts tells it, over the same memory. What is rare, and
// whatever needs more memory, is left to it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../detect/entry_layout.h"
#include "rows.h"

namespace weir {

struct EndMemory {
  int32_t* words = nullptr;          // kMoment…, of ends; null: nobody asks
  const uint8_t* openers = nullptr;  // of each row
  double tells_from = 0;             // bytes of a flow that nobody answered from which it is told all the same
};

class Ends {
 public:
  static constexpr int64_t kNothingTold = -1;
  static constexpr int64_t kNotPlain = -2;

  Ends() = default;
  explicit Ends(const EndMemory& memory) : memory_(memory) {}

  void set_entries(EndEntry* entries, size_t room) {
    entries_ = entries;
    room_ = room;
  }

  // Tells of the flow: number of the entry, whose labels are left to the caller, or one of the numbers above; then nothing has
  // changed.
  int64_t closed(const Row& row, size_t slot);

 private:
  EndMemory memory_;
  EndEntry* entries_ = nullptr;
  size_t room_ = 0;
};

}  // namespace weir
