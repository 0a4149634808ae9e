// ARP for IPv4 on Ethernet, RFC 826.
//
//   0  hardware type 1     2  protocol 0x0800     4  lengths 6 and 4     6  operation
//   8  sender MAC         14  sender IPv4        18  target MAC         24  target IPv4
#pragma once
#include <cstdint>

#include "walk.h"

namespace weir {

constexpr uint32_t kArpBytes = 28;

// Fills in what the request or reply at walk.at says, all but its two MACs: those are in the message, at l3Off. False:
// another operation, other kinds of addresses, or a message that was not captured to its end.
bool decode_arp(const Walk& walk, PacketRecord& r);

}  // namespace weir
