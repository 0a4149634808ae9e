// A list of numbers of a message, in place and of a bounded length.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

template <typename Code, size_t kMost>
class CodeList {
 public:
  // False when there is no more room.
  bool push(uint32_t code) {
    if (size_ == kMost) return false;
    codes_[size_++] = static_cast<Code>(code);
    return true;
  }
  void clear() { size_ = 0; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Code operator[](size_t at) const { return codes_[at]; }
  const Code* begin() const { return codes_; }
  const Code* end() const { return codes_ + size_; }

 private:
  Code codes_[kMost];
  size_t size_ = 0;
};

}  // namespace weir
