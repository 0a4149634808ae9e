#include "verdict_packet.h"

#include <cstring>

#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
// Longer chains are not walked; such a packet is judged by its addresses.
constexpr int kMaxExtensions = 8;

uint16_t word_at(const uint8_t* bytes) { return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]); }

void read_ports(const uint8_t* bytes, size_t size, size_t at, VerdictPacket& packet) {
  const bool known = packet.protocol == kProtoTcp || packet.protocol == kProtoUdp || packet.protocol == kProtoSctp;
  if (!known || packet.later_fragment || size < at + 4) return;
  packet.source_port = word_at(bytes + at);
  packet.destination_port = word_at(bytes + at + 2);
  packet.has_ports = true;
}

bool read_ipv4(const uint8_t* bytes, size_t size, VerdictPacket& packet) {
  if (size < kIpv4Header) return false;
  packet.ipv6 = false;
  packet.protocol = bytes[9];
  std::memcpy(packet.source, bytes + 12, 4);
  std::memcpy(packet.destination, bytes + 16, 4);
  packet.later_fragment = (word_at(bytes + 6) & 0x1fff) != 0;
  const size_t header = size_t{4} * (bytes[0] & 0x0f);
  if (header >= kIpv4Header) read_ports(bytes, size, header, packet);
  return true;
}

bool read_ipv6(const uint8_t* bytes, size_t size, VerdictPacket& packet) {
  if (size < kIpv6Header) return false;
  packet.ipv6 = true;
  std::memcpy(packet.source, bytes + 8, 16);
  std::memcpy(packet.destination, bytes + 24, 16);
  packet.protocol = bytes[6];
  size_t at = kIpv6Header;
  for (int i = 0; i < kMaxExtensions; ++i) {
    const uint8_t kind = packet.protocol;
    const bool walked = kind == kProtoHopByHop || kind == kProtoRouting || kind == kProtoDestination || kind == kProtoFragment || kind == kProtoAh;
    if (!walked) {
      read_ports(bytes, size, at, packet);
      return true;
    }
    if (size < at + 8) return true;
    if (kind == kProtoFragment) packet.later_fragment = packet.later_fragment || (word_at(bytes + at + 2) & 0xfff8) != 0;
    packet.protocol = bytes[at];
    at += kind == kProtoFragment ? 8 : kind == kProtoAh ? size_t{4} * (bytes[at + 1] + 2) : size_t{8} * (bytes[at + 1] + 1);
  }
  return true;
}

}  // namespace

bool read_verdict_packet(const uint8_t* bytes, size_t size, VerdictPacket& packet) {
  if (size == 0) return false;
  packet = VerdictPacket();
  switch (bytes[0] >> 4) {
    case 4: return read_ipv4(bytes, size, packet);
    case 6: return read_ipv6(bytes, size, packet);
    default: return false;
  }
}

}  // namespace weir
