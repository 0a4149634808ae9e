// The packet that an ICMP error quotes.
#pragma once
#include "network.h"
#include "walk.h"

namespace weir {

// Reads the quoted IP header and the start of its transport header, at walk.at, into a record: version, addresses, protocol,
// ports or ICMP types. False when they are not all there, or when a later fragment without ports is quoted. The quoted
// packet's flow is the one between these endpoints at the depth of the error itself; a quoted tunnel is not unwrapped.
bool decode_quoted(Walk& walk, PacketRecord& r);

}  // namespace weir
