// Comparisons of text as HTTP wants them: letters in either case.
#pragma once
#include <string_view>

#include "bytes.h"

namespace weir {

inline uint8_t small_letter(uint8_t byte) { return byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte; }
inline bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }
inline bool is_letter(uint8_t byte) { return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'; }
inline bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\t'; }

inline bool starts_with(Bytes bytes, std::string_view text) {
  return bytes.length >= text.size() && std::memcmp(bytes.data, text.data(), text.size()) == 0;
}

// `text` in small letters, here and below.
inline bool starts_with_any_case(Bytes bytes, std::string_view text) {
  if (bytes.length < text.size()) return false;
  for (size_t i = 0; i < text.size(); i++) {
    if (small_letter(bytes[i]) != static_cast<uint8_t>(text[i])) return false;
  }
  return true;
}
inline bool equals_any_case(Bytes bytes, std::string_view text) { return bytes.length == text.size() && starts_with_any_case(bytes, text); }
inline bool ends_with_any_case(Bytes bytes, std::string_view text) {
  return bytes.length >= text.size() && starts_with_any_case(bytes.part(bytes.length - text.size()), text);
}
inline bool contains_any_case(Bytes bytes, std::string_view text) {
  for (size_t at = 0; at + text.size() <= bytes.length; at++) {
    if (starts_with_any_case(bytes.part(at), text)) return true;
  }
  return false;
}

// Offset of the byte from `from` on, or the length.
inline size_t offset_of(Bytes bytes, uint8_t byte, size_t from = 0) {
  if (from >= bytes.length) return bytes.length;
  const void* const found = std::memchr(bytes.data + from, byte, bytes.length - from);
  return found == nullptr ? bytes.length : static_cast<size_t>(static_cast<const uint8_t*>(found) - bytes.data);
}

// Without spaces and tabs around it.
inline Bytes trimmed(Bytes bytes) {
  size_t from = 0;
  size_t to = bytes.length;
  while (from < to && is_blank(bytes[from])) from++;
  while (to > from && is_blank(bytes[to - 1])) to--;
  return bytes.part(from, to - from);
}

}  // namespace weir
