// Attempts per service in one tick, and floods of them, as src/shard/open-counts.ts counts them over the same memory.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "row_layout.h"

namespace weir {

struct ServiceMemory {
  int32_t* services = nullptr;   // kServiceCount words of each place
  int32_t* used = nullptr;       // places that are taken
  int32_t* surges = nullptr;     // place and attempts of each
  uint8_t* registers = nullptr;  // kMomentBoundRegisters of each
};

class OpenCounts {
 public:
  OpenCounts() = default;
  // `words`: kMoment…
  OpenCounts(int32_t* words, const ServiceMemory& memory) : words_(words), memory_(memory) {}

  // What `add` will say.
  bool tells(const PacketRecord& record) const;
  // Asks for the memory that this will need: a hint. Inline, as a function that only prefetches looks as if it did nothing.
  __attribute__((always_inline)) void want(const PacketRecord& record) const {
    const uint32_t* const at = service(first_place(record));
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + kServiceCount - 1, 1);
  }
  // Counts an attempt. True = tell it by itself; false = it is part of a surge.
  bool add(const PacketRecord& record);

 private:
  static uint32_t key_of(const PacketRecord& record);
  static uint32_t first_place(const PacketRecord& record);
  int64_t find(const PacketRecord& record) const;
  uint32_t* service(size_t place) const { return reinterpret_cast<uint32_t*>(memory_.services) + place * kServiceCount; }
  uint32_t& word(uint32_t number) const { return reinterpret_cast<uint32_t*>(words_)[number]; }
  void take_place(size_t place, const PacketRecord& record);

  int32_t* words_ = nullptr;
  ServiceMemory memory_;
};

}  // namespace weir
