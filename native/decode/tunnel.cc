#include "tunnel.h"

#include "link.h"
#include "protocols.h"

namespace weir {
namespace {

// RFC 3378: version 3, reserved bits 0. Some senders swap the two bytes.
Next unwrap_etherip(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.need(2, Reject::kLinkTruncated)) return Next::kRejected;
  const uint16_t header = be16(walk.here());
  if (header != 0x3000 && header != 0x0300) return walk.reject(Reject::kLinkBadHeader, 2);
  walk.at += 2;
  tunnel.type = TunnelType::kEtherip;
  return decode_ethernet(walk);
}

// RFC 7761, 4.9.3: a register message carries a whole packet to the rendezvous point, a null register only its header.
Next unwrap_pim(Walk& walk, TunnelHeader& tunnel) {
  if (!walk.need(8, Reject::kIpTruncated)) return Next::kRejected;
  if (walk.here()[0] != 0x21) return walk.is_not_flow(NotFlow::kEthertypeOther);
  walk.at += 8;
  tunnel.type = TunnelType::kPim;
  return decode_ip_version(walk);
}

}  // namespace

bool may_be_tunnel(const PacketRecord& r, const Datagram& d) {
  if (d.later) return false;
  switch (d.protocol) {
    case kProtoTcp: return false;
    case kProtoUdp: return is_tunnel_port(r.srcPort) || is_tunnel_port(r.dstPort);
    case kProtoIpv4: case kProtoIpv6: case kProtoIpip: case kProtoGre: case kProtoEtherIp: case kProtoMplsInIp: case kProtoEthernet:
    case kProtoPim:
      return true;
    default: return false;
  }
}

Next unwrap(Walk& walk, const PacketRecord& r, const Datagram& d, TunnelHeader& tunnel) {
  tunnel = {TunnelType::kIpip, 0, false};
  walk.at = d.l4;
  walk.end = d.end;
  // The rest of the inner packet is in later fragments: its own length field counts, not this fragment's.
  if (d.more) walk.end = UINT32_MAX;
  walk.link.flags = 0;
  walk.link.headers = 0;
  switch (d.protocol) {
    case kProtoIpv4: case kProtoIpv6: case kProtoIpip: return decode_ip_version(walk);
    case kProtoGre: return unwrap_gre(walk, tunnel);
    case kProtoEtherIp: return unwrap_etherip(walk, tunnel);
    case kProtoPim: return unwrap_pim(walk, tunnel);
    case kProtoMplsInIp: return decode_mpls(walk);
    case kProtoEthernet: return decode_ethernet(walk);  // RFC 8986: layer 2 over segment routing
    case kProtoUdp: return unwrap_udp(walk, r, tunnel);
    default: return Next::kNotFlow;
  }
}

}  // namespace weir
