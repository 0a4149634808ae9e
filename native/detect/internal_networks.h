// The networks that are somebody's own, and what an address is by them: src/detect/networks.ts and src/detect/address-class.ts
// say the same in TypeScript.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir {

class InternalNetworks {
 public:
  InternalNetworks() = default;
  // Words and masks of networks, first the words of one and then its masks, the first byte of each the highest: two numbers
  // for each network of IPv4, eight for each of IPv6.
  InternalNetworks(const uint32_t* v4, size_t v4_count, const uint32_t* v6, size_t v6_count);

  // To go through them takes no time worth a thought.
  bool is_short() const { return v4_.size() + v6_.size() <= 16; }
  // Flags of `AddressClass`. Words as in entries: the first byte of each is its lowest.
  uint8_t classify(const uint32_t address[4], bool is_v6) const;

 private:
  struct NetworkV4 {
    uint32_t word;
    uint32_t mask;
  };
  struct NetworkV6 {
    std::array<uint32_t, 4> words;
    std::array<uint32_t, 4> masks;
  };

  bool holds_v4(uint32_t address) const;
  bool holds_v6(const uint32_t address[4]) const;

  // As addresses stand in entries.
  std::vector<NetworkV4> v4_;
  std::vector<NetworkV6> v6_;
};

}  // namespace weir
