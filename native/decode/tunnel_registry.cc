#include "tunnel_registry.h"

#include <cstring>

namespace weir {
namespace {

bool same_endpoints(const Tunnel& a, const Tunnel& b) {
  const bool forward = a.source_port == b.source_port && a.destination_port == b.destination_port &&
                       std::memcmp(a.source, b.source, 16) == 0 && std::memcmp(a.destination, b.destination, 16) == 0;
  if (forward) return true;
  return a.source_port == b.destination_port && a.destination_port == b.source_port &&
         std::memcmp(a.source, b.destination, 16) == 0 && std::memcmp(a.destination, b.source, 16) == 0;
}

bool same_tunnel(const Tunnel& a, const Tunnel& b) {
  return a.type == b.type && a.scope == b.scope && a.has_scope == b.has_scope && a.parent == b.parent && a.protocol == b.protocol &&
         a.ipv6 == b.ipv6 && same_endpoints(a, b);
}

}  // namespace

uint32_t TunnelRegistry::number(uint64_t flow_hash, const Tunnel& seen) {
  // Injective in the scope, so that the many networks of one outer tuple do not share a bucket.
  const uint64_t key = flow_hash ^ (uint64_t{seen.scope} | uint64_t{seen.parent} << 32) * 0x9e3779b97f4a7c15ull;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto range = by_hash_.equal_range(key);
  for (auto entry = range.first; entry != range.second; ++entry) {
    if (same_tunnel(tunnels_[entry->second - 1], seen)) return entry->second;
  }
  if (tunnels_.size() >= kMaxTunnels) {
    ++full_;
    return 0;
  }
  tunnels_.push_back(seen);
  const auto id = static_cast<uint32_t>(tunnels_.size());
  tunnels_.back().id = id;
  by_hash_.emplace(key, id);
  return id;
}

void TunnelRegistry::copy_after(uint32_t after, std::vector<Tunnel>& out) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (after < tunnels_.size()) out.insert(out.end(), tunnels_.begin() + after, tunnels_.end());
}

void TunnelRegistry::count_types(uint32_t (&counts)[16]) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::memset(counts, 0, sizeof counts);
  for (const Tunnel& tunnel : tunnels_) ++counts[static_cast<size_t>(tunnel.type) & 15];
}

uint64_t TunnelRegistry::full() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return full_;
}

uint32_t TunnelCache::number(const PacketRecord& outer, TunnelType type, uint32_t scope, bool has_scope, uint32_t parent) {
  const uint64_t hash = uint64_t{outer.hashHi} << 32 | outer.hashLo;
  Slot& slot = slots_[(outer.hashLo ^ scope * 0x9e3779b1u) % kSlots];
  const bool hit = slot.number != 0 && slot.hash == hash && slot.scope == scope && slot.parent == parent && slot.type == type &&
                   slot.has_scope == has_scope;
  if (hit) return slot.number;
  Tunnel seen = {};
  seen.type = type;
  seen.protocol = outer.protocol;
  seen.ipv6 = (outer.flags & static_cast<uint16_t>(RecordFlag::kIpv6)) != 0;
  seen.has_scope = has_scope;
  seen.source_port = outer.srcPort;
  seen.destination_port = outer.dstPort;
  seen.scope = scope;
  seen.parent = parent;
  std::memcpy(seen.source, outer.srcAddr, 16);
  std::memcpy(seen.destination, outer.dstAddr, 16);
  slot = {hash, scope, parent, registry_->number(hash, seen), type, has_scope};
  return slot.number;
}

}  // namespace weir
