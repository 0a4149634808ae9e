// A ring's shared words, over memory that JavaScript has allocated (`createRing` in src/ring/create.ts). Drawn:
//
//   0        magic, version, capacity, recordBytes      written once, by the side that allocates
//   64       writePos, closed, watermarkNs              stored by the producer
//   128      readPos, sleeping, wakerId, generation     stored by the consumer
//   256      data area, `capacity` bytes, a power of two
//
// Positions run freely modulo 2^32 and are compared by unsigned difference only.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "layout.h"

namespace weir {

constexpr uint32_t kMinRingCapacity = 4096;
constexpr uint32_t kMaxRingCapacity = 1024 * 1024 * 1024;
// Positions start at a multiple of this, so that the space before the end of the area is never 8 bytes, too short for a
// PAD record's sequence number. RingWriter keeps it so.
constexpr uint32_t kRingPositionAlign = 64;

class RingView {
 public:
  RingView() = default;

  // Null when the memory is a ring of this build's layout; otherwise what is wrong with it.
  static const char* check_layout(const uint8_t* base, size_t bytes);
  // The same of a ring that a capture thread can begin to write.
  static const char* check(const uint8_t* base, size_t bytes);
  explicit RingView(uint8_t* base) : base_(base) {}

  uint32_t capacity() const { return plain(kRingAtCapacity); }
  uint8_t* data_area() const { return base_ + kRingHeaderBytes; }
  std::atomic<uint32_t>& write_pos() const { return word(kRingAtWritePos); }
  std::atomic<uint32_t>& closed() const { return word(kRingAtClosed); }
  std::atomic<uint32_t>& read_pos() const { return word(kRingAtReadPos); }
  std::atomic<uint32_t>& sleeping() const { return word(kRingAtSleeping); }
  std::atomic<uint32_t>& waker_id() const { return word(kRingAtWakerId); }
  std::atomic<double>& watermark_ns() const { return *reinterpret_cast<std::atomic<double>*>(base_ + kRingAtWatermarkNs); }

 private:
  std::atomic<uint32_t>& word(uint32_t offset) const { return *reinterpret_cast<std::atomic<uint32_t>*>(base_ + offset); }
  uint32_t plain(uint32_t offset) const { return *reinterpret_cast<const uint32_t*>(base_ + offset); }

  uint8_t* base_ = nullptr;
};

static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free, "shared words");
static_assert(sizeof(std::atomic<double>) == 8 && std::atomic<double>::is_always_lock_free, "shared watermark");

}  // namespace weir
