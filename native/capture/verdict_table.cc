#include "verdict_table.h"

#include <cstring>
#include <initializer_list>

namespace weir {
namespace {

constexpr uint32_t kAtMagic = 0;
constexpr uint32_t kAtVersion = 1;
constexpr uint32_t kAtSlots = 2;
constexpr uint32_t kAtQuarantine = 3;
constexpr uint32_t kAtPorts = 4;
constexpr uint32_t kAtFlows = 5;
constexpr uint32_t kAtPrefixes4 = 8;
constexpr uint32_t kAtPrefixes6 = 10;
constexpr uint32_t kAtEndpoints = 16;
constexpr uint32_t kEndpointWords = 5;
// In a slot: the sequence is word 0, the key follows.
constexpr uint32_t kAtHits = 12;
constexpr uint32_t kAddressA = 3;  // in a key
constexpr uint32_t kAddressB = 7;
constexpr int kLooks = 4;

static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free, "shared words");

// The same in src/verdict/table.ts.
uint32_t hash_of(const uint32_t* words) {
  uint32_t hash = 0x811c9dc5;
  for (uint32_t i = 0; i < VerdictTable::kKeyWords; ++i) {
    hash = (hash ^ words[i]) * 0x01000193U;
    hash ^= hash >> 15;
  }
  return hash;
}

void put_address(uint32_t* words, const uint8_t* address) { std::memcpy(words, address, 16); }

// The first `bits` of an address, the rest zero.
void mask_address(const uint8_t* address, uint32_t bits, uint32_t bytes, uint8_t* masked) {
  std::memset(masked, 0, 16);
  std::memcpy(masked, address, bits / 8);
  if (bits % 8 != 0 && bits / 8 < bytes) masked[bits / 8] = static_cast<uint8_t>(address[bits / 8] & (0xff00U >> (bits % 8)));
}

}  // namespace

const char* VerdictTable::check(const void* memory, size_t bytes) {
  if (memory == nullptr || bytes < kHeaderWords * 4 || reinterpret_cast<uintptr_t>(memory) % 4 != 0) return "verdicts must be a table of aligned words";
  uint32_t header[3];
  std::memcpy(header, memory, sizeof header);
  const uint32_t slots = header[kAtSlots];
  if (header[kAtMagic] != kMagic || header[kAtVersion] != kVersion) return "verdicts is not a table of this version";
  if (slots == 0 || (slots & (slots - 1)) != 0 || bytes < (kHeaderWords + size_t{slots} * kSlotWords) * 4) return "verdicts is shorter than it says";
  return nullptr;
}

Verdict VerdictTable::judge(const uint8_t* bytes, size_t size, bool outbound, bool loopback) {
  if (words_ == nullptr) return Verdict::kPass;
  VerdictPacket packet;
  if (!read_verdict_packet(bytes, size, packet)) return Verdict::kPass;
  if (in_network(packet.source, packet.ipv6) || in_network(packet.destination, packet.ipv6) || has_port(packet) || is_flow(packet)) {
    return Verdict::kDenied;
  }
  if (word(kAtQuarantine) != 0 && outbound && !loopback && !is_let_through(packet)) return Verdict::kQuarantined;
  return Verdict::kPass;
}

// Prefix lengths that are held, each asked for once. An address alone is a network of its full length.
bool VerdictTable::in_network(const uint8_t* address, bool ipv6) {
  const uint32_t first = ipv6 ? kAtPrefixes6 : kAtPrefixes4;
  const uint32_t longest = ipv6 ? 128 : 32;
  for (uint32_t part = 0; part <= longest / 32; ++part) {
    for (uint32_t bits = word(first + part); bits != 0; bits &= bits - 1) {
      const uint32_t length = part * 32 + static_cast<uint32_t>(__builtin_ctz(bits));
      if (length > longest) break;
      Key key;
      uint8_t masked[16];
      mask_address(address, length, ipv6 ? 16 : 4, masked);
      key.words[0] = static_cast<uint32_t>(Kind::kNetwork);
      key.words[1] = (ipv6 ? 1U : 0U) | length << 8;
      put_address(key.words + kAddressA, masked);
      if (holds(key)) return true;
    }
  }
  return false;
}

