#include "network.h"

#include <cstring>

#include "checksum.h"
#include "protocols.h"

namespace weir {
namespace {

void set_flag(PacketRecord& r, RecordFlag flag) { r.flags |= static_cast<uint16_t>(flag); }

bool fail(Walk& walk, Reject why, uint32_t needed) {
  walk.reject(why, needed);
  return false;
}

bool decode_ipv4(Walk& walk, PacketRecord& r, Datagram& d) {
  if (!walk.need(20, Reject::kIpTruncated)) return false;
  const uint8_t* p = walk.here();
  const uint32_t header = (p[0] & 0x0fu) * 4;
  if (header < 20) return fail(walk, Reject::kIpBadHeaderLength, 20);
  uint32_t total = be16(p + 2);
  const uint32_t room = walk.end - walk.at;
  // Segmentation offload leaves the length field 0 in frames captured on the sending host: then the frame counts.
  if (total == 0) total = room;
  if (total < header) return fail(walk, Reject::kIpBadTotalLength, header);
  if (!walk.need(header, Reject::kIpTruncated)) return false;
  if (internet_checksum(p, header) != 0) set_flag(r, RecordFlag::kBadIpChecksum);

  r.tos = p[1];
  r.ttl = p[8];
  r.ipLen = total;
  r.ipId = be16(p + 4);
  std::memcpy(r.srcAddr, p + 12, 4);
  std::memcpy(r.dstAddr, p + 16, 4);
  const uint16_t fragment = be16(p + 6);
  r.fragOff = fragment & 0x1fff;
  d.more = (fragment & 0x2000) != 0;
  d.later = r.fragOff != 0;
  d.fragment = d.more || d.later;
  d.protocol = d.ip_protocol = p[9];
  d.l4 = walk.at + header;
  d.end = total < room ? walk.at + total : walk.end;
  d.pseudo_known = true;
  return true;
}

// RFC 2675: a payload length of 0 with this option in the hop-by-hop header, always the first extension.
uint32_t jumbo_length(const uint8_t* header, uint32_t length) {
  for (uint32_t i = 2; i + 1 < length;) {
    if (header[i] == 0) {
      ++i;
      continue;
    }
    if (header[i] == 0xc2 && header[i + 1] == 4 && i + 6 <= length) return be32(header + i + 2);
    i += 2u + header[i + 1];
  }
  return 0;
}

constexpr uint8_t kHomeAddress = 0xc9;

// Do the options of a hop-by-hop or destination header stay inside it? A receiver drops the packet where they do not. The
// home address option has one length (RFC 6275, 6.3), whatever its length byte says.
bool options_fit(const uint8_t* header, uint32_t length) {
  for (uint32_t i = 2; i < length;) {
    if (header[i] == 0) {
      ++i;
      continue;
    }
    if (i + 2 > length) return false;
    i += 2u + (header[i] == kHomeAddress ? 16u : header[i + 1]);
    if (i > length) return false;
  }
  return true;
}

// One extension header at walk.at; moves over it and sets d.protocol to the next. False: rejected.
bool step_extension(Walk& walk, PacketRecord& r, Datagram& d) {
  if (!walk.need(8, Reject::kIpv6ExtensionTruncated)) return false;
  const uint8_t* p = walk.here();
  const uint8_t kind = d.protocol;
  uint32_t length = (p[1] + 1u) * 8;
  if (kind == kProtoFragment) {
    const uint16_t field = be16(p + 2);
    r.fragOff = field >> 3;
    r.ipId = be32(p + 4);
    d.more = (field & 1) != 0;
    d.later = r.fragOff != 0;
    d.fragment = d.more || d.later;  // neither: an atomic fragment (RFC 6946), a whole datagram
    length = 8;
  } else if (kind == kProtoAh) {
    length = (p[1] + 2u) * 4;
  }
  if (!walk.need(length, Reject::kIpv6ExtensionTruncated)) return false;
  if ((kind == kProtoHopByHop || kind == kProtoDestination) && !options_fit(p, length)) {
    return fail(walk, Reject::kIpv6ExtensionTruncated, length + 1);
  }
  if (kind == kProtoRouting && p[3] != 0) d.pseudo_known = false;
  walk.at += length;
  d.protocol = p[0];
  return true;
}

// Mobility, HIP and shim6 messages end the chain with "no next header": they are the transport then.
bool is_message_extension(uint8_t protocol) {
  return protocol == kProtoMobility || protocol == kProtoHip || protocol == kProtoShim6;
}

bool walk_extensions(Walk& walk, PacketRecord& r, Datagram& d) {
  for (int count = 0; is_extension_header(d.protocol); ++count) {
    if (count == kMaxExtensionHeaders) return fail(walk, Reject::kIpv6TooManyExtensions, 8);
    const uint8_t kind = d.protocol;
    const uint32_t start = walk.at;
    if (is_message_extension(kind) && (!walk.have(1) || walk.here()[0] == kProtoNone)) break;
    if (!step_extension(walk, r, d)) return false;
    if (kind == kProtoHopByHop && count == 0 && r.ipLen == 40) {
      const uint32_t jumbo = jumbo_length(walk.bytes + start, walk.at - start);
      if (jumbo != 0) {
        r.ipLen = jumbo <= 0xffffffffu - 40 ? jumbo + 40 : 0xffffffffu;
      }
    }
    if (d.later) break;
  }
  return true;
}

bool decode_ipv6(Walk& walk, PacketRecord& r, Datagram& d) {
  if (!walk.need(40, Reject::kIpv6Truncated)) return false;
  const uint32_t start = walk.at;
  const uint8_t* p = walk.here();
  const uint32_t payload = be16(p + 4);
  const uint32_t room = walk.end - start;
  set_flag(r, RecordFlag::kIpv6);
  r.tos = static_cast<uint8_t>(be16(p) >> 4);
  r.ttl = p[7];
  r.ipLen = 40 + payload;
  std::memcpy(r.srcAddr, p + 8, 16);
  std::memcpy(r.dstAddr, p + 24, 16);
  d.protocol = p[6];
  d.ip_protocol = 0;
  d.more = d.later = d.fragment = false;
  d.pseudo_known = true;
  // A payload length of 0 is a jumbogram, segmentation offload as in IPv4, or truly nothing.
  const bool open_ended = payload == 0;
  const uint32_t outer_end = walk.end;
  if (!open_ended && r.ipLen < room) walk.end = start + r.ipLen;
  walk.at += 40;
  if (!walk_extensions(walk, r, d)) return false;
  if (open_ended) {
    if (r.ipLen == 40 && d.protocol != kProtoNone) r.ipLen = room;
    walk.end = r.ipLen < room ? start + r.ipLen : outer_end;
  }
  d.l4 = walk.at;
  d.end = walk.end;
  return true;
}

}  // namespace

bool is_extension_header(uint8_t protocol) {
  switch (protocol) {
    case kProtoHopByHop: case kProtoRouting: case kProtoFragment: case kProtoAh: case kProtoDestination: case kProtoMobility:
    case kProtoHip: case kProtoShim6:
      return true;
    default: return false;
  }
}

bool decode_network(Walk& walk, PacketRecord& r, Datagram& d) {
  const uint32_t start = walk.at;
  if (!walk.need(1, Reject::kIpTruncated)) return false;
  const uint8_t version = walk.here()[0] >> 4;
  if (version != 4 && version != 6) return fail(walk, Reject::kIpBadVersion, 0);
  if (!(version == 4 ? decode_ipv4(walk, r, d) : decode_ipv6(walk, r, d))) return false;
  if (version == 4 && d.protocol == kProtoAh && !d.later) {
    // The transport behind an authentication header is readable: it is the flow.
    walk.at = d.l4;
    walk.end = d.end;
    if (!walk.need(12, Reject::kOtherTruncated)) return false;
    const uint32_t length = (walk.here()[1] + 2u) * 4;
    if (!walk.need(length, Reject::kOtherTruncated)) return false;
    d.protocol = walk.here()[0];
    d.l4 = walk.at + length;
  }
  walk.at = d.l4;
  walk.end = d.end;
  std::memcpy(r.srcMac, walk.link.src_mac, 6);
  std::memcpy(r.dstMac, walk.link.dst_mac, 6);
  r.tci0 = walk.link.tci[0];
  r.tci1 = walk.link.tci[1];
  r.vlanDepth = walk.link.vlan_depth;
  r.flags |= walk.link.flags;
  if (d.fragment) set_flag(r, RecordFlag::kFragment);
  if (d.later) set_flag(r, RecordFlag::kFragmentLater);
  r.protocol = d.protocol;
  r.l3Off = start <= 0xffff ? static_cast<uint16_t>(start) : 0;
  return true;
}

}  // namespace weir
