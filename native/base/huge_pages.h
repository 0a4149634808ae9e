// Asks the system for large pages behind memory that is read at random. With 4 KiB pages nearly every look at a row of
// a large table misses the translation cache as well, which costs more than the row itself, in a virtual machine twice.
#pragma once
#ifdef __linux__
#include <sys/mman.h>
#endif
#include <cstddef>
#include <cstdint>

namespace weir {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20;

// True when the whole large pages inside [memory, memory + bytes) were accepted; a wish, whatever comes of it.
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

}  // namespace weir
