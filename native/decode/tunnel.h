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

enum TunnelPort : uint16_t {
  kL2tp = 1701,
  kGtpUser = 2152,
  kGtpV0 = 3386,
  kTeredo = 3544,
  kGreUdp = 4754,
  kVxlan = 4789,
  kVxlanGpe = 4790,
  kAyiya = 5072,
  kCapwapData = 5247,
  kGeneve = 6081,
  kMplsUdp = 6635,
  kVxlanLinux = 8472,
};

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

// True for all tunnel ports and one in six of the others, by the low six bits: most packets need no more than this.
inline bool may_be_tunnel_port(uint16_t port) {
  constexpr uint64_t kLowBits = 1ull << (kL2tp & 63) | 1ull << (kGtpUser & 63) | 1ull << (kGtpV0 & 63) | 1ull << (kTeredo & 63) |
                                1ull << (kGreUdp & 63) | 1ull << (kVxlan & 63) | 1ull << (kVxlanGpe & 63) | 1ull << (kAyiya & 63) |
                                1ull << (kCapwapData & 63) | 1ull << (kGeneve & 63) | 1ull << (kMplsUdp & 63) | 1ull << (kVxlanLinux & 63);
  return (kLowBits >> (port & 63) & 1) != 0;
}

}  // namespace weir
