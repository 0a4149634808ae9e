// What the system is told of large blocks of memory: which will be read at random, and which nobody reads any more. With
// 4 KiB pages nearly every look at a row of a large table misses the translation cache as well, which costs more than the
// row itself, in a virtual machine twice.
#pragma once
#ifdef __linux__
#include <sys/mman.h>
#endif
#include <cstddef>
#include <cstdint>

namespace weir {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

// Asks for large pages. True when the whole ones inside [memory, memory + bytes) were accepted; a wish, whatever comes of it.
inline bool prefer_huge_pages(void* memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + bytes) & ~(kHugePage - 1);
  return begin < end && madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE) == 0;
#else
  (void)memory;
  (void)bytes;
  return false;
#endif
}

// Gives the whole pages inside [memory, memory + bytes) back; they read as zeros from then on. False where that is not possible.
inline bool discard_pages(void* memory, size_t bytes) {
#ifdef MADV_DONTNEED
  constexpr uintptr_t kPage = 4096;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + kPage - 1) & ~(kPage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + bytes) & ~(kPage - 1);
  return begin < end && madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) == 0;
#else
  (void)memory;
  (void)bytes;
  return false;
#endif
}

}  // namespace weir
