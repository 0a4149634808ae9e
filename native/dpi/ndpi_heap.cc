#include "ndpi_heap.h"

#include <cstddef>
#include <cstdlib>

#if defined(__APPLE__)
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

// Both ways that versions of libndpi have to take an allocator; weak, because no version has both.
extern "C" {
void set_ndpi_malloc(void* (*allocate)(size_t)) __attribute__((weak));
void set_ndpi_free(void (*release)(void*)) __attribute__((weak));
// The newest one; the spelling is the library's.
void ndpi_set_memory_alloction_functions(void* (*allocate)(size_t), void (*release)(void*), void* (*allocate_zeroed)(size_t, size_t),
                                         void* (*reallocate)(void*, size_t), void* (*allocate_aligned)(size_t, size_t),
                                         void (*release_aligned)(void*), void* (*allocate_flow)(size_t), void (*release_flow)(void*))
    __attribute__((weak));
}

namespace weir {
namespace {

thread_local HeapMeter* current = nullptr;

int64_t size_of(void* block) {
#if defined(__APPLE__)
  return static_cast<int64_t>(malloc_size(block));
#else
  return static_cast<int64_t>(malloc_usable_size(block));
#endif
}

void* counted(void* block) {
  if (block != nullptr && current != nullptr) {
    current->bytes += size_of(block);
    if (current->bytes > current->peak) current->peak = current->bytes;
  }
  return block;
}

void discount(void* block) {
  if (block != nullptr && current != nullptr) current->bytes -= size_of(block);
}

void* allocate(size_t size) { return counted(std::malloc(size)); }
void* allocate_zeroed(size_t count, size_t size) { return counted(std::calloc(count, size)); }
void release(void* block) {
  discount(block);
  std::free(block);
}
void* reallocate(void* block, size_t size) {
  discount(block);
  void* const moved = std::realloc(block, size);
  // A failed one leaves the block as it was.
  counted(moved == nullptr && size > 0 ? block : moved);
  return moved;
}
void* allocate_aligned(size_t alignment, size_t size) {
  void* block = nullptr;
  return posix_memalign(&block, alignment, size) == 0 ? counted(block) : nullptr;
}

bool install() {
  if (ndpi_set_memory_alloction_functions != nullptr) {
    ndpi_set_memory_alloction_functions(allocate, release, allocate_zeroed, reallocate, allocate_aligned, release, allocate, release);
    return true;
  }
  if (set_ndpi_malloc == nullptr || set_ndpi_free == nullptr) return false;
  set_ndpi_malloc(allocate);
  set_ndpi_free(release);
  return true;
}

}  // namespace

HeapScope::HeapScope(HeapMeter& meter) { current = &meter; }
HeapScope::~HeapScope() { current = nullptr; }

bool count_ndpi_heap() {
  static const bool installed = install();
  return installed;
}

}  // namespace weir
