// Pieces of memory that stay until the end, cut from blocks of the size of a huge page: the system gives such a page at once,
// where it has one, instead of 512 small ones one by one as they are touched. What little needs little: the first block is small.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "memory_advice.h"
#include "untouched_memory.h"

namespace weir {

class HugeArena {
 public:
  // At most kFirst bytes, a multiple of 64 of them. The memory is not cleared.
  uint8_t* take(size_t bytes) {
    if (left_ < bytes) add_block();
    left_ -= bytes;
    return blocks_.back().get() + left_;
  }

  static constexpr size_t kFirst = 1 << 18;

 private:
  void add_block() {
    const size_t bytes = blocks_.empty() ? kFirst : kHugePage;
#ifdef __linux__
    void* const memory = aligned_alloc(bytes, bytes);
#else
    void* const memory = malloc(bytes);
#endif
    if (memory == nullptr) std::abort();
    if (bytes == kHugePage) prefer_huge_pages(memory, bytes);
    blocks_.emplace_back(static_cast<uint8_t*>(memory));
    left_ = bytes;
  }

  std::vector<UntouchedMemory<uint8_t>> blocks_;
  size_t left_ = 0;
};

}  // namespace weir
