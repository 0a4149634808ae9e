// IP protocol numbers (https://www.iana.org/assignments/protocol-numbers) and the flags of TCP (RFC 9293, 3.1).
#pragma once
#include <cstdint>

namespace weir {

enum IpProtocol : uint8_t {
  kProtoHopByHop = 0,
  kProtoIcmp = 1,
  kProtoIpv4 = 4,
  kProtoTcp = 6,
  kProtoUdp = 17,
  kProtoDccp = 33,
  kProtoIpv6 = 41,
  kProtoRouting = 43,
  kProtoFragment = 44,
  kProtoGre = 47,
  kProtoEsp = 50,
  kProtoAh = 51,
  kProtoIcmpv6 = 58,
  kProtoNone = 59,
  kProtoDestination = 60,
  kProtoIpip = 94,
  kProtoEtherIp = 97,
  kProtoPim = 103,
  kProtoSctp = 132,
  kProtoMobility = 135,
  kProtoUdpLite = 136,
  kProtoMplsInIp = 137,
  kProtoHip = 139,
  kProtoShim6 = 140,
  kProtoEthernet = 143,
};

constexpr uint8_t kTcpFin = 1;
constexpr uint8_t kTcpSyn = 2;
constexpr uint8_t kTcpRst = 4;
constexpr uint8_t kTcpPsh = 8;
constexpr uint8_t kTcpAck = 16;

}  // namespace weir
