#include "lookahead.h"

#include "../decode/protocols.h"

namespace weir {
namespace {

constexpr size_t kLine = 64;
// How far rows are asked for ahead of the reader, and places in the index ahead of those: about so many records each.
constexpr uint32_t kAheadRecords = 32;
// How far flows are asked for that will take bytes, and the ends of what they hold.
constexpr uint32_t kFlowRecords = 16;
constexpr uint32_t kEndRecords = 6;
// How far the bytes of the ring itself are, ahead of the index, where records are short. They come out of another processor's
// cache.
constexpr uint32_t kRingAheadBytes = 2048;
constexpr uint32_t kShortRecord = 2 * kRecordBytes;
// Weight of a record in the typical length, as a shift.
constexpr int kTypicalShift = 4;
// A longer probe is rarer than one in a thousand with half of the places taken.
constexpr int kProbes = 8;
// Such a segment changes more of its row than others do.
constexpr uint8_t kBeginOrEnd = kTcpFin | kTcpSyn | kTcpRst;

bool has_flow(const PacketRecord& record) { return is_kind(record, RecordKind::kPacket) || is_kind(record, RecordKind::kOuter); }

}  // namespace

// Inline: a function that only prefetches looks to the compiler as if it did nothing, and calls of it would be left out.
__attribute__((always_inline)) inline void Lookahead::want_row(const Rows& rows, const PacketRecord& record) {
  const uint32_t hash = record.hashLo;
  uint32_t at = hash & rows.index_mask;
  for (int probe = 0; probe < kProbes; probe++, at = (at + 1) & rows.index_mask) {
    const uint32_t entry = static_cast<uint32_t>(rows.index[2 * size_t{at} + 1]);
    if (entry == 0) {
      if (openers_ != nullptr) opens_.want(record);
      return;
    }
    if (static_cast<uint32_t>(rows.index[2 * size_t{at}]) != hash) continue;
    const size_t slot = entry - 1;
    if (slot >= rows.count) return;
    const uint8_t* hot = rows.hot_of(slot);
    for (size_t line = 0; line < kHotBytes; line += kLine) __builtin_prefetch(hot + line, 1);
    const uint8_t* cold = rows.cold_of(slot) + kHotBytes;
    __builtin_prefetch(cold + cold_touch_, 1);
    if (apps_ != nullptr && record.carried != 0) {
      apps_->want_place(slot);
      bringers_[bringers_to_++ % kBringers] = {rows_at_, static_cast<uint32_t>(slot)};
    }
    if (record.protocol != kProtoTcp || (record.tcpFlags & kBeginOrEnd) == 0) return;
    if (openers_ != nullptr) {
      __builtin_prefetch(openers_ + slot);
      __builtin_prefetch(attempts_ + slot, 1);
    }
    for (size_t line = 0; line < cold_touch_; line += kLine) __builtin_prefetch(cold + line, 1);
    return;
  }
}

void Lookahead::ahead(const Rows& rows, uint32_t position, uint32_t end, uint32_t steps) {
  if (rows.index == nullptr) return;
  // Both lie between the reader and the end, or the reader has overtaken them; positions are compared by difference only.
  if (rows_at_ - position > end - position) rows_at_ = position;
  if (index_at_ - rows_at_ > end - rows_at_) index_at_ = rows_at_;
  // Records with payload are eight times as long as those without, and a distance in bytes would be a few of them.
  const uint32_t distance = kAheadRecords * typical_;
  for (uint32_t i = 0; i < steps && rows_at_ != end && rows_at_ - position < distance; i++) {
    const PacketRecord& record = records_.at(rows_at_);
    if (has_flow(record)) want_row(rows, record);
    rows_at_ = next(rows_at_, end);
  }
  if (apps_ != nullptr) want_apps(position);
  for (uint32_t i = 0; i < steps && index_at_ != end && index_at_ - rows_at_ < distance; i++) want_place(rows, end);
}

// What the bytes of records will be added to. Of more records than the circle holds the first ones are left out.
void Lookahead::want_apps(uint32_t position) {
  if (bringers_to_ - ends_to_ > kBringers) ends_to_ = bringers_to_ - kBringers;
  if (flows_to_ - ends_to_ > bringers_to_ - ends_to_) flows_to_ = ends_to_;
  for (; flows_to_ != bringers_to_ && is_near(bringers_[flows_to_ % kBringers].position - position, kFlowRecords); flows_to_++) {
    apps_->want_flow(bringers_[flows_to_ % kBringers].slot);
  }
  for (; ends_to_ != flows_to_ && is_near(bringers_[ends_to_ % kBringers].position - position, kEndRecords); ends_to_++) {
    apps_->want_ends(bringers_[ends_to_ % kBringers].slot);
  }
}

// The record's place in the index, and the lines of the record behind it, which the next call will read.
__attribute__((always_inline)) inline void Lookahead::want_place(const Rows& rows, uint32_t end) {
  const PacketRecord& record = records_.at(index_at_);
  if (has_flow(record)) __builtin_prefetch(rows.index + 2 * size_t{record.hashLo & rows.index_mask});
  typical_ = static_cast<uint32_t>(static_cast<int32_t>(typical_) + ((static_cast<int32_t>(record.length) - static_cast<int32_t>(typical_)) >> kTypicalShift));
  index_at_ = next(index_at_, end);
  // Not beyond what is published: those lines the producer is writing.
  if (end - index_at_ <= 2 * kRingAheadBytes) return;
  const uint8_t* later = records_.bytes(index_at_ + (typical_ <= kShortRecord ? kRingAheadBytes : 0));
  for (size_t line = 0; line < kRecordBytes; line += kLine) __builtin_prefetch(later + line);
}

// The record behind the one at `at`; `end` when the lengths lead nowhere (the reader will say what is broken).
uint32_t Lookahead::next(uint32_t at, uint32_t end) const {
  const PacketRecord& record = records_.at(at);
  return has_length(record) && record.length <= end - at ? at + record.length : end;
}

}  // namespace weir
