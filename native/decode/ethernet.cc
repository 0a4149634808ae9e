// Ethernet II, IEEE 802.3 with LLC and SNAP, and everything that an EtherType can announce.
#include <cstring>

#include "link.h"

namespace weir {
namespace {

constexpr uint16_t kFirstEtherType = 0x600;  // smaller values are 802.3 lengths (up to 1500) or undefined

enum EtherType : uint16_t {
  kTypeIpv4 = 0x0800,
  kTypeArp = 0x0806,
  kTypeWakeOnLan = 0x0842,
  kTypeTrill = 0x22f3,
  kTypeIsisL2 = 0x22f4,
  kTypeTransparentEthernet = 0x6558,
  kTypeRarp = 0x8035,
  kTypeVlan = 0x8100,
  kTypeIpv6 = 0x86dd,
  kTypeSlow = 0x8809,
  kTypePpp = 0x880b,
  kTypeMpls = 0x8847,
  kTypeMplsUpstream = 0x8848,
  kTypePppoeDiscovery = 0x8863,
  kTypePppoeSession = 0x8864,
  kTypeJumboLlc = 0x8870,
  kTypeEapol = 0x888e,
  kTypeProfinet = 0x8892,
  kTypeProviderBridge = 0x88a8,
  kTypeLldp = 0x88cc,
  kTypeMacsec = 0x88e5,
  kTypeBackboneBridge = 0x88e7,
  kTypeCiscoMetadata = 0x8909,
  kTypeVnTag = 0x8926,
  kTypeHsr = 0x892f,
  kTypeEtag = 0x893f,
  kTypeNsh = 0x894f,
  kTypeLoopbackTest = 0x9000,
  kTypeQinq1 = 0x9100,
  kTypeQinq2 = 0x9200,
  kTypeRtag = 0xf1c1,
};

// Skips a tag whose last two bytes are the next EtherType (or an 802.3 length).
Next skip_tag(Walk& walk, uint32_t length) {
  if (!walk.need(length, Reject::kLinkTruncated)) return Next::kRejected;
  const uint16_t type = be16(walk.here() + length - 2);
  walk.at += length;
  if (type >= kFirstEtherType) return decode_ethertype(walk, type);
  walk.shorten(type);
  return decode_llc(walk);
}

Next decode_vlan(Walk& walk) {
  if (walk.link.vlan_depth >= kMaxVlanTags) return walk.reject(Reject::kLinkTooManyTags, 4);
  if (!walk.need(4, Reject::kLinkTruncated)) return Next::kRejected;
  if (walk.link.vlan_depth < 2) walk.link.tci[walk.link.vlan_depth] = be16(walk.here());
  ++walk.link.vlan_depth;
  return skip_tag(walk, 4);
}

// RFC 2516. The length field bounds the payload, so that Ethernet padding does not reach the IP layer.
Next decode_pppoe(Walk& walk) {
  if (!walk.need(6, Reject::kPppoeTruncated)) return Next::kRejected;
  const uint16_t length = be16(walk.here() + 4);
  walk.at += 6;
  walk.link.flags |= static_cast<uint16_t>(RecordFlag::kPppoe);
  walk.shorten(length);
  return decode_ppp(walk);
}

// Network service header, RFC 8300: the length is in words, in the low six bits of the second byte.
Next decode_nsh(Walk& walk) {
  if (!walk.need(8, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  const uint32_t length = (p[1] & 0x3fu) * 4;
  if (length < 8) return walk.reject(Reject::kLinkBadHeader, 8);
  if (!walk.need(length, Reject::kLinkTruncated)) return Next::kRejected;
  walk.at += length;
  switch (p[3]) {
    case 1: case 2: return decode_ip_version(walk);
    case 3: return decode_ethernet(walk);
    case 4: return decode_ethertype(walk, kTypeNsh);
    case 5: return decode_mpls(walk);
    default: return walk.is_not_flow(NotFlow::kEthertypeOther);
  }
}

Next decode_trill(Walk& walk) {
  if (!walk.need(6, Reject::kLinkTruncated)) return Next::kRejected;
  const uint32_t options = ((be16(walk.here()) >> 6) & 0x1fu) * 4;
  if (!walk.need(6 + options, Reject::kLinkTruncated)) return Next::kRejected;
  walk.at += 6 + options;
  return decode_ethernet(walk);
}

Next decode_bridged(Walk& walk, uint32_t tag_length) {
  if (!walk.need(tag_length, Reject::kLinkTruncated)) return Next::kRejected;
  walk.at += tag_length;
  return decode_ethernet(walk);
}

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
  if (oui == kBridged8021 && (type == 1 || type == 7)) return decode_bridged(walk, 2);
  return walk.is_not_flow(NotFlow::kLlcOther);
}

Next not_flow_type(Walk& walk, uint16_t type) {
  switch (type) {
    case kTypeArp: case kTypeRarp: return walk.is_not_flow(NotFlow::kArp);
    case kTypeLldp: return walk.is_not_flow(NotFlow::kLldp);
    case kTypeEapol: return walk.is_not_flow(NotFlow::kEapol);
    case kTypeLoopbackTest: return walk.is_not_flow(NotFlow::kLoopbackTest);
    case kTypeSlow: return walk.is_not_flow(NotFlow::kSlowProtocols);
    case kTypePppoeDiscovery: return walk.is_not_flow(NotFlow::kPppoeDiscovery);
    case kTypeMacsec: return walk.is_not_flow(NotFlow::kMacsec);
    case kTypeIsisL2: return walk.is_not_flow(NotFlow::kIsis);
    case kTypeProfinet: return walk.is_not_flow(NotFlow::kProfinet);
    case kTypeWakeOnLan: return walk.is_not_flow(NotFlow::kWakeOnLan);
    default: return walk.is_not_flow(NotFlow::kEthertypeOther);
  }
}

}  // namespace

Next decode_ethernet(Walk& walk) {
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 14);
  if (!walk.need(14, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  // Cisco ISL: a 26-byte header whose destination is one of two fixed prefixes, in front of a whole frame.
  if (p[1] == 0x00 && p[2] == 0x0c && p[3] == 0x00 && p[4] == 0x00 && (p[0] == 0x01 || p[0] == 0x0c)) {
    return decode_bridged(walk, 26);
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

Next decode_ethertype(Walk& walk, uint16_t type) {
  if (type == kTypeIpv4 || type == kTypeIpv6) return decode_ip_version(walk);
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 0);
  switch (type) {
    case kTypeVlan: case kTypeProviderBridge: case kTypeQinq1: case kTypeQinq2: return decode_vlan(walk);
    case kTypeMpls: case kTypeMplsUpstream: return decode_mpls(walk);
    case kTypePppoeSession: return decode_pppoe(walk);
    case kTypePpp: return decode_ppp(walk);
    case kTypeJumboLlc: return decode_llc(walk);
    case kTypeTransparentEthernet: return decode_ethernet(walk);
    case kTypeBackboneBridge: return decode_bridged(walk, 4);  // I-TAG, then the customer's frame
    case kTypeTrill: return decode_trill(walk);
    case kTypeNsh: return decode_nsh(walk);
    case kTypeVnTag: case kTypeHsr: case kTypeRtag: return skip_tag(walk, 6);
    case kTypeEtag: case kTypeCiscoMetadata: return skip_tag(walk, 8);
    default: return not_flow_type(walk, type);
  }
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
