// Everything that an EtherType can announce: tags, labels, other encapsulations, and what is no flow.
#include "link.h"

namespace weir {
namespace {

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
  kTypeAristaTime = 0xd28b,
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

// Arista's time stamp header: subtype 1, then a version whose low byte tells the width of the stamp.
Next decode_arista(Walk& walk) {
  if (!walk.need(4, Reject::kLinkTruncated)) return Next::kRejected;
  if (be16(walk.here()) != 1) return walk.is_not_flow(NotFlow::kEthertypeOther);
  const uint8_t width = walk.here()[3];
  if (width != 0x10 && width != 0x20) return walk.is_not_flow(NotFlow::kEthertypeOther);
  return skip_tag(walk, 4 + (width == 0x10 ? 8 : 6) + 2);
}

// IEEE 802.1AE. Frames that are only authenticated are readable: tag of 6 bytes, 8 more with a channel identifier, then
// EtherType and payload in front of the 16-byte check value.
Next decode_macsec(Walk& walk) {
  constexpr uint8_t kVersion = 0x80;
  constexpr uint8_t kHasChannel = 0x20;
  constexpr uint8_t kEncrypted = 0x0c;  // encrypted, or changed
  if (!walk.need(6, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t tci = walk.here()[0];
  if ((tci & (kVersion | kEncrypted)) != 0) return walk.is_not_flow(NotFlow::kMacsec);
  const uint32_t tag = (tci & kHasChannel) != 0 ? 14 : 6;
  const uint8_t short_length = walk.here()[1] & 0x3f;
  if (!walk.need(tag, Reject::kLinkTruncated)) return Next::kRejected;
  const uint32_t room = walk.end - walk.at - tag;
  if (short_length != 0) {
    walk.shorten(tag + short_length);
  } else if (room > 16) {
    walk.shorten(tag + room - 16);
  }
  return skip_tag(walk, tag + 2);
}

Next not_flow_type(Walk& walk, uint16_t type) {
  switch (type) {
    case kTypeArp:
      walk.at_arp = true;
      return walk.is_not_flow(NotFlow::kArp);
    case kTypeRarp: return walk.is_not_flow(NotFlow::kArp);
    case kTypeLldp: return walk.is_not_flow(NotFlow::kLldp);
    case kTypeEapol: return walk.is_not_flow(NotFlow::kEapol);
    case kTypeLoopbackTest: return walk.is_not_flow(NotFlow::kLoopbackTest);
    case kTypeSlow: return walk.is_not_flow(NotFlow::kSlowProtocols);
    case kTypePppoeDiscovery: return walk.is_not_flow(NotFlow::kPppoeDiscovery);
    case kTypeIsisL2: return walk.is_not_flow(NotFlow::kIsis);
    case kTypeProfinet: return walk.is_not_flow(NotFlow::kProfinet);
    case kTypeWakeOnLan: return walk.is_not_flow(NotFlow::kWakeOnLan);
    default: return walk.is_not_flow(NotFlow::kEthertypeOther);
  }
}

}  // namespace

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
    case kTypeBackboneBridge: return skip_to_ethernet(walk, 4);  // I-TAG, then the customer's frame
    case kTypeTrill: return decode_trill(walk);
    case kTypeNsh: return decode_nsh(walk);
    case kTypeVnTag: case kTypeHsr: case kTypeRtag: return skip_tag(walk, 6);
    case kTypeEtag: case kTypeCiscoMetadata: return skip_tag(walk, 8);
    case kTypeMacsec: return decode_macsec(walk);
    case kTypeAristaTime: return decode_arista(walk);
    default: return not_flow_type(walk, type);
  }
}

}  // namespace weir