bool VerdictTable::has_port(const VerdictPacket& packet) {
  if (!packet.has_ports || word(kAtPorts) == 0) return false;
  for (const uint32_t port : {packet.source_port, packet.destination_port}) {
    for (const uint32_t protocol : {uint32_t{packet.protocol}, uint32_t{0}}) {
      Key key;
      key.words[0] = static_cast<uint32_t>(Kind::kPort);
      key.words[1] = protocol | port << 16;
      if (holds(key)) return true;
    }
  }
  return false;
}

// Both directions of a flow have one key: the lower endpoint first.
bool VerdictTable::is_flow(const VerdictPacket& packet) {
  if (word(kAtFlows) == 0) return false;
  const int order = std::memcmp(packet.source, packet.destination, 16);
  const bool from_a = order < 0 || (order == 0 && packet.source_port <= packet.destination_port);
  Key key;
  key.words[0] = static_cast<uint32_t>(Kind::kFlow);
  key.words[1] = packet.protocol | (packet.ipv6 ? 0x100U : 0U);
  key.words[2] = from_a ? packet.source_port | uint32_t{packet.destination_port} << 16 : packet.destination_port | uint32_t{packet.source_port} << 16;
  put_address(key.words + kAddressA, from_a ? packet.source : packet.destination);
  put_address(key.words + kAddressB, from_a ? packet.destination : packet.source);
  return holds(key);
}

// A later fragment has no ports; its first one was judged by them.
bool VerdictTable::is_let_through(const VerdictPacket& packet) const {
  for (uint32_t i = 0; i < kEndpoints; ++i) {
    const uint32_t at = kAtEndpoints + i * kEndpointWords;
    const uint32_t meta = word(at);
    if ((meta & 1) == 0 || ((meta & 2) != 0) != packet.ipv6 || (meta >> 8 & 0xff) != packet.protocol) continue;
    if (!packet.later_fragment && (!packet.has_ports || meta >> 16 != packet.destination_port)) continue;
    uint32_t address[4];
    for (uint32_t part = 0; part < 4; ++part) address[part] = word(at + 1 + part);
    if (std::memcmp(address, packet.destination, 16) == 0) return true;
  }
  return false;
}

bool VerdictTable::holds(const Key& key) {
  const uint32_t mask = word(kAtSlots) - 1;
  const uint32_t home = hash_of(key.words);
  for (uint32_t i = 0; i < kProbe && i <= mask; ++i) {
    bool is_empty = false;
    if (slot_holds((home + i) & mask, key, is_empty)) return true;
    if (is_empty) return false;
  }
  return false;
}

bool VerdictTable::slot_holds(uint32_t slot, const Key& key, bool& is_empty) {
  std::atomic<uint32_t>* const at = words_ + kHeaderWords + slot * kSlotWords;
  for (int look = 0; look < kLooks; ++look) {
    const uint32_t before = at[0].load(std::memory_order_acquire);
    if ((before & 1) != 0) continue;
    uint32_t difference = 0;
    // Acquire, so that the second look at the sequence cannot move before the words.
    for (uint32_t i = 0; i < kKeyWords; ++i) difference |= at[1 + i].load(std::memory_order_acquire) ^ key.words[i];
    const uint32_t kind = at[1].load(std::memory_order_acquire);
    if (at[0].load(std::memory_order_relaxed) != before) continue;
    is_empty = kind == 0;
    if (difference == 0) at[kAtHits].fetch_add(1, std::memory_order_relaxed);
    return difference == 0;
  }
  return false;
}

}  // namespace weir
