// Memory for the bytes of open flows, in pieces of a few sizes. What is given back serves the next flow: all together it takes what
// the open flows took when there were most of them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../base/huge_arena.h"
#include "bytes.h"

namespace weir {

class BytePool {
 public:
  static constexpr size_t kClasses = 19;  // 64, 96, 128, 192 … bytes to 32 KiB

  static constexpr size_t size_of(size_t size_class) { return (size_class % 2 == 0 ? size_t{64} : size_t{96}) << size_class / 2; }

  // The smallest class that holds so many bytes.
  static size_t class_for(size_t bytes) {
    size_t size_class = 0;
    while (size_of(size_class) < bytes && size_class + 1 < kClasses) size_class++;
    return size_class;
  }

  uint8_t* take(size_t size_class) {
    std::vector<uint8_t*>& free = free_[size_class];
    if (free.empty()) cut_slab(size_class);
    uint8_t* const memory = free.back();
    free.pop_back();
    return memory;
  }
  void give(uint8_t* memory, size_t size_class) { free_[size_class].push_back(memory); }

 private:
  static constexpr size_t kSlab = 32 << 10;

  void cut_slab(size_t size_class) {
    uint8_t* const slab = arena_.take(kSlab);
    for (size_t at = 0; at + size_of(size_class) <= kSlab; at += size_of(size_class)) free_[size_class].push_back(slab + at);
  }

  std::vector<uint8_t*> free_[kClasses];
  HugeArena arena_;
};

// Bytes that grow, in memory of a pool that must be given to every call.
class PooledBytes {
 public:
  static constexpr size_t kMost = BytePool::size_of(BytePool::kClasses - 1);

  size_t length() const { return length_; }
  Bytes bytes() const { return {data_, length_}; }
  uint8_t* memory() { return data_; }
  // Bytes of the pool that it holds.
  size_t held() const { return data_ == nullptr ? 0 : BytePool::size_of(class_); }

  // False when there would be more than kMost.
  bool append(BytePool& pool, const void* from, size_t count) {
    if (count > kMost - length_) return false;
    if (length_ + count > held()) move(pool, BytePool::class_for(length_ + count));
    std::memcpy(data_ + length_, from, count);
    length_ += count;
    return true;
  }
  // Keeps the first `length` bytes, in as little as they need.
  void cut(BytePool& pool, size_t length) {
    if (length >= length_) return;
    length_ = length;
    const size_t smaller = BytePool::class_for(length);
    if (smaller < class_) move(pool, smaller);
  }
  void release(BytePool& pool) {
    if (data_ != nullptr) pool.give(data_, class_);
    data_ = nullptr;
    length_ = 0;
  }

 private:
  void move(BytePool& pool, size_t to) {
    uint8_t* const memory = pool.take(to);
    if (data_ != nullptr) {
      std::memcpy(memory, data_, length_);
      pool.give(data_, class_);
    }
    data_ = memory;
    class_ = static_cast<uint32_t>(to);
  }

  uint8_t* data_ = nullptr;
  size_t length_ = 0;
  uint32_t class_ = 0;
};

}  // namespace weir
