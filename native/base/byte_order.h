// Unaligned reads in a byte order that is known at run time or from the format.
#pragma once
#include <cstdint>
#include <cstring>

namespace weir {

inline uint16_t load16(const uint8_t* p, bool swapped = false) {
  uint16_t value;
  std::memcpy(&value, p, sizeof value);
  return swapped ? __builtin_bswap16(value) : value;
}

inline uint32_t load32(const uint8_t* p, bool swapped = false) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  return swapped ? __builtin_bswap32(value) : value;
}

inline uint64_t load64(const uint8_t* p, bool swapped = false) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  return swapped ? __builtin_bswap64(value) : value;
}

inline void store_be16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value >> 8);
  p[1] = static_cast<uint8_t>(value);
}

inline void store_be32(uint8_t* p, uint32_t value) {
  store_be16(p, static_cast<uint16_t>(value >> 16));
  store_be16(p + 2, static_cast<uint16_t>(value));
}

}  // namespace weir
