// Asks for the memory of rows before they are needed: a prefetch nobody waits for. A hint in every respect: it writes
// nothing, and a row that moves meanwhile costs a cache miss and no more.
#pragma once
#include <cstdint>

#include "moments.h"
#include "ring_records.h"
#include "rows.h"

namespace weir {

class Lookahead {
 public:
  Lookahead() = default;
  // `cold_touch`: offset, in the cold half, of the line that most packets need.
  // `beside`: what detection keeps of each row, may be null.
  Lookahead(RingRecords records, size_t cold_touch, const MomentMemory& beside)
      : records_(records), cold_touch_(cold_touch), openers_(beside.openers), attempts_(beside.attempts) {}

  // The reader is at `position` of what is published up to `end`. Every kEvery records is often enough.
  void ahead(const Rows& rows, uint32_t position, uint32_t end);

  static constexpr uint32_t kEvery = 16;

 private:
  uint32_t next(uint32_t at, uint32_t end) const;
  void want_row(const Rows& rows, const PacketRecord& record) const;

  RingRecords records_;
  size_t cold_touch_ = 0;
  const uint8_t* openers_ = nullptr;
  const int32_t* attempts_ = nullptr;
  uint32_t rows_at_ = 0;   // rows are asked for up to here,
  uint32_t index_at_ = 0;  // and places in the index up to here
};

}  // namespace weir
