// Views of bytes that somebody else keeps, and a cursor that reads untrusted ones: past the end it gives 0 or nothing and
// remembers that (`Cursor` of src/app/cursor.ts).
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir {

struct Bytes {
  const uint8_t* data = nullptr;
  size_t length = 0;

  uint8_t operator[](size_t at) const { return data[at]; }
  // From `at` on, at most `count`; what is not there is left out.
  Bytes part(size_t at, size_t count = SIZE_MAX) const {
    const size_t from = std::min(at, length);
    return {data + from, std::min(count, length - from)};
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(data), length}; }
  bool operator==(const Bytes& other) const { return length == other.length && (length == 0 || std::memcmp(data, other.data, length) == 0); }
};

class Cursor {
 public:
  explicit Cursor(Bytes bytes) : bytes_(bytes) {}

  size_t left() const { return bytes_.length - at_; }
  size_t at() const { return at_; }
  bool overrun() const { return overrun_; }
  void set_overrun() { overrun_ = true; }

  uint32_t u8() { return number(1); }
  uint32_t u16() { return number(2); }
  uint32_t u24() { return number(3); }
  uint32_t u32() { return number(4); }

  // The next `count` bytes; nothing when there are fewer.
  Bytes take(size_t count) {
    if (!has(count)) return {};
    at_ += count;
    return {bytes_.data + at_ - count, count};
  }
  void skip(size_t count) { at_ = has(count) ? at_ + count : bytes_.length; }
  // A cursor over the next `count` bytes, over what is there when there are fewer (then this one is overrun).
  Cursor part(size_t count) {
    const Bytes found = bytes_.part(at_, has(count) ? count : left());
    at_ += found.length;
    return Cursor(found);
  }

 private:
  bool has(size_t count) {
    if (count <= left()) return true;
    overrun_ = true;
    return false;
  }
  uint32_t number(size_t count) {
    if (!has(count)) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) value = value << 8 | bytes_.data[at_++];
    return value;
  }

  Bytes bytes_;
  size_t at_ = 0;
  bool overrun_ = false;
};

}  // namespace weir
