// Writes protocol messages of the generator: numbers in network order, and blocks that their length precedes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "../base/random.h"

namespace weir {

class MessageWriter {
 public:
  explicit MessageWriter(std::vector<uint8_t>& bytes) : bytes_(bytes) {}

  void u8(uint32_t value) { number(value, 1); }
  void u16(uint32_t value) { number(value, 2); }
  void u32(uint32_t value) { number(value, 4); }
  void u16s(std::initializer_list<uint16_t> values) {
    for (const uint16_t value : values) u16(value);
  }
  void text(std::string_view characters) { bytes_.insert(bytes_.end(), characters.begin(), characters.end()); }
  void zeros(size_t count) { bytes_.insert(bytes_.end(), count, 0); }
  void random(Random& random, size_t count) {
    for (size_t i = 0; i < count; ++i) u8(random.below(256));
  }
  // The digits must be an even number of hexadecimal ones.
  void hex(std::string_view digits) {
    for (size_t i = 0; i + 1 < digits.size(); i += 2) u8(nibble(digits[i]) << 4 | nibble(digits[i + 1]));
  }
  // Writes what `body` writes, behind its length in `width` bytes.
  template <typename Body>
  void block(size_t width, Body body) {
    const size_t at = bytes_.size();
    zeros(width);
    body();
    const size_t length = bytes_.size() - at - width;
    for (size_t i = 0; i < width; ++i) bytes_[at + i] = static_cast<uint8_t>(length >> 8 * (width - 1 - i));
  }
  void text_block(size_t width, std::string_view characters) {
    block(width, [&] { text(characters); });
  }

 private:
  void number(uint32_t value, size_t width) {
    for (size_t i = 0; i < width; ++i) bytes_.push_back(static_cast<uint8_t>(value >> 8 * (width - 1 - i)));
  }
  static uint32_t nibble(char digit) { return static_cast<uint32_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

  std::vector<uint8_t>& bytes_;
};

}  // namespace weir
