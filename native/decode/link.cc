// Link types, one function each. Layouts: https://www.tcpdump.org/linktypes.html
#include "link.h"

#include <cstring>

namespace weir {
namespace {

enum LinkType : uint16_t {
  kNull = 0,
  kEthernet = 1,
  kPpp = 9,
  kRawBsd = 12,
  kRawOpenBsd = 14,
  kPppHdlc = 50,
  kAtmRfc1483 = 100,
  kRaw = 101,
  kCiscoHdlc = 104,
  kWlan = 105,
  kFrameRelay = 107,
  kLoop = 108,
  kLinuxSll = 113,
  kWlanPrism = 119,
  kWlanRadiotap = 127,
  kWlanAvs = 163,
  kWlanPpi = 192,
  kRawIpv4 = 228,
  kRawIpv6 = 229,
  kLinuxSll2 = 276,
};

constexpr uint16_t kArpHrdEthernetLimit = 0x600;  // smaller protocol numbers are not EtherTypes
constexpr uint16_t kArpHrdWlan = 801;             // to 803: 802.11, with Prism, with radiotap
constexpr uint16_t kArpHrdNetlink = 824;

Next decode_sll_protocol(Walk& walk, uint16_t protocol, uint16_t hardware) {
  if (hardware >= kArpHrdWlan && hardware <= kArpHrdWlan + 2) return walk.reject(Reject::kLinkUndecodedWlan, 0);
  if (hardware == kArpHrdNetlink) return walk.is_not_flow(NotFlow::kEthertypeOther);
  if (protocol >= kArpHrdEthernetLimit) return decode_ethertype(walk, protocol);
  constexpr uint16_t kLlc = 4;
  if (protocol == kLlc) return decode_llc(walk);
  return walk.is_not_flow(protocol == 1 ? NotFlow::kLlcOther : NotFlow::kEthertypeOther);
}

Next decode_sll(Walk& walk) {
  if (!walk.need(16, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  if (be16(p + 4) == 6) std::memcpy(walk.link.src_mac, p + 6, 6);
  walk.at += 16;
  return decode_sll_protocol(walk, be16(p + 14), be16(p + 2));
}

Next decode_sll2(Walk& walk) {
  if (!walk.need(20, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  if (p[11] == 6) std::memcpy(walk.link.src_mac, p + 12, 6);
  walk.at += 20;
  return decode_sll_protocol(walk, be16(p), be16(p + 8));
}

// An address family in the byte order of the machine that captured, which is not ours to know, or an EtherType.
Next decode_null(Walk& walk) {
  if (!walk.need(4, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  if (p[0] == 0xff && p[1] == 0x03) return decode_ppp(walk);
  uint32_t family = be32(p);
  if ((family & 0xffff0000u) != 0) family = (family & 0xffffu) != 0 ? be16(p) : __builtin_bswap32(family);
  walk.at += 4;
  switch (family) {
    case 2:                      // AF_INET everywhere
    case 10:                     // AF_INET6: Linux
    case 24: case 28: case 30:  // NetBSD and OpenBSD, FreeBSD, Darwin
      return decode_ip_version(walk);
    default:
      if (family >= kArpHrdEthernetLimit && family <= 0xffff) return decode_ethertype(walk, static_cast<uint16_t>(family));
      return walk.is_not_flow(NotFlow::kEthertypeOther);
  }
}

Next decode_cisco_hdlc(Walk& walk) {
  if (!walk.need(4, Reject::kLinkTruncated)) return Next::kRejected;
  const uint16_t protocol = be16(walk.here() + 2);
  walk.at += 4;
  if (protocol == 0x8035) return walk.is_not_flow(NotFlow::kPppControl);  // SLARP keep-alives
  if (protocol == 0x2000) return walk.is_not_flow(NotFlow::kCdp);
  if (protocol == 0xfefe) return walk.is_not_flow(NotFlow::kIsis);
  return decode_ethertype(walk, protocol);
}

// HDLC framing on a PPP link type also carries Cisco's encapsulation, told apart by the address byte.
Next decode_serial(Walk& walk) {
  if (walk.have(1) && (walk.here()[0] == 0x0f || walk.here()[0] == 0x8f)) return decode_cisco_hdlc(walk);
  return decode_ppp(walk);
}

// Q.922 address of two to four bytes, then RFC 2427 (control, NLPID) or Cisco's bare EtherType.
Next decode_frame_relay(Walk& walk) {
  uint32_t address = 0;
  do {
    if (!walk.need(address + 1, Reject::kLinkTruncated)) return Next::kRejected;
    ++address;
  } while (address < 4 && (walk.here()[address - 1] & 1) == 0);
  walk.at += address;
  if (!walk.need(2, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* p = walk.here();
  if (p[0] != 0x03) {
    walk.at += 2;
    const uint16_t type = be16(p);
    if (type == 0x08ff || type < kArpHrdEthernetLimit) return walk.is_not_flow(NotFlow::kEthertypeOther);
    return decode_ethertype(walk, type);
  }
  const uint32_t pad = p[1] == 0 ? 1 : 0;
  if (!walk.need(2 + pad, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t nlpid = p[1 + pad];
  walk.at += 2 + pad;
  if (nlpid == 0xcc || nlpid == 0x8e) return decode_ip_version(walk);
  if (nlpid != 0x80) return walk.is_not_flow(nlpid == 0x83 ? NotFlow::kIsis : NotFlow::kEthertypeOther);
  if (!walk.need(5, Reject::kLinkTruncated)) return Next::kRejected;
  const uint8_t* snap = walk.here();
  walk.at += 5;
  if (be24(snap) == 0x0080c2) return decode_ethernet(walk);
  return decode_ethertype(walk, be16(snap + 3));
}

}  // namespace

Next decode_link(Walk& walk, uint16_t link_type) {
  switch (link_type) {
    case kEthernet: return decode_ethernet(walk);
    case kRawBsd: case kRawOpenBsd: case kRaw: case kRawIpv4: case kRawIpv6: return decode_ip_version(walk);
    case kNull: case kLoop: return decode_null(walk);
    case kLinuxSll: return decode_sll(walk);
    case kLinuxSll2: return decode_sll2(walk);
    case kPpp: case kPppHdlc: return decode_serial(walk);
    case kCiscoHdlc: return decode_cisco_hdlc(walk);
    case kFrameRelay: return decode_frame_relay(walk);
    case kAtmRfc1483: return decode_llc(walk);
    case kWlan: case kWlanPrism: case kWlanRadiotap: case kWlanAvs: case kWlanPpi:
      return walk.reject(Reject::kLinkUndecodedWlan, 0);
    default: return walk.reject(Reject::kLinkUnknownType, 0);
  }
}

Next decode_ip_version(Walk& walk) {
  if (!walk.need(1, Reject::kIpTruncated)) return Next::kRejected;
  const uint8_t version = walk.here()[0] >> 4;
  if (version != 4 && version != 6) return walk.reject(Reject::kIpBadVersion, 0);
  return Next::kIp;
}

}  // namespace weir
