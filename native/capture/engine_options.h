// What a run is told; src/native/engine.ts documents each field.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../ring/ring_view.h"
#include "divert_options.h"

namespace weir {

enum class SourceKind : uint8_t { kFile, kLive, kGenerator };

enum class Profile : uint8_t { kImix, kSmall, kFlood, kCollision, kMixed, kApps };

struct GeneratorSpec {
  Profile profile = Profile::kImix;
  uint64_t packets = 0;
  uint64_t flows = 1;
  uint64_t seed = 1;
  double rate = 1'000'000;  // packets per second of packet time
};

struct SourceSpec {
  SourceKind kind = SourceKind::kFile;
  std::string name;  // path or interface
  uint32_t fanout = 1;
  GeneratorSpec generator;
};

struct FaultPlan {
  uint64_t seed = 1;
  std::optional<uint64_t> fail_after_frames;
  std::optional<uint32_t> cut_to;
  double corrupt = 0;
  bool drop_when_full = false;
};

enum class SpeedMode : uint8_t { kMax, kTime, kRate };

struct Endpoint {
  std::array<uint8_t, 16> address{};  // network order, IPv4 in the first 4 bytes
  bool ipv6 = false;
  uint16_t port = 0;
  uint8_t protocol = 0;
};

struct WritePcap {
  std::string path;
  uint64_t rotate_bytes = 0;
  uint32_t max_files = 0;
};

// What shard rings carry of packets beside their records (carry_gate.h).
struct CarryOptions {
  uint32_t bytes = 0;                             // at most, from the network header on; 0 = nothing
  std::atomic<uint32_t>* tags = nullptr;          // shared with the shards; null = every packet with payload carries
  uint32_t places = 0;                            // tags; a power of two
  uint32_t idle_ms = 0;                           // a flow that was silent for this long may be another one
};

// Who wants frames in the tap (tap_selector.h).
struct TapOptions {
  bool all = true;
  uint64_t every = 0;  // frames whose ordinal is a multiple of it; 0 = none
  bool discovery = false;
};

// How much is kept of the frames that went by (recall_ring.h).
struct RecallOptions {
  uint64_t bytes = 0;  // over all capture threads; 0 = nothing is kept
  uint32_t snaplen = 256;
};

struct EngineOptions {
  std::vector<SourceSpec> sources;
  uint32_t shards = 1;
  std::vector<std::vector<RingView>> rings;  // [thread][shard]
  std::vector<RingView> taps;                // one per thread, or none
  TapOptions tap;
  RecallOptions recall;
  CarryOptions carry;
  std::array<uint8_t, 16> hash_key{};
  int64_t tick_ns = 1'000'000'000;
  uint32_t snaplen = 65'535;
  bool promiscuous = true;
  uint32_t timeout_ms = 100;
  uint32_t buffer_mb = 2;
  bool immediate = false;
  std::string filter;
  uint64_t count = 0;
  SpeedMode speed_mode = SpeedMode::kMax;
  double speed = 1;  // factor of real time, or packets per second
  uint64_t loop = 1;
  bool tunnels = true;
  bool vlan_aware = false;
  bool suppress_loopback = false;
  std::vector<Endpoint> own_endpoints;
  bool verify_checksums = false;
  bool arp = false;
  std::optional<WritePcap> write_pcap;
  std::optional<FaultPlan> fault;
  std::optional<DivertOptions> divert;

  bool live() const { return !sources.empty() && sources.front().kind == SourceKind::kLive; }
};

// A capture thread per socket; one reader thread for everything that is replayed.
inline uint32_t threads_of(const std::vector<SourceSpec>& sources) {
  uint32_t threads = 0;
  for (const SourceSpec& source : sources) {
    if (source.kind == SourceKind::kLive) threads += source.fanout;
  }
  return threads == 0 ? 1 : threads;
}

}  // namespace weir
