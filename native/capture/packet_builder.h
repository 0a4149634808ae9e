// Writes packet headers, for the generator: lengths and checksums are right, payloads are zeros unless said otherwise.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../decode/protocols.h"

namespace weir {

constexpr uint16_t kEtherIpv4 = 0x0800;
constexpr uint16_t kEtherIpv6 = 0x86dd;

// One TCP segment over IPv4.
struct Segment {
  uint32_t source;
  uint32_t destination;
  uint16_t source_port;
  uint16_t destination_port;
  uint32_t seq;
  uint32_t ack;
  uint8_t flags;
  uint16_t window;
  uint16_t payload;
  uint16_t ip_id;
  bool window_scale;  // in a SYN: offers scaling by 2^7 beside MSS and SACK
};

// Each put_ function writes one header at `p` and returns its length.
size_t put_ethernet(uint8_t* p, uint32_t source, uint32_t destination, uint16_t type);
size_t put_vlan(uint8_t* p, uint16_t tci, uint16_t next_type);
size_t put_ipv4(uint8_t* p, uint32_t source, uint32_t destination, uint8_t protocol, size_t payload, uint16_t id, uint16_t fragment = 0x4000);
// Addresses are 2001:db8::/96 and the 32 bits given.
size_t put_ipv6(uint8_t* p, uint32_t source, uint32_t destination, uint8_t next, size_t payload);
size_t put_udp(uint8_t* p, uint16_t source_port, uint16_t destination_port, size_t payload);
size_t put_icmp_echo(uint8_t* p, uint8_t type, uint16_t id, uint16_t sequence);
// Sets the checksum of the TCP, UDP or ICMP packet behind the IP header at `ip`; the payload from `written` transport
// bytes on is zeros.
void set_transport_checksum(uint8_t* ip, size_t written);

// Whole frames; each returns its length, at least `minimum` (padded with zeros).
size_t put_tcp_frame(uint8_t* p, const Segment& segment, size_t minimum);
size_t put_udp_frame(uint8_t* p, uint32_t source, uint32_t destination, uint16_t source_port, uint16_t destination_port, size_t payload,
                     size_t minimum);
size_t put_echo_frame(uint8_t* p, uint32_t source, uint32_t destination, bool reply, uint16_t id, uint16_t sequence, size_t payload,
                      size_t minimum);

}  // namespace weir
