// MPLS label stacks, the pseudowires inside them, and PPP.
#include "link.h"

namespace weir {
namespace {

constexpr uint32_t kMaxLabels = 16;

// Would decode_ethernet() at this offset find a type that leads to an IP packet or a usual neighbour of one? A
// pseudowire does not say whether it has a control word, so its first bytes are read both ways (RFC 4448).
bool looks_like_ethernet(const Walk& walk, uint32_t offset) {
  if (!walk.have(offset + 14)) return false;
  const uint16_t type = be16(walk.here() + offset + 12);
  switch (type) {
    case 0x0800: case 0x86dd: case 0x0806: case 0x8100: case 0x88a8: case 0x8847: case 0x8848: case 0x8863: case 0x8864:
    case 0x88cc: case 0x9000: case 0x9100:
      return true;
    default: return type <= 1500 && walk.end >= walk.at && type <= walk.end - walk.at - offset - 14;
  }
}

Next decode_pseudowire(Walk& walk) {
  const bool may_have_control_word = walk.have(4) && walk.here()[0] >> 4 == 0;
  if (may_have_control_word && (be16(walk.here()) == 0 || !looks_like_ethernet(walk, 0)) && looks_like_ethernet(walk, 4)) {
    walk.at += 4;
    return decode_ethernet(walk);
  }
  if (looks_like_ethernet(walk, 0)) return decode_ethernet(walk);
  return walk.is_not_flow(NotFlow::kEthertypeOther);
}

Next decode_ppp_protocol(Walk& walk, uint16_t protocol) {
  switch (protocol) {
    case 0x0021: case 0x0057: return decode_ip_version(walk);
    case 0x0281: case 0x0283: return decode_mpls(walk);
    case 0x0031: {  // bridging control: flags, MAC type 1 = 802.3 (RFC 3518)
      if (!walk.need(2, Reject::kLinkTruncated)) return Next::kRejected;
      if (walk.here()[1] != 1) return walk.is_not_flow(NotFlow::kPppControl);
      walk.at += 2;
      return decode_ethernet(walk);
    }
    default: return walk.is_not_flow(NotFlow::kPppControl);
  }
}

}  // namespace

Next decode_mpls(Walk& walk) {
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 4);
  for (uint32_t labels = 0;; ++labels) {
    if (labels == kMaxLabels) return walk.reject(Reject::kTooManyLayers, 4);
    if (!walk.need(4, Reject::kMplsTruncated)) return Next::kRejected;
    const bool bottom = (walk.here()[2] & 1) != 0;
    walk.at += 4;
    if (bottom) break;
  }
  walk.link.flags |= static_cast<uint16_t>(RecordFlag::kMpls);
  if (!walk.need(1, Reject::kMplsTruncated)) return Next::kRejected;
  const uint8_t nibble = walk.here()[0] >> 4;
  if (nibble == 4 || nibble == 6) return decode_ip_version(walk);
  if (nibble == 1 && walk.have(4)) {  // associated channel (RFC 4385): IPv4 and IPv6 channel types carry packets
    const uint16_t channel = be16(walk.here() + 2);
    if (channel != 0x0021 && channel != 0x0057) return walk.is_not_flow(NotFlow::kEthertypeOther);
    walk.at += 4;
    return decode_ip_version(walk);
  }
  return decode_pseudowire(walk);
}

Next decode_ppp(Walk& walk) {
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 2);
  if (walk.have(2) && walk.here()[0] == 0xff && walk.here()[1] == 0x03) walk.at += 2;
  if (!walk.need(1, Reject::kLinkTruncated)) return Next::kRejected;
  // Protocol numbers end in an odd byte; an odd first byte is a compressed field (RFC 1661, 6.5).
  const uint8_t first = walk.here()[0];
  if ((first & 1) != 0) {
    walk.at += 1;
    return decode_ppp_protocol(walk, first);
  }
  if (!walk.need(2, Reject::kLinkTruncated)) return Next::kRejected;
  const uint16_t protocol = be16(walk.here());
  walk.at += 2;
  if ((protocol & 1) == 0) return walk.reject(Reject::kPppBadHeader, 2);
  return decode_ppp_protocol(walk, protocol);
}

}  // namespace weir
