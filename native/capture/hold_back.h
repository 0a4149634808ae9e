// Payload that stays behind when a ring runs full and its consumer is not waited for: above a quarter of a ring, until less
// than an eighth is left. Records without payload are a fraction of the bytes, and the shard has no parser to run for them;
// src/shard/overload.ts has the same shares. The headers go in any case: by them the shard sees that it has missed something.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "../ring/ring_writer.h"

namespace weir {

class HoldBack {
 public:
  // Not `active`: the consumers are waited for, and nothing is held back.
  HoldBack(size_t rings, bool active) : is_full_(rings, false), active_(active) {}

  // Once per publication.
  void note(const std::vector<RingWriter>& rings) {
    for (size_t i = 0; active_ && i < rings.size(); ++i) {
      is_full_[i] = rings[i].fill_bytes() > rings[i].capacity() / (is_full_[i] ? kAgainDivisor : kFullDivisor);
    }
  }

  // How many of the `wanted` bytes from the network header on go into the ring of that number.
  uint32_t allowed(size_t ring, const PacketRecord& record, uint32_t wanted) const {
    if (!is_full_[ring] || record.payloadLen == 0) return wanted;
    return std::min(wanted, static_cast<uint32_t>(record.payloadOff) - record.l3Off);
  }

 private:
  static constexpr uint32_t kFullDivisor = 4;
  static constexpr uint32_t kAgainDivisor = 8;

  std::vector<bool> is_full_;
  const bool active_;
};

}  // namespace weir
