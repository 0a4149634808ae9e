// Decides which packets take their bytes along into the shard's ring: those with transport payload, and TCP SYNs (their
// options tell the system), of flows whose application is not known yet. The bytes go from the network header on.
//
// A shard that wants no more of a flow, or of one side of it, writes the flow's tag into the table that both share:
//
//   tag = upper 16 bits of hashHi | generation (14 bits) | B's bytes are not wanted | A's are not, at index hashLo & mask
//
// The generation is this thread's: it counts the flows that have used a place, and travels with every record that carries
// bytes. A flow begins anew on a SYN, when another flow has taken its place, and after a silence in which the shard may
// have ended it; a tag that arrives late for the flow before has the old generation and means nothing. What a tag says is
// therefore only ever an economy: a flow whose shard wants bytes gets them whatever the timing, and the shard leaves bytes
// alone that it does not want.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "../ring/layout.h"
#include "engine_options.h"

namespace weir {

class CarryGate {
 public:
  // One per capture thread.
  explicit CarryGate(const CarryOptions& options);

  // Bytes of the frame to carry, from record.l3Off on; 0 = none. Sets the record's generation when it carries some.
  uint32_t bytes_of(PacketRecord& record, uint32_t captured) {
    if (options_.bytes == 0) return 0;
    return wanted(record, captured);
  }

  bool has_places() const { return places_ != nullptr; }
  // Asks for the memory that `bytes_of` will look at.
  __attribute__((always_inline)) void want(const PacketRecord& record) const {
    __builtin_prefetch(&places_[record.hashLo & mask_], 1);
    __builtin_prefetch(&options_.tags[record.hashLo & mask_]);
  }

 private:
  struct Place {
    uint32_t hash_hi;
    uint32_t last_ms;
    uint16_t generation;  // 0 = never used
  };
  struct Free {
    void operator()(Place* places) const { std::free(places); }
  };

  uint32_t wanted(PacketRecord& record, uint32_t captured);

  const CarryOptions options_;
  const uint32_t mask_;
  // From calloc: pages that no flow has used are never touched.
  std::unique_ptr<Place[], Free> places_;
};

}  // namespace weir
