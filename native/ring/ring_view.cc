#include "ring_view.h"

namespace weir {

const char* RingView::check(const uint8_t* base, size_t bytes) {
  if (base == nullptr || bytes < kRingHeaderBytes + kMinRingCapacity) return "ring memory is too small";
  if (reinterpret_cast<uintptr_t>(base) % 8 != 0) return "ring memory is not aligned to 8 bytes";
  const auto word = [base](uint32_t offset) { return *reinterpret_cast<const uint32_t*>(base + offset); };
  if (word(kRingAtMagic) != kRingMagic) return "ring memory has no magic number";
  if (word(kRingAtVersion) != kLayoutVersion) return "ring has another layout version";
  if (word(kRingAtRecordBytes) != kRecordBytes) return "ring has another record size";
  const uint32_t capacity = word(kRingAtCapacity);
  if (capacity < kMinRingCapacity || capacity > kMaxRingCapacity) return "ring capacity is out of range";
  if ((capacity & (capacity - 1)) != 0) return "ring capacity is not a power of two";
  if (bytes - kRingHeaderBytes < capacity) return "ring memory is shorter than its capacity";
  if (word(kRingAtWritePos) % kRingPositionAlign != 0) return "ring position is not aligned to 64 bytes";
  if (word(kRingAtReadPos) != word(kRingAtWritePos)) return "ring is not empty";
  if (word(kRingAtClosed) != 0) return "ring has been used before";
  return nullptr;
}

}  // namespace weir
