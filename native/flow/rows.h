// The rows of a shard's flow table as C++ sees them: memory that JavaScript has allocated and described in src/flow/row.ts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "row_layout.h"

namespace weir {

// No pair of the index is farther from its place (PROBE_LIMIT of src/flow/flow-index.ts).
constexpr uint32_t kIndexProbeLimit = 128;

// One flow: both halves of its row, each at its offset from here.
struct Row {
  uint8_t* hot;
  uint8_t* cold;
};

struct Rows {
  uint8_t* hot = nullptr;   // kHotBytes of each row
  uint8_t* cold = nullptr;  // cold_bytes of each row; offsets of fields count from the start of the whole row
  size_t cold_bytes = 0;
  size_t count = 0;
  // The index of src/flow/flow-index.ts: pairs of hash and slot + 1, mask + 1 of them.
  int32_t* index = nullptr;
  uint32_t index_mask = 0;

  uint8_t* hot_of(size_t slot) const { return hot + slot * kHotBytes; }
  // Fields of the cold half are at their offset from here.
  uint8_t* cold_of(size_t slot) const { return cold + slot * cold_bytes - kHotBytes; }
  bool has(int64_t slot) const { return slot >= 0 && static_cast<size_t>(slot) < count; }
  Row at(size_t slot) const { return {hot_of(slot), cold_of(slot)}; }
};

// Aliasing-safe access; compiles to one load or store.
template <typename T>
inline T get(const uint8_t* row, size_t offset) {
  T value;
  memcpy(&value, row + offset, sizeof value);
  return value;
}
template <typename T>
inline void put(uint8_t* row, size_t offset, T value) {
  memcpy(row + offset, &value, sizeof value);
}
template <typename T>
inline void add(uint8_t* row, size_t offset, T value) {
  put<T>(row, offset, get<T>(row, offset) + value);
}

}  // namespace weir
