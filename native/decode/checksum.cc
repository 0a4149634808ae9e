#include "checksum.h"

#include "protocols.h"

namespace weir {
namespace {

uint64_t pseudo_header(const PacketRecord& r, uint8_t protocol, uint32_t length) {
  const bool ipv6 = (r.flags & static_cast<uint16_t>(RecordFlag::kIpv6)) != 0;
  const uint32_t address = ipv6 ? 16 : 4;
  uint64_t sum = checksum_add(0, r.srcAddr, address);
  sum = checksum_add(sum, r.dstAddr, address);
  const uint8_t tail[8] = {static_cast<uint8_t>(length >> 24), static_cast<uint8_t>(length >> 16),
                           static_cast<uint8_t>(length >> 8),  static_cast<uint8_t>(length), 0, 0, 0, protocol};
  return checksum_add(sum, tail, sizeof tail);
}

// Bytes that the checksum covers; 0 = do not check.
uint32_t covered(const uint8_t* p, uint8_t protocol, uint32_t length) {
  switch (protocol) {
    case kProtoTcp: return length >= 20 ? length : 0;
    case kProtoUdp: {
      if (length < 8 || be16(p + 6) == 0) return 0;
      const uint32_t udp = be16(p + 4);
      return udp == 0 ? length : udp >= 8 && udp <= length ? udp : 0;
    }
    case kProtoUdpLite: {
      if (length < 8) return 0;
      const uint32_t coverage = be16(p + 4);
      return coverage == 0 ? length : coverage >= 8 && coverage <= length ? coverage : 0;
    }
    case kProtoIcmp: case kProtoIcmpv6: return length >= 4 ? length : 0;
    default: return 0;
  }
}

}  // namespace

bool transport_checksum_ok(const Walk& walk, const PacketRecord& r, const Datagram& d) {
  if (d.fragment || d.end > walk.captured || d.end < d.l4) return true;
  const uint8_t* p = walk.bytes + d.l4;
  const uint32_t length = d.end - d.l4;
  const uint32_t bytes = covered(p, d.protocol, length);
  if (bytes == 0) return true;
  if (d.protocol == kProtoIcmp) return internet_checksum(p, bytes) == 0;
  if (!d.pseudo_known) return true;
  // UDP-Lite's pseudo header holds the length of the datagram, UDP's the length that is covered (RFC 3828, 3.1).
  const uint32_t pseudo_length = d.protocol == kProtoUdpLite ? length : bytes;
  return checksum_fold(checksum_add(pseudo_header(r, d.protocol, pseudo_length), p, bytes)) == 0;
}

}  // namespace weir
