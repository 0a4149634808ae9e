// The few fields of an IP packet that verdicts look at. Apart from the decoder on purpose: whether a packet may pass must
// not wait for, or depend on, anything that flows need.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

struct VerdictPacket {
  bool ipv6 = false;
  bool has_ports = false;        // false in later fragments, and where the packet ends early
  bool later_fragment = false;
  uint8_t protocol = 0;          // behind IPv6 extension headers, where they can be walked
  uint8_t source[16] = {};       // network order; IPv4 in the first 4 bytes
  uint8_t destination[16] = {};
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
};

// False when not even the addresses can be read. Any bytes may be given.
bool read_verdict_packet(const uint8_t* bytes, size_t size, VerdictPacket& packet);

}  // namespace weir
