#include "quoted.h"

#include "protocols.h"
#include "transport.h"

namespace weir {

bool decode_quoted(Walk& walk, PacketRecord& r) {
  // Routers quote as little as 8 bytes behind the IP header: the quoted length fields point past the end, and rightly so.
  const uint32_t quoted_end = walk.end;
  Datagram d;
  if (!decode_network(walk, r, d)) return false;
  walk.end = quoted_end;
  if (has_ports(d.protocol)) {
    if (d.later || !walk.have(4)) return false;
    r.srcPort = be16(walk.here());
    r.dstPort = be16(walk.here() + 2);
    r.flags |= static_cast<uint16_t>(RecordFlag::kHasPorts);
  } else if (d.protocol == kProtoIcmp || d.protocol == kProtoIcmpv6) {
    if (d.later || !walk.have(2)) return false;
    set_icmp(r, walk.here()[0], walk.here()[1]);
  } else if (d.later && is_extension_header(d.protocol)) {
    return false;
  }
  // The checksum of the quoted header is that before routers changed it.
  r.flags &= static_cast<uint16_t>(~static_cast<uint16_t>(RecordFlag::kBadIpChecksum));
  return true;
}

}  // namespace weir
