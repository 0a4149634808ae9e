#include "tap_selector.h"

#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr uint8_t kFirstNeighbour = 133;  // router solicitation
constexpr uint8_t kLastNeighbour = 137;   // redirect

constexpr uint8_t bit(TapReason reason) { return static_cast<uint8_t>(reason); }

bool is_announcing_port(uint16_t port) {
  switch (port) {
    case 67: case 68:    // DHCP
    case 137: case 138:  // NetBIOS names and datagrams
    case 546: case 547:  // DHCPv6
    case 1900:           // SSDP
    case 5353:           // multicast DNS
    case 5355:           // LLMNR
      return true;
    default: return false;
  }
}

}  // namespace

bool tells_of_devices(const Decoded& decoded) {
  if (decoded.disposition == Disposition::kNotFlow) {
    return decoded.not_flow == NotFlow::kArp || decoded.not_flow == NotFlow::kLldp || decoded.not_flow == NotFlow::kCdp;
  }
  if (decoded.disposition != Disposition::kFlow) return false;
  const PacketRecord& record = decoded.records[0].record;
  if (record.protocol == kProtoUdp) {
    const bool has_ports = (record.flags & static_cast<uint16_t>(RecordFlag::kHasPorts)) != 0;
    return has_ports && (is_announcing_port(record.srcPort) || is_announcing_port(record.dstPort));
  }
  return record.protocol == kProtoIcmpv6 && record.icmpType >= kFirstNeighbour && record.icmpType <= kLastNeighbour;
}

uint8_t TapSelector::reasons(const Frame& frame, const Decoded& decoded) const {
  uint8_t found = options_.all ? bit(TapReason::kAll) : 0;
  if (options_.every != 0 && static_cast<uint64_t>(frame.ordinal) % options_.every == 0) found |= bit(TapReason::kSample);
  if (options_.discovery && tells_of_devices(decoded)) found |= bit(TapReason::kDiscovery);
  return found;
}

}  // namespace weir
