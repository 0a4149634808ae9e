#include "packet_builder.h"

#include <algorithm>
#include <cstring>

#include "../base/byte_order.h"

namespace weir {
namespace {

constexpr size_t kEthernet = 14;
constexpr size_t kIpv4 = 20;
constexpr size_t kIpv6 = 40;
constexpr size_t kTcp = 20;
constexpr size_t kUdp = 8;

uint32_t sum_words(const uint8_t* p, size_t bytes, uint32_t sum) {
  for (; bytes > 1; bytes -= 2, p += 2) sum += static_cast<uint32_t>(p[0] << 8 | p[1]);
  return bytes == 1 ? sum + static_cast<uint32_t>(p[0] << 8) : sum;
}

uint16_t fold(uint32_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// A locally administered address made of the IP address.
void put_mac(uint8_t* p, uint32_t address) {
  p[0] = 0x02;
  p[1] = 0x00;
  store_be32(p + 2, address);
}

size_t put_syn_options(uint8_t* p, bool window_scale) {
  static constexpr uint8_t kOptions[12] = {2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7};  // MSS 1460, SACK permitted, scale 7
  const size_t bytes = window_scale ? 12 : 8;
  std::memcpy(p, kOptions, bytes);
  return bytes;
}

}  // namespace

size_t put_ethernet(uint8_t* p, uint32_t source, uint32_t destination, uint16_t type) {
  put_mac(p, destination);
  put_mac(p + 6, source);
  store_be16(p + 12, type);
  return kEthernet;
}

size_t put_vlan(uint8_t* p, uint16_t tci, uint16_t next_type) {
  store_be16(p, tci);
  store_be16(p + 2, next_type);
  return 4;
}

size_t put_ipv4(uint8_t* p, uint32_t source, uint32_t destination, uint8_t protocol, size_t payload, uint16_t id, uint16_t fragment) {
  p[0] = 0x45;
  p[1] = 0;
  store_be16(p + 2, static_cast<uint16_t>(kIpv4 + payload));
  store_be16(p + 4, id);
  store_be16(p + 6, fragment);
  p[8] = 64;
  p[9] = protocol;
  store_be16(p + 10, 0);
  store_be32(p + 12, source);
  store_be32(p + 16, destination);
  store_be16(p + 10, fold(sum_words(p, kIpv4, 0)));
  return kIpv4;
}

size_t put_ipv6(uint8_t* p, uint32_t source, uint32_t destination, uint8_t next, size_t payload) {
  static constexpr uint8_t kPrefix[12] = {0x20, 0x01, 0x0d, 0xb8};
  store_be32(p, 0x60000000);
  store_be16(p + 4, static_cast<uint16_t>(payload));
  p[6] = next;
  p[7] = 64;
  std::memcpy(p + 8, kPrefix, sizeof kPrefix);
  store_be32(p + 20, source);
  std::memcpy(p + 24, kPrefix, sizeof kPrefix);
  store_be32(p + 36, destination);
  return kIpv6;
}

size_t put_udp(uint8_t* p, uint16_t source_port, uint16_t destination_port, size_t payload) {
  store_be16(p, source_port);
  store_be16(p + 2, destination_port);
  store_be16(p + 4, static_cast<uint16_t>(kUdp + payload));
  store_be16(p + 6, 0);
  return kUdp;
}

size_t put_icmp_echo(uint8_t* p, uint8_t type, uint16_t id, uint16_t sequence) {
  p[0] = type;
  p[1] = 0;
  store_be16(p + 2, 0);
  store_be16(p + 4, id);
  store_be16(p + 6, sequence);
  return 8;
}

void set_transport_checksum(uint8_t* ip, size_t written) {
  const bool ipv6 = ip[0] >> 4 == 6;
  const uint8_t protocol = ipv6 ? ip[6] : ip[9];
  const uint32_t length = static_cast<uint32_t>(ipv6 ? ip[4] << 8 | ip[5] : (ip[2] << 8 | ip[3]) - static_cast<int>(kIpv4));
  uint8_t* const transport = ip + (ipv6 ? kIpv6 : kIpv4);
  // ICMP for IPv4 has no pseudo-header.
  uint32_t sum = protocol == 1 ? 0 : sum_words(ipv6 ? ip + 8 : ip + 12, ipv6 ? 32 : 8, protocol + length);
  const size_t at = protocol == 6 ? 16 : protocol == 17 ? 6 : 2;
  store_be16(transport + at, 0);
  sum = sum_words(transport, written, sum);
  uint16_t checksum = fold(sum);
  if (protocol == 17 && checksum == 0) checksum = 0xffff;
  store_be16(transport + at, checksum);
}

size_t put_tcp_frame(uint8_t* p, const Segment& segment, size_t minimum) {
  uint8_t* const ip = p + put_ethernet(p, segment.source, segment.destination, kEtherIpv4);
  uint8_t* const tcp = ip + kIpv4;
  const size_t options = (segment.flags & kTcpSyn) != 0 ? put_syn_options(tcp + kTcp, segment.window_scale) : 0;
  const size_t header = kTcp + options;
  store_be16(tcp, segment.source_port);
  store_be16(tcp + 2, segment.destination_port);
  store_be32(tcp + 4, segment.seq);
  store_be32(tcp + 8, segment.ack);
  tcp[12] = static_cast<uint8_t>(header / 4 << 4);
  tcp[13] = segment.flags;
  store_be16(tcp + 14, segment.window);
  store_be32(tcp + 16, 0);
  put_ipv4(ip, segment.source, segment.destination, 6, header + segment.payload, segment.ip_id);
  set_transport_checksum(ip, header);
  const size_t length = kEthernet + kIpv4 + header + segment.payload;
  // Padding and payload: buffers are reused, and an earlier frame may have had options there.
  if (options == 0) std::memset(tcp + kTcp, 0, 12);
  return std::max(length, minimum);
}

size_t put_udp_frame(uint8_t* p, uint32_t source, uint32_t destination, uint16_t source_port, uint16_t destination_port, size_t payload,
                     size_t minimum) {
  uint8_t* const ip = p + put_ethernet(p, source, destination, kEtherIpv4);
  put_ipv4(ip, source, destination, 17, kUdp + payload, 0);
  put_udp(ip + kIpv4, source_port, destination_port, payload);
  std::memset(ip + kIpv4 + kUdp, 0, 24);
  set_transport_checksum(ip, kUdp);
  return std::max(kEthernet + kIpv4 + kUdp + payload, minimum);
}

size_t put_echo_frame(uint8_t* p, uint32_t source, uint32_t destination, bool reply, uint16_t id, uint16_t sequence, size_t payload,
                      size_t minimum) {
  uint8_t* const ip = p + put_ethernet(p, source, destination, kEtherIpv4);
  put_ipv4(ip, source, destination, 1, 8 + payload, 0);
  put_icmp_echo(ip + kIpv4, reply ? 0 : 8, id, sequence);
  std::memset(ip + kIpv4 + 8, 0, 24);
  set_transport_checksum(ip, 8);
  return std::max(kEthernet + kIpv4 + 8 + payload, minimum);
}

}  // namespace weir
