// The letters of Zeek's `history`, as src/flow/history.ts writes them. Repeated kinds (c, g, t, w) are left to that side.
#pragma once
#include <cstdint>

#include "rows.h"

namespace weir {

// Every function below writes one letter at most; without room for it, it must not be called.
inline bool has_history_room(const Row& row) { return row.cold[kRowHistoryLength] < kHistoryMax; }

inline bool is_client(const Row& row, uint32_t side) { return (get<uint32_t>(row.hot, kRowFlags) & kRowFlagClientIsB) == side; }

// As it is, of no side.
inline void append_letter(const Row& row, char letter) {
  const uint8_t length = row.cold[kRowHistoryLength];
  row.cold[kRowHistory + length] = static_cast<uint8_t>(letter);
  row.cold[kRowHistoryLength] = static_cast<uint8_t>(length + 1);
}

inline void write_letter(const Row& row, uint32_t side, char letter) {
  append_letter(row, static_cast<char>(is_client(row, side) ? letter : letter | 0x20));
}

// The first data, or the first pure acknowledgement, of a side; `bit` of F_SIDE remembers it.
inline void write_once(const Row& row, uint32_t side, uint32_t bit, char letter) {
  uint8_t& bits = row.hot[kRowSideA + side];
  if ((bits & bit) != 0) return;
  bits = static_cast<uint8_t>(bits | bit);
  write_letter(row, side, letter);
}

// What a segment with at most one of SYN, FIN and RST writes; before the row takes in its sequence number.
void write_segment(const Row& row, uint32_t side, uint8_t flags, uint32_t seq, uint32_t length);

}  // namespace weir
