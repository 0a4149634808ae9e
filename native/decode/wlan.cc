// IEEE 802.11 data frames inside tunnels of access points. As a link type of its own 802.11 is not decoded.
#include <cstring>

#include "link.h"

namespace weir {
namespace {

constexpr uint8_t kToAccessPoint = 0x01;
constexpr uint8_t kFromAccessPoint = 0x02;
constexpr uint8_t kProtected = 0x40;
constexpr uint8_t kOrder = 0x80;
constexpr uint8_t kNoPayload = 0x40;  // bits of the first octet, within data frames
constexpr uint8_t kQos = 0x80;
constexpr uint8_t kAggregated = 0x80;  // first octet of the QoS control field

bool is_data(uint8_t first) { return (first & 0x0f) == 0x08; }

}  // namespace

Next decode_wlan(Walk& walk) {
  if (!walk.enter_header()) return walk.reject(Reject::kTooManyLayers, 24);
  if (!walk.need(24, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  // Some controllers send the frame control field with its two octets swapped.
  const bool swapped = !is_data(p[0]) && is_data(p[1]);
  const uint8_t type = p[swapped ? 1 : 0];
  const uint8_t flags = p[swapped ? 0 : 1];
  if (!is_data(type) || (type & kNoPayload) != 0 || (flags & kProtected) != 0) return walk.is_not_flow(NotFlow::kEthertypeOther);
  const bool to = (flags & kToAccessPoint) != 0;
  const bool from = (flags & kFromAccessPoint) != 0;
  uint32_t header = to && from ? 30 : 24;
  const uint32_t qos_at = header;
  if ((type & kQos) != 0) header += (flags & kOrder) != 0 ? 6 : 2;
  if (!walk.need(header, Reject::kLinkTruncated)) return Next::kRejected;
  std::memcpy(walk.link.dst_mac, p + (to ? 16 : 4), 6);
  std::memcpy(walk.link.src_mac, p + (to && from ? 24 : from ? 16 : 10), 6);
  walk.link.vlan_depth = 0;
  walk.link.tci[0] = walk.link.tci[1] = 0;
  const bool aggregated = (type & kQos) != 0 && (p[qos_at] & kAggregated) != 0;
  walk.at += header;
  if (!aggregated) return decode_llc(walk);
  // Of several frames in one, the first stands for all of them: a captured frame counts once.
  if (!walk.need(14, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* subframe = walk.here();
  std::memcpy(walk.link.dst_mac, subframe, 6);
  std::memcpy(walk.link.src_mac, subframe + 6, 6);
  walk.at += 14;
  walk.shorten(be16(subframe + 12));
  return decode_llc(walk);
}

}  // namespace weir
