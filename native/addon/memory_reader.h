// Typed arrays and numbers in an object of options, which native objects then work on.
#pragma once
#include <napi.h>

#include <vector>

#include "checked_values.h"

namespace weir {

// The bytes of a typed array of at least `least` elements.
struct Memory {
  uint8_t* bytes = nullptr;
  size_t elements = 0;
};

class MemoryReader {
 public:
  explicit MemoryReader(const Napi::Object& options) : options_(options) {}

  Memory memory(const char* name, napi_typedarray_type wanted, size_t least) {
    const Napi::Value value = options_.Get(name);
    Memory result;
    result.bytes = static_cast<uint8_t*>(memory_of(value, wanted, result.elements));
    if (result.bytes != nullptr && result.elements >= least) {
      pinned.push_back(Napi::Reference<Napi::Value>::New(value, 1));
      return result;
    }
    wrong = name;
    return {};
  }
  size_t size(const char* name) {
    const Napi::Value value = options_.Get(name);
    if (value.IsNumber()) return value.As<Napi::Number>().Uint32Value();
    wrong = name;
    return 0;
  }
  double number(const char* name) {
    const Napi::Value value = options_.Get(name);
    if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
    wrong = name;
    return 0;
  }
  bool boolean(const char* name) { return options_.Get(name).ToBoolean().Value(); }

  std::vector<Napi::Reference<Napi::Value>> pinned;
  const char* wrong = nullptr;

 private:
  Napi::Object options_;
};

}  // namespace weir
