// What may not pass: a table of fixed size in shared memory, written by the main thread (src/verdict/table.ts), read by
// capture threads for every packet of an inline capture.
//
//   words   0        magic, version, slots, quarantine, ports held, flows held     the header, 64 words
//           8        bit n: networks of that prefix length are held; IPv4 at 8, IPv6 at 10
//           16       up to 8 endpoints that quarantine lets pass, 5 words each
//           64       slots of 16 words: sequence, kind, meta, ports, address A ×4, address B ×4, hits
//
// A slot is written between two increments of its sequence (odd: being written). A reader that meets an odd or changed
// sequence looks again a few times, and then takes the slot for empty: whatever is unclear passes. Every word is atomic.
// The place of a key is its hash; it is looked for in kProbe slots from there.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "verdict_packet.h"

namespace weir {

enum class Verdict : uint8_t { kPass, kDenied, kQuarantined };

class VerdictTable {
 public:
  static constexpr uint32_t kMagic = 0x57565431;
  static constexpr uint32_t kVersion = 1;
  static constexpr uint32_t kHeaderWords = 64;
  static constexpr uint32_t kSlotWords = 16;
  static constexpr uint32_t kKeyWords = 11;
  static constexpr uint32_t kProbe = 16;
  static constexpr uint32_t kEndpoints = 8;

  // Null when the memory holds a table of this version; otherwise what is wrong with it.
  static const char* check(const void* memory, size_t bytes);
  // Without memory nothing is denied.
  explicit VerdictTable(void* memory) : words_(static_cast<std::atomic<uint32_t>*>(memory)) {}

  // `outbound`: the packet leaves this host. `loopback`: it stays inside, and no quarantine concerns it.
  Verdict judge(const uint8_t* bytes, size_t size, bool outbound, bool loopback);

 private:
  enum class Kind : uint32_t { kNone = 0, kNetwork = 1, kPort = 2, kFlow = 3 };
  struct Key {
    uint32_t words[kKeyWords] = {};
  };

  uint32_t word(uint32_t at) const { return words_[at].load(std::memory_order_acquire); }
  bool holds(const Key& key);
  bool slot_holds(uint32_t slot, const Key& key, bool& is_empty);
  bool in_network(const uint8_t* address, bool ipv6);
  bool has_port(const VerdictPacket& packet);
  bool is_flow(const VerdictPacket& packet);
  bool is_let_through(const VerdictPacket& packet) const;

  std::atomic<uint32_t>* words_;
};

}  // namespace weir
