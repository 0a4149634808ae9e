// What the SYN or SYN+ACK of an endpoint tells of its system, written into the row of its flow as `SynWatch` of
// src/shard/syn-watch.ts does it, from the answers that it has found: a packet whose answer is not known yet is left to it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../ring/layout.h"
#include "row_layout.h"

namespace weir {

// `SynMemory` of src/native/syn-memory.ts.
struct SynMemory {
  const uint32_t* keys = nullptr;     // two of each of kSynBoundPlaces; null: every SYN with bytes is left to the table
  const uint32_t* answers = nullptr;  // MSS << 16 | confidence in percent << 8 | number of the system
};

// The key of src/fingerprint/syn-key.ts, as it stands in SynMemory.
struct SynKey {
  uint32_t low = 0;
  uint32_t high = 0;  // 0: the packet has none

  bool exists() const { return high != 0; }
};

// Of the packet whose IP header `bytes` begin with, `length` of which are there. `peer_mss`: of the SYN that it answers, or 0.
SynKey syn_key(const uint8_t* bytes, size_t length, uint32_t peer_mss);

class SynWatch {
 public:
  // There is nothing to write; the answer is not known.
  static constexpr int64_t kNothing = -1;
  static constexpr int64_t kUnknown = -2;

  SynWatch() = default;
  // `table`: kTable… words.
  SynWatch(const SynMemory& memory, const int32_t* table) : memory_(memory), table_(table) {}

  // What is to be written of a record that carries bytes, once it is counted: all that the application layer does with it,
  // unless it is unknown. `cold`: of the flow's row; null while it has none.
  int64_t ask(const PacketRecord& record, const uint8_t* cold, uint32_t side) const;
  static void write(uint8_t* cold, uint32_t side, int64_t answer);

 private:
  int64_t find(const SynKey& key) const;

  SynMemory memory_;
  const int32_t* table_ = nullptr;
};

}  // namespace weir
