// Room for the texts of one DNS message. It is small enough for a note with all of them to keep within NOTE_LIMIT
// (src/flow/entry.ts): what does not fit is not plain.
#pragma once
#include <string_view>

#include "bytes.h"

namespace weir {

class DnsText {
 public:
  void clear() {
    used_ = 0;
    limit_ = kRoom;
    is_full_ = false;
  }
  bool is_full() const { return is_full_; }
  size_t used() const { return used_; }
  // What was put since `used` was `at`.
  std::string_view from(size_t at) const { return {room_ + at, used_ - at}; }
  // For text that is there already, and will be written once more.
  void charge(size_t count) {
    if (has(count)) limit_ -= count;
  }

  void put(char letter) {
    if (has(1)) room_[used_++] = letter;
  }
  void put(std::string_view text) {
    if (!has(text.size())) return;
    std::memcpy(room_ + used_, text.data(), text.size());
    used_ += text.size();
  }
  // Takes back what was put last; there must be so much.
  void drop(size_t count) { used_ -= count; }
  void put_decimal(uint32_t value) {
    char digits[10];
    size_t at = sizeof(digits);
    do {
      digits[--at] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    put(std::string_view(digits + at, sizeof(digits) - at));
  }
  // At least `least` digits.
  void put_hex(uint32_t value, int least) {
    for (int digit = 7; digit >= 0; digit--) {
      if (digit < least || value >> (4 * digit) != 0) put("0123456789abcdef"[value >> (4 * digit) & 15]);
    }
  }

 private:
  // A note with this text holds each byte of it at most twice, 60 bytes more for each of 64 answers, and less than 2 KiB
  // of label, risks and question.
  static constexpr size_t kRoom = 4096;

  bool has(size_t count) {
    if (count <= limit_ - used_) return true;
    is_full_ = true;
    return false;
  }

  char room_[kRoom];
  size_t used_ = 0;
  size_t limit_ = kRoom;
  bool is_full_ = false;
};

}  // namespace weir
