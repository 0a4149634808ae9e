// GRE and what rides on it: RFC 2784, 2890 (key, sequence), 1701 (routing), 2637 (PPTP), 7637 (NVGRE), ERSPAN I to III.
#include "link.h"
#include "tunnel.h"

namespace weir {
namespace {

constexpr uint16_t kChecksum = 0x8000;
constexpr uint16_t kRouting = 0x4000;
constexpr uint16_t kKey = 0x2000;
constexpr uint16_t kSequence = 0x1000;
constexpr uint16_t kAck = 0x0080;  // version 1 only
constexpr uint16_t kVersion = 0x0007;

constexpr uint16_t kTypeErspan12 = 0x88be;
constexpr uint16_t kTypeErspan3 = 0x22eb;
constexpr uint16_t kTypePpp = 0x880b;
constexpr uint16_t kTypeEthernet = 0x6558;
constexpr uint16_t kTypeWccp = 0x883e;
constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeCiscoMetadata = 0x8909;
constexpr uint16_t kTypeAruba9000 = 0x9000;  // access points: 802.11 frames, also under 0x8200 to 0x82ff
constexpr uint16_t kTypeArubaHigh = 0x82;
constexpr uint32_t kMaxRoutingEntries = 16;

struct GreHeader {
  uint16_t flags;
  uint16_t type;
  uint32_t key;
};

// Source route entries until the empty one: address family 2, offset 1, length 1, then `length` bytes.
bool skip_routing(Walk& walk) {
  for (uint32_t entry = 0; entry < kMaxRoutingEntries; ++entry) {
    if (!walk.need(4, Reject::kLinkTruncated)) return false;
    const uint8_t* p = walk.here();
    const uint32_t length = 4u + p[3];
    const bool last = be16(p) == 0 && p[3] == 0;
    if (!walk.need(length, Reject::kLinkTruncated)) return false;
    walk.at += length;
    if (last) return true;
  }
  return false;
}

bool read_header(Walk& walk, GreHeader& gre) {
  if (!walk.need(4, Reject::kLinkTruncated)) return false;
  gre.flags = be16(walk.here());
  gre.type = be16(walk.here() + 2);
  gre.key = 0;
  const uint16_t version = gre.flags & kVersion;
  if (version > 1) return false;
  uint32_t length = 4;
  if ((gre.flags & (kChecksum | kRouting)) != 0) length += 4;
  const uint32_t key_at = length;
  if ((gre.flags & kKey) != 0) length += 4;
  if ((gre.flags & kSequence) != 0) length += 4;
  if (version == 1 && (gre.flags & kAck) != 0) length += 4;
  if (!walk.need(length, Reject::kLinkTruncated)) return false;
  if ((gre.flags & kKey) != 0) gre.key = be32(walk.here() + key_at);
  walk.at += length;
  return (gre.flags & kRouting) == 0 || skip_routing(walk);
}

// Type I has no header of its own, II one of 8 bytes, III one of 12 and an optional sub-header of 8. The session id
// marks the mirroring session and is the same for both directions of a flow in it.
Next unwrap_erspan(Walk& walk, const GreHeader& gre, TunnelHeader& tunnel) {
  tunnel.type = TunnelType::kErspan;
  if (gre.type == kTypeErspan12 && (gre.flags & kSequence) == 0) return decode_ethernet(walk);
  const uint32_t length = gre.type == kTypeErspan12 ? 8 : 12;
  if (!walk.need(length, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  const uint8_t version = p[0] >> 4;
  if (version != (gre.type == kTypeErspan12 ? 1 : 2)) return walk.reject(Reject::kLinkBadHeader, length);
  tunnel.scope = be16(p + 2) & 0x3ffu;
  tunnel.has_scope = true;
  walk.at += length;
  if (version == 1) return decode_ethernet(walk);
  if ((p[11] & 1) != 0) {
    if (!walk.need(8, Reject::kLinkTruncated)) return Next::kRejected;
    walk.at += 8;
  }
  const uint8_t frame_type = (p[10] >> 2) & 0x1f;
  if (frame_type == 2) return decode_ip_version(walk);
  return frame_type == 0 ? decode_ethernet(walk) : walk.is_not_flow(NotFlow::kEthertypeOther);
}

// Cisco's web cache redirection puts 4 bytes in front of the packet, or none (version 1).
Next unwrap_wccp(Walk& walk) {
  if (!walk.need(1, Reject::kIpTruncated)) return Next::kRejected;
  if (walk.here()[0] >> 4 != 4) {
    if (!walk.need(4, Reject::kIpTruncated)) return Next::kRejected;
    walk.at += 4;
  }
  return decode_ip_version(walk);
}

// In GRE the EtherType comes in front of the six bytes of metadata, not behind them as in Ethernet.
Next unwrap_metadata(Walk& walk) {
  if (!walk.need(8, Reject::kLinkTruncated)) return Next::kRejected;
  const uint16_t type = be16(walk.here());
  walk.at += 8;
  return type >= kFirstEtherType ? decode_ethertype(walk, type) : walk.is_not_flow(NotFlow::kEthertypeOther);
}

// A virtual subnet id is the upper 24 bits of the key, from 4096 on; the lower 8 may differ per packet (RFC 7637).
// Keys of plain GRE bridges are small numbers in practice and stay whole.
void set_bridge_scope(const GreHeader& gre, TunnelHeader& tunnel) {
  constexpr uint32_t kFirstSubnet = 0x1000;
  if ((gre.flags & kKey) == 0 || (gre.flags & (kChecksum | kSequence)) != 0 || gre.key >> 8 < kFirstSubnet) return;
  tunnel.type = TunnelType::kNvgre;
  tunnel.scope = gre.key >> 8;
}

}  // namespace

Next unwrap_gre(Walk& walk, TunnelHeader& tunnel) {
  GreHeader gre;
  tunnel.type = TunnelType::kGre;
  if (!read_header(walk, gre)) return Next::kRejected;
  if ((gre.flags & kVersion) == 1) {
    // PPTP: the key holds the receiver's call id, which differs per direction.
    if (gre.type != kTypePpp) return walk.reject(Reject::kLinkBadHeader, 4);
    tunnel.type = TunnelType::kPptp;
    return decode_ppp(walk);
  }
  if (gre.type == kTypeErspan12 || gre.type == kTypeErspan3) return unwrap_erspan(walk, gre, tunnel);
  tunnel.scope = gre.key;
  tunnel.has_scope = (gre.flags & kKey) != 0;
  switch (gre.type) {
    case kTypeIpv4: return decode_ip_version(walk);
    case kTypeEthernet:
      set_bridge_scope(gre, tunnel);
      return decode_ethernet(walk);
    case kTypeWccp: return unwrap_wccp(walk);
    case kTypePpp: return decode_ppp(walk);
    case kTypeCiscoMetadata: return unwrap_metadata(walk);
    case kTypeAruba9000: return decode_wlan(walk);
    default:
      if (gre.type >> 8 == kTypeArubaHigh) return decode_wlan(walk);
      return gre.type >= kFirstEtherType ? decode_ethertype(walk, gre.type) : walk.is_not_flow(NotFlow::kEthertypeOther);
  }
}

}  // namespace weir
