// The records of a ring by position, as its reader sees them.
#pragma once
#include <cstdint>

#include "../ring/layout.h"
#include "../ring/ring_view.h"

namespace weir {

class RingRecords {
 public:
  RingRecords() = default;
  explicit RingRecords(RingView ring) : data_(ring.data_area()), mask_(ring.capacity() - 1) {}

  const PacketRecord& at(uint32_t position) const { return *reinterpret_cast<const PacketRecord*>(bytes(position)); }
  const uint8_t* bytes(uint32_t position) const { return data_ + (position & mask_); }
  // Counted from the beginning of the ring's memory, as the TypeScript side counts.
  uint32_t offset_of(const PacketRecord& record) const {
    return kRingHeaderBytes + static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(&record) - data_);
  }

 private:
  const uint8_t* data_ = nullptr;
  uint32_t mask_ = 0;
};

constexpr uint32_t flag(RecordFlag value) { return static_cast<uint32_t>(value); }
// What a usual packet has none of.
constexpr uint32_t kUnusual = flag(RecordFlag::kFragment) | flag(RecordFlag::kFragmentLater) | flag(RecordFlag::kSnaplenCut) |
                              flag(RecordFlag::kDenied) | flag(RecordFlag::kBadL4Checksum);

inline bool is_kind(const PacketRecord& record, RecordKind kind) { return record.kind == static_cast<uint8_t>(kind); }

// False when the length leads nowhere.
inline bool has_length(const PacketRecord& record) { return record.length >= kRecordAlign && record.length % kRecordAlign == 0; }

// The bytes that a record carries, behind its SACK blocks; null when they do not fit into its length.
inline const uint8_t* carried_bytes(const PacketRecord& record) {
  constexpr size_t kSackBlockBytes = 8;
  const size_t start = kRecordBytes + size_t{record.sackCount} * kSackBlockBytes;
  return start + record.carried > record.length ? nullptr : reinterpret_cast<const uint8_t*>(&record) + start;
}

}  // namespace weir
