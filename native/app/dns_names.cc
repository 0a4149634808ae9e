#include "dns_names.h"

#include <array>

namespace weir {
namespace {

constexpr size_t kNameLimit = 255;
constexpr size_t kJumpLimit = 32;
constexpr uint8_t kPointer = 0xc0;
constexpr uint8_t kLongestLabel = 63;

// What stands in a name, and in JSON, as it is.
constexpr std::array<bool, 256> plain_letters() {
  std::array<bool, 256> plain{};
  for (size_t letter = 0x21; letter < 0x7f; letter++) plain[letter] = letter != '.' && letter != '\\' && letter != '"';
  return plain;
}
constexpr std::array<bool, 256> kPlain = plain_letters();

}  // namespace

bool is_same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++) {
    if (a[i] != b[i] && lower_of(a[i]) != lower_of(b[i])) return false;
  }
  return true;
}

// With the dot behind it.
bool DnsNames::label(size_t at, size_t length, DnsText& text) const {
  if (at + length > message_.length) return false;
  const Bytes letters = message_.part(at, length);
  bool is_plain = true;
  for (size_t i = 0; i < length; i++) is_plain &= kPlain[letters[i]];
  if (!is_plain) return false;
  text.put(letters.text());
  text.put('.');
  return !text.is_full();
}

bool DnsNames::read(size_t at, DnsText& text, size_t& next) const {
  const size_t begin = text.used();
  size_t lowest = at;
  size_t jumps = 0;
  while (at < message_.length) {
    const uint8_t length = message_[at];
    if (length == 0) {
      if (jumps == 0) next = at + 1;
      if (text.used() == begin) text.put('.');
      else text.drop(1);
      return !text.is_full();
    }
    if (length >= kPointer) {
      if (at + 1 >= message_.length) return false;
      if (jumps == 0) next = at + 2;
      const size_t target = (length & 0x3fu) << 8 | message_[at + 1];
      if (target >= lowest || ++jumps > kJumpLimit) return false;
      at = lowest = target;
      continue;
    }
    if (length > kLongestLabel || text.used() - begin + 2 + length > kNameLimit || !label(at + 1, length, text)) return false;
    at += 1 + size_t{length};
  }
  return false;
}

bool DnsNames::skip(size_t at, size_t& next) const {
  for (const size_t begin = at; at < message_.length && at - begin < kNameLimit;) {
    const uint8_t length = message_[at];
    if (length >= kPointer) {
      next = at + 2;
      return next <= message_.length;
    }
    if (length > kLongestLabel) return false;
    at += 1 + size_t{length};
    if (length == 0) {
      next = at;
      return true;
    }
  }
  return false;
}

}  // namespace weir
