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
constexpr uintptr_t kPage = 4096;

#ifdef __linux__
// Of the whole pages of that size inside [memory, memory + bytes); false when there are none.
inline bool advise_pages(void* memory, size_t bytes, uintptr_t page, int advice) {
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(memory) + bytes) & ~(page - 1);
  return begin < end && madvise(reinterpret_cast<void*>(begin), end - begin, advice) == 0;
}

// Asks for large pages. True when the whole ones were accepted; a wish, whatever comes of it.
inline bool prefer_huge_pages(void* memory, size_t bytes) { return advise_pages(memory, bytes, kHugePage, MADV_HUGEPAGE); }
// Gives the whole pages back; they read as zeros from then on.
inline bool discard_pages(void* memory, size_t bytes) { return advise_pages(memory, bytes, kPage, MADV_DONTNEED); }
#else
inline bool prefer_huge_pages(void*, size_t) { return false; }
inline bool discard_pages(void*, size_t) { return false; }
#endif

}  // namespace weir
