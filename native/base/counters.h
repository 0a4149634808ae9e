// Counters of one capture thread. Only the owner writes, so that an increment is a plain load and store (relaxed); any
// thread may read, and sees each counter at some recent value. After the owner has ended (a mutex stands between), the
// values are exact.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "../ring/layout.h"

namespace weir {

class alignas(64) Counters {
 public:
  void add(uint32_t slot, uint64_t amount = 1) {
    slots_[slot].store(slots_[slot].load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  void subtract(uint32_t slot, uint64_t amount) {
    slots_[slot].store(slots_[slot].load(std::memory_order_relaxed) - amount, std::memory_order_relaxed);
  }
  void set(uint32_t slot, uint64_t value) { slots_[slot].store(value, std::memory_order_relaxed); }
  void raise_to(uint32_t slot, uint64_t value) {
    if (value > slots_[slot].load(std::memory_order_relaxed)) set(slot, value);
  }
  uint64_t read(uint32_t slot) const { return slots_[slot].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kCounterCount> slots_{};
};

}  // namespace weir
