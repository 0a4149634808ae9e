// Asks for the memory of rows before they are needed: a prefetch nobody waits for. A hint in every respect: it writes
// nothing, and a row that moves meanwhile costs a cache miss and no more.
#pragma once
#include <cstdint>

#include "../app/app_flows.h"
#include "moments.h"
#include "ring_records.h"
#include "rows.h"

namespace weir {

class Lookahead {
 public:
  Lookahead() = default;
  // `cold_touch`: offset, in the cold half, of the line that most packets need.
  // `beside`: what detection keeps of each row, may be null.
  // `apps`: who takes records' bytes, may be null.
  Lookahead(RingRecords records, size_t cold_touch, const MomentMemory& beside, const AppFlows* apps)
      : records_(records),
        cold_touch_(cold_touch),
        openers_(beside.openers),
        attempts_(beside.attempts),
        opens_(beside.words, beside.services),
        apps_(apps) {}

  // The reader is at `position` of what is published up to `end`. Goes on by `steps` records, as long as it is not far enough
  // ahead. Called for each record, what one call has asked for has come when the next one reads it.
  void ahead(const Rows& rows, uint32_t position, uint32_t end, uint32_t steps);

  // More than the reader takes between two calls, so that the distance grows to what it should be: for each record that it
  // takes, and for as many as others may have taken since.
  static constexpr uint32_t kOneStep = 2;
  static constexpr uint32_t kCatchUp = 18;

 private:
  uint32_t next(uint32_t at, uint32_t end) const;
  void want_row(const Rows& rows, const PacketRecord& record);
  void want_apps(uint32_t position);
  // At most about so many records ahead, or overtaken already.
  bool is_near(uint32_t distance, uint32_t records) const { return distance < records * typical_ || distance > UINT32_MAX / 2; }
  void want_place(const Rows& rows, uint32_t end);

  RingRecords records_;
  size_t cold_touch_ = 0;
  const uint8_t* openers_ = nullptr;
  const int32_t* attempts_ = nullptr;
  OpenCounts opens_;
  uint32_t rows_at_ = 0;   // rows are asked for up to here,
  uint32_t index_at_ = 0;  // and places in the index up to here
  // Rows whose flows' bytes are coming, in a circle: behind `flows_to_` their flows were asked for, behind `ends_to_` the ends of
  // what they hold.
  static constexpr uint32_t kBringers = 64;
  struct Bringer {
    uint32_t position;
    uint32_t slot;
  };
  const AppFlows* apps_ = nullptr;
  Bringer bringers_[kBringers] = {};
  uint32_t bringers_to_ = 0;
  uint32_t flows_to_ = 0;
  uint32_t ends_to_ = 0;
  uint32_t typical_ = kRecordBytes;  // length of a record, lately
};

}  // namespace weir
