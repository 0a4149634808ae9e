// Tunnels: from an outer transport header to the inner packet.
//
// A tunnel is taken for one only when its port or protocol number AND its shape fit, and when an IP packet decodes
// inside; otherwise (keep-alives, control messages, ARP inside, a decoy on the port) the outer packet is a plain flow.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "network.h"
#include "walk.h"

namespace weir {

struct TunnelHeader {
  TunnelType type;
  uint32_t scope;  // network id that is the same in both directions and so part of the inner flow's key; 0 = none
  bool has_scope;
};

// Could this packet carry another? The cheap test in front of unwrap(): protocol, and for UDP the ports.
bool may_be_tunnel(const PacketRecord& r, const Datagram& datagram);

// Moves the walk behind the tunnel's headers. Next::kIp: an IP header follows and `tunnel` is set; anything else: this
// is no tunnel packet, or what it carries is not IP.
Next unwrap(Walk& walk, const PacketRecord& r, const Datagram& datagram, TunnelHeader& tunnel);

// The two families, by IP protocol and by UDP port. The walk is at the tunnel header.
Next unwrap_gre(Walk& walk, TunnelHeader& tunnel);
Next unwrap_udp(Walk& walk, const PacketRecord& r, TunnelHeader& tunnel);
bool is_tunnel_port(uint16_t port);

}  // namespace weir
