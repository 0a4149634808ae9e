// What libndpi allocates, counted for the detector that is at work on the calling thread. libndpi takes its allocator once
// per process; the functions that it gets here are malloc and free with a count, so memory from before is freed alike.
#pragma once
#include <cstdint>

namespace weir {

struct HeapMeter {
  int64_t bytes = 0;
  int64_t peak = 0;
};

// Everything that libndpi allocates or frees on this thread while this exists is counted in `meter`. Not nested.
class HeapScope {
 public:
  explicit HeapScope(HeapMeter& meter);
  ~HeapScope();
  HeapScope(const HeapScope&) = delete;
  HeapScope& operator=(const HeapScope&) = delete;
};

// Installs the counting functions, once per process. False when this libndpi has no way to take them: nothing is counted.
bool count_ndpi_heap();

}  // namespace weir
