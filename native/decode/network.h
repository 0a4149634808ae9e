// IPv4 and IPv6: from an IP header to the transport header.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "walk.h"

namespace weir {

constexpr int kMaxExtensionHeaders = 16;

// What the IP layer says about the bytes behind it; the addresses and the other header fields are in the record.
struct Datagram {
  uint32_t l4;          // offset of the transport header, or of a later fragment's bytes
  uint32_t end;         // offset where the datagram's (or fragment's) payload ends on the wire
  uint8_t ip_protocol;  // as the IPv4 header names it, before any authentication header; 0 for IPv6
  uint8_t protocol;     // of the transport header; of a later IPv6 fragment: the fragment header's next header
  bool fragment;        // part of a fragmented datagram
  bool later;           // and not its first part: there is no transport header here
  bool more;            // more fragments follow
  bool pseudo_known;    // the addresses are those of the checksum's pseudo header (no routing header is pending)
};

// Reads the IP header at walk.at and everything up to the transport header. Fills the record's addresses, IP fields,
// link fields and flags. False: walk.reason, needed and available say why.
bool decode_network(Walk& walk, PacketRecord& r, Datagram& datagram);

// Is this protocol number an IPv6 extension header that the decoder walks over?
bool is_extension_header(uint8_t protocol);

}  // namespace weir
