// Ethernet II, IEEE 802.3 with LLC, and SNAP.
#include <cstring>

#include "link.h"

namespace weir {
namespace {

Next decode_snap(Walk& walk, uint32_t oui, uint16_t type) {
  constexpr uint32_t kCisco = 0x00000c;
  constexpr uint32_t kBridged8021 = 0x0080c2;
  constexpr uint32_t kBridgeTunnel = 0x0000f8;
  if (oui == 0 || oui == kBridgeTunnel) {
    if (type >= kFirstEtherType) return decode_ethertype(walk, type);
    return walk.is_not_flow(NotFlow::kLlcOther);
  }
  if (oui == kCisco) {
    if (type == 0x2000) return walk.is_not_flow(NotFlow::kCdp);
    if (type == 0x010b || type == 0x010c) return walk.is_not_flow(NotFlow::kStp);  // PVST+
    return walk.is_not_flow(NotFlow::kLlcOther);
  }
  // 802.1 bridged 802.3 over ATM, with or without the FCS; two bytes of padding come first (RFC 2684, 5.2).
  if (oui == kBridged8021 && (type == 1 || type == 7)) return skip_to_ethernet(walk, 2);
  return walk.is_not_flow(NotFlow::kLlcOther);
}

}  // namespace

Next decode_ethernet(Walk& walk) {
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 14);
  if (!walk.need(14, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  // Cisco ISL: a 26-byte header whose destination is one of two fixed prefixes, in front of a whole frame.
  if (p[1] == 0x00 && p[2] == 0x0c && p[3] == 0x00 && p[4] == 0x00 && (p[0] == 0x01 || p[0] == 0x0c)) {
    return skip_to_ethernet(walk, 26);
  }
  std::memcpy(walk.link.dst_mac, p, 6);
  std::memcpy(walk.link.src_mac, p + 6, 6);
  walk.link.vlan_depth = 0;
  walk.link.tci[0] = walk.link.tci[1] = 0;
  walk.link.flags = 0;
  walk.at += 14;
  const uint16_t type = be16(p + 12);
  if (type >= kFirstEtherType) return decode_ethertype(walk, type);
  if (type > 1500) return walk.reject(Reject::kLinkBadHeader, 14);
  walk.shorten(type);
  return decode_llc(walk);
}

Next skip_to_ethernet(Walk& walk, uint32_t length) {
  if (!walk.need(length, Reject::kLinkTruncated)) return Next::kRejected;
  walk.at += length;
  return decode_ethernet(walk);
}

Next decode_llc(Walk& walk) {
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 3);
  if (!walk.need(3, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  const uint32_t header = (p[2] & 3) == 3 ? 3 : 4;
  switch (p[0]) {
    case 0xaa: case 0xab: {
      if (!walk.need(header + 5, Reject::kLinkTruncated)) return Next::kRejected;
      walk.at += header + 5;
      return decode_snap(walk, be24(p + header), be16(p + header + 3));
    }
    case 0x42: return walk.is_not_flow(NotFlow::kStp);
    case 0xfe: return walk.is_not_flow(NotFlow::kIsis);
    case 0x06:
      walk.at += header;
      return decode_ip_version(walk);
    default: return walk.is_not_flow(NotFlow::kLlcOther);
  }
}

}  // namespace weir
