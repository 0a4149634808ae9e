#include "arp.h"

#include <cstring>

namespace weir {
namespace {

constexpr uint16_t kHardwareEthernet = 1;
constexpr uint16_t kProtocolIpv4 = 0x0800;
constexpr uint16_t kLengths = 0x0604;  // of a MAC, of an IPv4 address
constexpr uint16_t kRequest = 1;
constexpr uint16_t kReply = 2;

}  // namespace

bool decode_arp(const Walk& walk, PacketRecord& r) {
  if (!walk.have(kArpBytes) || walk.at > 0xffff) return false;
  const uint8_t* p = walk.here();
  if (be16(p) != kHardwareEthernet || be16(p + 2) != kProtocolIpv4 || be16(p + 4) != kLengths) return false;
  const uint16_t operation = be16(p + 6);
  if (operation != kRequest && operation != kReply) return false;
  r.kind = static_cast<uint8_t>(RecordKind::kArp);
  r.flags |= walk.link.flags;
  std::memcpy(r.srcMac, walk.link.src_mac, 6);
  std::memcpy(r.dstMac, walk.link.dst_mac, 6);
  r.tci0 = walk.link.tci[0];
  r.tci1 = walk.link.tci[1];
  r.vlanDepth = walk.link.vlan_depth;
  r.l3Off = static_cast<uint16_t>(walk.at);
  r.icmpType = static_cast<uint8_t>(operation);
  std::memcpy(r.srcAddr, p + 14, 4);
  std::memcpy(r.dstAddr, p + 24, 4);
  return true;
}

}  // namespace weir
