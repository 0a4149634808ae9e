// Entries and rows of detection, as native objects get them from JavaScript.
#pragma once
#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "../detect/entry_layout.h"
#include "../detect/tick_walk.h"
#include "memory_reader.h"

namespace weir {

// Whole entries at an address that fits their numbers.
template <typename Entry>
bool read_entries(const Napi::Value& value, napi_typedarray_type type, Entries<Entry>& entries) {
  size_t elements = 0;
  void* const memory = memory_of(value, type, elements);
  const size_t element_bytes = type == napi_uint8_array ? 1 : sizeof(Entry);
  if (memory == nullptr || elements * element_bytes % sizeof(Entry) != 0) return false;
  entries = {static_cast<const Entry*>(memory), elements * element_bytes / sizeof(Entry)};
  return entries.count == 0 || reinterpret_cast<uintptr_t>(memory) % alignof(Entry) == 0;
}

inline bool read_rows(const Napi::Value& value, WalkRows& rows, std::vector<Napi::Reference<Napi::Value>>& pinned) {
  if (!value.IsObject()) return false;
  MemoryReader reader(value.As<Napi::Object>());
  const Memory offsets = reader.memory("offsets", napi_int32_array, 0);
  const Memory times = reader.memory("times", napi_float64_array, 0);
  const Memory numbers = reader.memory("numbers", napi_int32_array, 0);
  const Memory sources = reader.memory("sources", napi_uint8_array, 0);
  const Memory targets = reader.memory("targets", napi_uint8_array, 0);
  if (reader.wrong != nullptr) return false;
  rows = {reinterpret_cast<int32_t*>(offsets.bytes), reinterpret_cast<double*>(times.bytes), reinterpret_cast<int32_t*>(numbers.bytes),
          sources.bytes, targets.bytes,
          std::min({offsets.elements, times.elements, numbers.elements, sources.elements, targets.elements})};
  for (auto& reference : reader.pinned) pinned.push_back(std::move(reference));
  return true;
}

}  // namespace weir
