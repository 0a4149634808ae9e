// What is known of addresses that come again and again, in memory that src/detect/address-cache.ts fills.
#pragma once
#include <cstdint>

namespace weir {

class AddressPlaces {
 public:
  static constexpr uint32_t kPlaces = 16'384;
  // Of an address and its version.
  static constexpr uint32_t kWords = 5;

  AddressPlaces() = default;
  AddressPlaces(const int32_t* words, uint8_t* classes) : words_(words), classes_(classes) {}

  static uint32_t place_of(const uint32_t address[4], bool is_v6) {
    const uint32_t mixed = address[0] ^ address[1] * 31 ^ address[2] * 37 ^ address[3] * 41 ^ kind_of(is_v6);
    const uint32_t hash = mixed * 0x9e3779b1u;
    return (((hash ^ hash >> 15) * 0x85ebca6bu) >> 16) & (kPlaces - 1);
  }

  // Flags of `AddressClass`, 0 as long as nobody found them out; null when another address has the place now.
  uint8_t* class_of(const uint32_t address[4], bool is_v6) const {
    const uint32_t place = place_of(address, is_v6);
    const int32_t* const words = words_ + place * kWords;
    for (uint32_t i = 0; i < 4; ++i) {
      if (static_cast<uint32_t>(words[i]) != address[i]) return nullptr;
    }
    return static_cast<uint32_t>(words[4]) == kind_of(is_v6) ? classes_ + place : nullptr;
  }

 private:
  static constexpr uint32_t kind_of(bool is_v6) { return is_v6 ? 1 : 2; }

  const int32_t* words_ = nullptr;
  uint8_t* classes_ = nullptr;
};

}  // namespace weir
