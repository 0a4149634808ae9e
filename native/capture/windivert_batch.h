// Packets of one receive call lie one behind the other; only their IP headers tell where each ends.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

struct DivertedPacket {
  uint8_t* bytes;
  uint32_t size;
  // The header's length and the place in the batch agree. Others are sent by themselves, because a packet that the driver
  // refuses ends the batch it is in.
  bool whole;
};

// Cuts `count` packets out of `size` bytes, as many as `packets` holds. The last one takes what is left. Where a length
// makes no sense the packet takes all the rest and the others are empty, so that every packet is accounted for.
void split_batch(uint8_t* bytes, uint32_t size, uint32_t count, DivertedPacket* packets);

}  // namespace weir
