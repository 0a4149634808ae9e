// The table of tunnels of one engine: numbers from 1, in the order in which tunnels are first seen.
//
// Capture threads look numbers up in a small cache of their own (TunnelCache) and ask the registry only on a miss; the
// thread that owns the engine copies new entries out at control rate. The mutex protects everything in here.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "../ring/layout.h"

namespace weir {

// A tunnel as it was first seen: its outer tuple and what identifies it beyond that.
struct Tunnel {
  uint32_t id;
  TunnelType type;
  uint8_t protocol;
  bool ipv6;
  bool has_scope;
  uint16_t source_port;
  uint16_t destination_port;
  uint32_t scope;   // 0 unless has_scope
  uint32_t parent;  // number of the tunnel around this one; 0 = none
  uint8_t source[16];
  uint8_t destination[16];
};

// Bounds memory (6 MB); a flow behind the limit is tracked all the same, with no parent.
constexpr uint32_t kMaxTunnels = 65536;

class TunnelRegistry {
 public:
  // The number of this tunnel, registering it when it is new. `flow_hash` is the keyed hash of the outer tuple and is the
  // same in both directions. 0 = the table is full; full() counts those lookups.
  uint32_t number(uint64_t flow_hash, const Tunnel& seen);

  // Appends the tunnels numbered above `after`.
  void copy_after(uint32_t after, std::vector<Tunnel>& out) const;

  // Tunnels registered per TunnelType, indexed by its value.
  void count_types(uint32_t (&counts)[16]) const;

  uint64_t full() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Tunnel> tunnels_;
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
  uint64_t full_ = 0;
};

// One per decoder. Direct-mapped, compared by the 64-bit keyed hash: two of 65,536 tunnels share one with a probability
// of 1 in 10^10.
class TunnelCache {
 public:
  explicit TunnelCache(std::shared_ptr<TunnelRegistry> registry) : registry_(std::move(registry)) {}

  // As TunnelRegistry::number(). `outer` has its hash.
  uint32_t number(const PacketRecord& outer, TunnelType type, uint32_t scope, bool has_scope, uint32_t parent);

  const TunnelRegistry& registry() const { return *registry_; }

 private:
  static constexpr uint32_t kSlots = 256;
  struct Slot {
    uint64_t hash;
    uint32_t scope;
    uint32_t parent;
    uint32_t number;
    TunnelType type;
    bool has_scope;
  };

  std::shared_ptr<TunnelRegistry> registry_;
  Slot slots_[kSlots] = {};
};

}  // namespace weir
