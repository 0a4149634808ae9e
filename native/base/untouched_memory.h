// Zeros of which the system gives a page when it is touched: what is not used yet takes no memory.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <memory>

namespace weir {

struct FreeMemory {
  void operator()(void* memory) const { free(memory); }
};

template <typename Number>
using UntouchedMemory = std::unique_ptr<Number[], FreeMemory>;

template <typename Number>
UntouchedMemory<Number> untouched_zeros(size_t count) {
  UntouchedMemory<Number> memory(static_cast<Number*>(calloc(count, sizeof(Number))));
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace weir
