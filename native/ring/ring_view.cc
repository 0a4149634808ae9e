#include "ring_view.h"

namespace weir {
namespace {

uint32_t word_at(const uint8_t* base, uint32_t offset) { return *reinterpret_cast<const uint32_t*>(base + offset); }

}  // namespace

const char* RingView::check_layout(const uint8_t* base, size_t bytes) {
  if (base == nullptr || bytes < kRingHeaderBytes + kMinRingCapacity) return "ring memory is too small";
  if (reinterpret_cast<uintptr_t>(base) % 8 != 0) return "ring memory is not aligned to 8 bytes";
  if (word_at(base, kRingAtMagic) != kRingMagic) return "ring memory has no magic number";
  if (word_at(base, kRingAtVersion) != kLayoutVersion) return "ring has another layout version";
  if (word_at(base, kRingAtRecordBytes) != kRecordBytes) return "ring has another record size";
  const uint32_t capacity = word_at(base, kRingAtCapacity);
  if (capacity < kMinRingCapacity || capacity > kMaxRingCapacity) return "ring capacity is out of range";
  if ((capacity & (capacity - 1)) != 0) return "ring capacity is not a power of two";
  if (bytes - kRingHeaderBytes < capacity) return "ring memory is shorter than its capacity";
  return nullptr;
}

const char* RingView::check(const uint8_t* base, size_t bytes) {
  if (const char* const wrong = check_layout(base, bytes)) return wrong;
  if (word_at(base, kRingAtWritePos) % kRingPositionAlign != 0) return "ring position is not aligned to 64 bytes";
  if (word_at(base, kRingAtReadPos) != word_at(base, kRingAtWritePos)) return "ring is not empty";
  if (word_at(base, kRingAtClosed) != 0) return "ring has been used before";
  return nullptr;
}

}  // namespace weir
