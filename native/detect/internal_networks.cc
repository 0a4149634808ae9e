#include "internal_networks.h"

#include <algorithm>

namespace weir {
namespace {

// Flags of `AddressClass` in src/detect/address-class.ts.
constexpr uint8_t kKnown = 1;
constexpr uint8_t kInternal = 2;
constexpr uint8_t kRoutable = 4;

// What ::ffff:0:0/96 has in its third word.
constexpr uint32_t kMappedWord = 0xffff0000;

uint32_t as_in_entries(uint32_t word) {
  return word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
}

bool is_mapped(const uint32_t address[4]) { return address[0] == 0 && address[1] == 0 && address[2] == kMappedWord; }

// Somebody elsewhere, as `isRoutable` says it.
bool is_routable(const uint32_t address[4], bool is_v6) {
  const uint32_t first = address[0] & 0xff;
  const uint32_t second = address[0] >> 8 & 0xff;
  if (!is_v6) return first != 0 && first != 127 && first < 224 && !(first == 169 && second == 254);
  if (first == 0) return second == 0x64;
  return first != 0xff && !(first == 0xfe && (second & 0xc0) == 0x80);
}

}  // namespace

InternalNetworks::InternalNetworks(const uint32_t* v4, size_t v4_count, const uint32_t* v6, size_t v6_count) {
  v4_.reserve(v4_count);
  v6_.reserve(v6_count);
  for (size_t i = 0; i < v4_count; ++i) v4_.push_back({as_in_entries(v4[2 * i]), as_in_entries(v4[2 * i + 1])});
  for (size_t i = 0; i < v6_count; ++i) {
    NetworkV6 network;
    std::transform(v6 + 8 * i, v6 + 8 * i + 4, network.words.begin(), as_in_entries);
    std::transform(v6 + 8 * i + 4, v6 + 8 * i + 8, network.masks.begin(), as_in_entries);
    v6_.push_back(network);
  }
}

uint8_t InternalNetworks::classify(const uint32_t address[4], bool is_v6) const {
  const bool is_internal = is_v6 ? holds_v6(address) : holds_v4(address[0]);
  return kKnown | (is_internal ? kInternal : 0) | (is_routable(address, is_v6) ? kRoutable : 0);
}

bool InternalNetworks::holds_v4(uint32_t address) const {
  return std::any_of(v4_.begin(), v4_.end(), [address](const NetworkV4& network) { return (address & network.mask) == network.word; });
}

bool InternalNetworks::holds_v6(const uint32_t address[4]) const {
  // Where no network of IPv4 is said, such an address is like any other of IPv6.
  if (!v4_.empty() && is_mapped(address)) return holds_v4(address[3]);
  return std::any_of(v6_.begin(), v6_.end(), [address](const NetworkV6& network) {
    for (size_t i = 0; i < 4; ++i) {
      if ((address[i] & network.masks[i]) != network.words[i]) return false;
    }
    return true;
  });
}

}  // namespace weir
