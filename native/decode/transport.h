// Transport headers: ports, TCP, ICMP types. A protocol without ports is a flow between two addresses.
#pragma once
#include <cstdint>

#include "decoder.h"
#include "network.h"
#include "walk.h"

namespace weir {

// Reads the transport header at datagram.l4 into the record. A header that the snaplen (or a first fragment) cuts after
// its ports still gives the flow, flagged NO_TRANSPORT. False: walk.reason, needed and available say why.
bool decode_transport(Walk& walk, DecodedRecord& out, const Datagram& datagram);

// The options of a TCP header: `length` bytes at p, of which the first `captured` are there.
void decode_tcp_options(const uint8_t* p, uint32_t length, uint32_t captured, DecodedRecord& out);

// Sets icmpType, icmpCode, the pair of types in the place of ports, and ONE_WAY (Community ID v1).
void set_icmp(PacketRecord& r, uint8_t type, uint8_t code);

// Does this message quote the packet that caused it?
bool is_icmp_error(uint8_t protocol, uint8_t type);

// Do the first four bytes of this protocol's header hold the two ports?
bool has_ports(uint8_t protocol);

}  // namespace weir
