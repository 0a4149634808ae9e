// Which packets belong to flows that are left out: those between loopback addresses, and our own traffic.
#pragma once
#include <cstring>

#include "../ring/layout.h"
#include "engine_options.h"

namespace weir {

inline bool is_loopback(const uint8_t* address, bool ipv6) {
  static constexpr uint8_t kLoopback6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ipv6 ? std::memcmp(address, kLoopback6, sizeof kLoopback6) == 0 : address[0] == 127;
}

inline bool matches(const Endpoint& endpoint, const PacketRecord& record) {
  const bool ipv6 = (record.flags & static_cast<uint16_t>(RecordFlag::kIpv6)) != 0;
  if (endpoint.protocol != record.protocol || endpoint.ipv6 != ipv6) return false;
  const auto is = [&endpoint](const uint8_t* address, uint16_t port) {
    return port == endpoint.port && std::memcmp(address, endpoint.address.data(), endpoint.address.size()) == 0;
  };
  return is(record.dstAddr, record.dstPort) || is(record.srcAddr, record.srcPort);
}

}  // namespace weir
