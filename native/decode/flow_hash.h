// The keyed hash of a flow's canonical key. The two directions of a flow have the same hash; FROM_A tells them apart.
//
// Canonical key: lower endpoint's address, higher endpoint's address, their ports, protocol, role (outer layer of a
// tunnel or not), and only where there is one: the network id of the enclosing tunnel and, when VLANs are part of the
// key, the VLAN ids of the two tags. "Lower" compares (address bytes, port). A one-way ICMP message keeps its source
// as A (Community ID v1), so that its answer, if any, is a flow of its own.
#pragma once
#include <cstdint>
#include <cstring>

#include "../ring/layout.h"
#include "bytes.h"
#include "siphash.h"

namespace weir {

class FlowHash {
 public:
  FlowHash(const uint8_t key[16], bool vlan_aware) : hash_(key), vlan_aware_(vlan_aware) {}

  // Sets hashLo, hashHi and FROM_A from the record's tuple, scopeId and (when VLAN-aware) tags.
  void finish(PacketRecord& r, bool outer) const {
    const uint32_t vlans = vlan_aware_ ? vlan_word(r) : 0;
    if ((r.flags & static_cast<uint16_t>(RecordFlag::kIpv6)) != 0) {
      finish_ipv6(r, outer, vlans);
    } else {
      finish_ipv4(r, outer, vlans);
    }
  }

  void finish_ipv4(PacketRecord& r, bool outer, uint32_t vlans) const {
    const uint64_t source = uint64_t{be32(r.srcAddr)} << 16 | r.srcPort;
    const uint64_t destination = uint64_t{be32(r.dstAddr)} << 16 | r.dstPort;
    const bool from_a = source <= destination || one_way(r);
    const uint64_t a = from_a ? source : destination;
    const uint64_t b = from_a ? destination : source;
    const uint64_t tail = (a & 0xffff) | (b & 0xffff) << 16 | uint64_t{r.protocol} << 32 | uint64_t{outer} << 40;
    const uint64_t addresses = (a >> 16) << 32 | b >> 16;
    if ((r.scopeId | vlans) == 0) {
      set(r, from_a, hash_.two_words(addresses, tail | uint64_t{15} << 56));
    } else {
      const uint64_t message[3] = {addresses, tail, last_word(r.scopeId, vlans, 23)};
      set(r, from_a, hash_.words(message, 3));
    }
  }

 private:
  void finish_ipv6(PacketRecord& r, bool outer, uint32_t vlans) const {
    int order = std::memcmp(r.srcAddr, r.dstAddr, sizeof r.srcAddr);
    if (order == 0) order = int{r.srcPort} - int{r.dstPort};
    const bool from_a = order <= 0 || one_way(r);
    const uint8_t* a = from_a ? r.srcAddr : r.dstAddr;
    const uint8_t* b = from_a ? r.dstAddr : r.srcAddr;
    const uint16_t port_a = from_a ? r.srcPort : r.dstPort;
    const uint16_t port_b = from_a ? r.dstPort : r.srcPort;
    uint64_t message[6];
    std::memcpy(message, a, 16);
    std::memcpy(message + 2, b, 16);
    message[4] = port_a | uint64_t{port_b} << 16 | uint64_t{r.protocol} << 32 | uint64_t{outer} << 40;
    if ((r.scopeId | vlans) == 0) {
      message[4] |= uint64_t{39} << 56;
      set(r, from_a, hash_.words(message, 5));
    } else {
      message[5] = last_word(r.scopeId, vlans, 47);
      set(r, from_a, hash_.words(message, 6));
    }
  }

  static uint64_t last_word(uint32_t scope, uint32_t vlans, uint64_t length) {
    return scope | uint64_t{vlans} << 32 | length << 56;
  }

  static bool one_way(const PacketRecord& r) { return (r.flags & static_cast<uint16_t>(RecordFlag::kOneWay)) != 0; }

  static void set(PacketRecord& r, bool from_a, uint64_t hash) {
    const auto bit = static_cast<uint16_t>(RecordFlag::kFromA);
    r.flags = static_cast<uint16_t>(from_a ? r.flags | bit : r.flags & ~bit);
    r.hashLo = static_cast<uint32_t>(hash);
    r.hashHi = static_cast<uint32_t>(hash >> 32);
  }

  // 24 bits: both VLAN ids. Priority and DEI may differ between packets of one flow.
  static uint32_t vlan_word(const PacketRecord& r) { return uint32_t{r.tci0 & 0xfffu} << 12 | (r.tci1 & 0xfffu); }

  SipHash13 hash_;
  bool vlan_aware_;
};

}  // namespace weir
