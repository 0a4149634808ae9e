// Tunnels over UDP, by port and by shape.
#include "link.h"
#include "tunnel.h"

namespace weir {
namespace {

Next no_tunnel(Walk& walk) { return walk.reject(Reject::kLinkBadHeader, 0); }

// RFC 7348: only the I flag is defined; extensions (group policy, generic protocol) use more of the first word, but a version
// or a last byte that is not 0 is something else.
Next unwrap_vxlan(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.have(8)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  if ((p[0] & 0x08) == 0 || (p[0] & 0x30) != 0 || p[7] != 0) return no_tunnel(walk);
  tunnel = {TunnelType::kVxlan, be24(p + 4), true};
  walk.at += 8;
  return decode_ethernet(walk);
}

// draft-ietf-nvo3-vxlan-gpe: version 0, and a next protocol where the P flag is set.
Next unwrap_vxlan_gpe(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.have(8)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  if ((p[0] & 0xf0) != 0 || p[7] != 0) return no_tunnel(walk);
  const bool has_instance = (p[0] & 0x08) != 0;
  tunnel = {TunnelType::kVxlan, has_instance ? be24(p + 4) : 0, has_instance};
  const uint8_t next = (p[0] & 0x04) != 0 ? p[3] : 3;
  walk.at += 8;
  switch (next) {
    case 1: case 2: return decode_ip_version(walk);
    case 3: return decode_ethernet(walk);
    case 4: return decode_ethertype(walk, 0x894f);
    case 5: return decode_mpls(walk);
    default: return no_tunnel(walk);
  }
}

// RFC 8926.
Next unwrap_geneve(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.have(8)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  const uint32_t length = 8 + (p[0] & 0x3fu) * 4;
  if (p[0] >> 6 != 0 || !walk.have(length)) return no_tunnel(walk);
  tunnel = {TunnelType::kGeneve, be24(p + 4), true};
  walk.at += length;
  const uint16_t type = be16(p + 2);
  return type >= kFirstEtherType ? decode_ethertype(walk, type) : no_tunnel(walk);
}

// 3GPP TS 29.281: version 1, protocol type GTP, only user data (T-PDU). The endpoint id differs per direction.
Next unwrap_gtp1(Walk& walk, TunnelHeader& tunnel) {
  constexpr uint8_t kTpdu = 0xff;
  constexpr int kMaxExtensions = 8;
  if (!walk.have(8)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  if ((p[0] & 0xf0) != 0x30 || p[1] != kTpdu) return no_tunnel(walk);
  tunnel = {TunnelType::kGtpu, 0, false};
  const bool optional = (p[0] & 0x07) != 0;
  walk.at += 8;
  if (!optional) return decode_ip_version(walk);
  if (!walk.have(4)) return no_tunnel(walk);
  uint8_t next = (p[0] & 0x04) != 0 ? walk.here()[3] : 0;
  walk.at += 4;
  for (int count = 0; next != 0; ++count) {
    if (count == kMaxExtensions || !walk.have(1)) return no_tunnel(walk);
    const uint32_t length = walk.here()[0] * 4u;
    if (length == 0 || !walk.have(length)) return no_tunnel(walk);
    next = walk.here()[length - 1];
    walk.at += length;
  }
  return decode_ip_version(walk);
}

// 3GPP TS 09.60: the 20-byte header of version 0.
Next unwrap_gtp0(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.have(20)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  if ((p[0] & 0xf0) != 0x10 || p[1] != 0xff) return no_tunnel(walk);
  tunnel = {TunnelType::kGtpu, 0, false};
  walk.at += 20;
  return decode_ip_version(walk);
}

// RFC 4380: an authentication header (00 01) and an origin indication (00 00), both optional, then IPv6.
Next unwrap_teredo(Walk& walk, TunnelHeader& tunnel) {
  if (walk.have(4) && be16(walk.here()) == 0x0001) {
    const uint32_t length = 13u + walk.here()[2] + walk.here()[3];
    if (!walk.have(length)) return no_tunnel(walk);
    walk.at += length;
  }
  if (walk.have(8) && be16(walk.here()) == 0x0000) walk.at += 8;
  if (!walk.have(40) || walk.here()[0] >> 4 != 6) return no_tunnel(walk);
  tunnel = {TunnelType::kTeredo, 0, false};
  return Next::kIp;
}

// RFC 2661 data messages: optional length, sequence numbers and offset padding, then PPP. Ids differ per direction.
Next unwrap_l2tp(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.have(6)) return no_tunnel(walk);
  const uint16_t flags = be16(walk.here());
  const bool control = (flags & 0x8000) != 0;
  if (control || (flags & 0x000f) != 2) return no_tunnel(walk);
  uint32_t length = 6;
  if ((flags & 0x4000) != 0) length += 2;
  if ((flags & 0x0800) != 0) length += 4;
  if (!walk.have(length)) return no_tunnel(walk);
  if ((flags & 0x0200) != 0) {
    if (!walk.have(length + 2)) return no_tunnel(walk);
    length += 2u + be16(walk.here() + length);
    if (!walk.have(length)) return no_tunnel(walk);
  }
  walk.at += length;
  tunnel = {TunnelType::kL2tp, 0, false};
  return decode_ppp(walk);
}

// draft-massar-v6ops-ayiya: identity and signature in words, then what the header names.
Next unwrap_ayiya(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.have(8)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  const uint32_t identity = 1u << (p[0] >> 4);
  const uint32_t signature = (p[1] >> 4) * 4u;
  const uint8_t operation = p[2] & 0x0f;
  const uint32_t length = 8 + identity + signature;
  if (operation != 1 || (p[3] != 4 && p[3] != 41) || !walk.have(length)) return no_tunnel(walk);
  tunnel = {TunnelType::kAyiya, 0, false};
  walk.at += length;
  return decode_ip_version(walk);
}

// RFC 5415: the header's length in words, an 802.11 frame with T, else an 802.3 one; keep-alives and fragments are neither.
Next unwrap_capwap(Walk& walk, TunnelHeader& tunnel) {
  constexpr uint8_t kFragment = 0x80;
  constexpr uint8_t kKeepAlive = 0x08;
  if (!walk.have(8)) return no_tunnel(walk);
  const uint8_t* p = walk.here();
  const uint32_t length = (p[1] >> 3) * 4u;
  if (p[0] != 0 || length < 8 || (p[3] & (kFragment | kKeepAlive)) != 0 || !walk.have(length)) return no_tunnel(walk);
  tunnel = {TunnelType::kCapwap, 0, false};
  walk.at += length;
  return (p[2] & 1) != 0 ? decode_wlan(walk) : decode_ethernet(walk);
}

Next unwrap_port(Walk& walk, uint16_t port, TunnelHeader& tunnel) {
  switch (port) {
    case kVxlan: case kVxlanLinux: return unwrap_vxlan(walk, tunnel);
    case kVxlanGpe: return unwrap_vxlan_gpe(walk, tunnel);
    case kGeneve: return unwrap_geneve(walk, tunnel);
    case kGtpUser: return unwrap_gtp1(walk, tunnel);
    case kGtpV0: return unwrap_gtp0(walk, tunnel);
    case kTeredo: return unwrap_teredo(walk, tunnel);
    case kGreUdp:  // RFC 8086
      tunnel = {TunnelType::kGre, 0, false};
      return unwrap_gre(walk, tunnel);
    case kL2tp: return unwrap_l2tp(walk, tunnel);
    case kAyiya: return unwrap_ayiya(walk, tunnel);
    case kCapwapData: return unwrap_capwap(walk, tunnel);
    case kMplsUdp:  // RFC 7510
      tunnel = {TunnelType::kMplsUdp, 0, false};
      return decode_mpls(walk);
    default: return no_tunnel(walk);
  }
}

}  // namespace

bool is_tunnel_port(uint16_t port) {
  switch (port) {
    case kL2tp: case kGtpUser: case kGtpV0: case kTeredo: case kGreUdp: case kVxlan: case kVxlanGpe: case kAyiya: case kCapwapData:
    case kGeneve: case kMplsUdp: case kVxlanLinux:
      return true;
    default: return false;
  }
}

Next unwrap_udp(Walk& walk, const PacketRecord& r, TunnelHeader& tunnel) {
  if (!walk.have(8)) return no_tunnel(walk);
  const uint16_t length = be16(walk.here() + 4);
  if (length >= 8) walk.shorten(length);
  walk.at += 8;
  // Answers of most of these come from the well-known port, so either side counts; the destination is asked first.
  const Walk start = walk;
  const Next next = unwrap_port(walk, r.dstPort, tunnel);
  if (next == Next::kIp || r.srcPort == r.dstPort) return next;
  walk = start;
  return unwrap_port(walk, r.srcPort, tunnel);
}

}  // namespace weir
