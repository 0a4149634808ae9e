// From the first byte of a frame, or of a payload that is one, to an IP header. Each function advances walk.at and
// returns what is there; none reads past walk.limit().
#pragma once
#include <cstdint>

#include "walk.h"

namespace weir {

// `link_type` is a LINKTYPE_ number (https://www.tcpdump.org/linktypes.html). A type that is not known is rejected,
// never read as Ethernet.
Next decode_link(Walk& walk, uint16_t link_type);

constexpr uint16_t kFirstEtherType = 0x600;  // smaller values are 802.3 lengths (up to 1500) or undefined

Next decode_ethernet(Walk& walk);

// An Ethernet frame after `length` bytes of another header.
Next skip_to_ethernet(Walk& walk, uint32_t length);

// An IEEE 802.11 data frame, from its frame control field on; anything else of 802.11 is no flow.
Next decode_wlan(Walk& walk);

// What follows an EtherType field. `type` is never a length.
Next decode_ethertype(Walk& walk, uint16_t type);

// IEEE 802.2 from the DSAP on.
Next decode_llc(Walk& walk);

// PPP from the protocol field on, or from the HDLC-like address and control bytes where they are present (RFC 1662).
Next decode_ppp(Walk& walk);

// From the first label on. What a stack without an IP packet carries is told from its first nibble (RFC 4928).
Next decode_mpls(Walk& walk);

// Any IP header; the version nibble decides between the two.
Next decode_ip_version(Walk& walk);

}  // namespace weir
