// Internet checksums (RFC 1071).
#pragma once
#include <cstdint>
#include <cstring>

#include "../ring/layout.h"
#include "network.h"

namespace weir {

// The ones' complement sum, unfolded, over bytes read as native words; the order of bytes does not matter for zero tests.
inline uint64_t checksum_add(uint64_t sum, const uint8_t* p, uint32_t length) {
  for (; length >= 4; p += 4, length -= 4) {
    uint32_t word;
    std::memcpy(&word, p, sizeof word);
    sum += word;
  }
  uint32_t rest = 0;
  std::memcpy(&rest, p, length);
  return sum + rest;
}

inline uint16_t checksum_fold(uint64_t sum) {
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffffffu) + (sum >> 32);
  sum = (sum & 0xffffu) + (sum >> 16);
  sum = (sum & 0xffffu) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// 0 when the bytes contain their own correct checksum. `length` may be odd.
inline uint16_t internet_checksum(const uint8_t* p, uint32_t length) { return checksum_fold(checksum_add(0, p, length)); }

// Verifies the checksum of TCP, UDP, UDP-Lite, ICMP and ICMPv6. True also where nothing can be
// said: the payload was cut, the datagram is fragmented, UDP carries no checksum, the protocol has another kind of sum.
bool transport_checksum_ok(const Walk& walk, const PacketRecord& r, const Datagram& datagram);

}  // namespace weir
