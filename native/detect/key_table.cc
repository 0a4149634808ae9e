#include "key_table.h"

#include <cstring>

#include "../base/random.h"

namespace weir {

uint32_t KeyTable::hash_of(const uint32_t* key) const {
  uint32_t sum = 0;
  for (uint32_t word = 0; word < memory_.words; ++word) {
    const uint32_t secret = static_cast<uint32_t>(memory_.secrets[word]);
    sum += ((key[word] + secret) & 0xffff) * (((key[word] >> 16) + (secret >> 16)) & 0xffff);
  }
  sum = (sum ^ sum >> 16) * 0x9e3779b1u;
  return sum ^ sum >> 15;
}

int32_t KeyTable::find(const uint32_t* key, uint32_t hash) const {
  int32_t row = head_of(hash) - 1;
  while (has(row) && (static_cast<uint32_t>(link(row, kHash)) != hash || memcmp(row_at(row), key, memory_.words * sizeof(uint32_t)) != 0)) {
    row = link(row, kNext);
  }
  return has(row) ? row : kNoRow;
}

void KeyTable::use(int32_t row) {
  if (row == memory_.state->latest) return;
  unchain(row);
  chain(row);
}

int32_t KeyTable::next_to_go() const {
  return static_cast<uint32_t>(memory_.state->size) < memory_.most ? kNoRow : memory_.state->oldest;
}

int32_t KeyTable::insert(const uint32_t* key, uint32_t hash) {
  KeyTableState& state = *memory_.state;
  const int32_t going = next_to_go();
  if (has(going)) drop(going);
  int32_t row = state.free;
  if (has(row)) {
    state.free = link(row, kNext);
  } else {
    row = state.used;
    if (!has(row)) return kNoRow;
    if (row == 0) touch_zeros(memory_.heads, memory_.buckets * sizeof(int32_t));
    ++state.used;
  }
  memcpy(row_at(row), key, memory_.words * sizeof(uint32_t));
  link(row, kHash) = static_cast<int32_t>(hash);
  int32_t& head = head_of(hash);
  link(row, kNext) = head - 1;
  head = row + 1;
  ++state.size;
  chain(row);
  return row;
}

void KeyTable::drop(int32_t row) {
  KeyTableState& state = *memory_.state;
  int32_t& head = head_of(static_cast<uint32_t>(link(row, kHash)));
  int32_t before = kNoRow;
  int32_t other = head - 1;
  while (has(other) && other != row) {
    before = other;
    other = link(other, kNext);
  }
  if (has(before)) {
    link(before, kNext) = link(row, kNext);
  } else {
    head = link(row, kNext) + 1;
  }
  unchain(row);
  link(row, kNext) = state.free;
  state.free = row;
  --state.size;
}

void KeyTable::chain(int32_t row) {
  KeyTableState& state = *memory_.state;
  link(row, kBefore) = state.latest;
  link(row, kAfter) = kNoRow;
  (has(state.latest) ? link(state.latest, kAfter) : state.oldest) = row;
  state.latest = row;
}

void KeyTable::unchain(int32_t row) {
  KeyTableState& state = *memory_.state;
  const int32_t before = link(row, kBefore);
  const int32_t after = link(row, kAfter);
  (has(before) ? link(before, kAfter) : state.oldest) = after;
  (has(after) ? link(after, kBefore) : state.latest) = before;
}

KeyTableRoom::KeyTableRoom(uint32_t words, uint32_t most, uint64_t seed)
    : words_(words), most_(most), state_(new KeyTableState{0, 0, kNoRow, kNoRow, kNoRow}) {
  while (2 * uint64_t{buckets_} <= most) buckets_ *= 2;
  rows_ = untouched_zeros<int32_t>(size_t{most} * (words + KeyTable::kLinks));
  heads_ = untouched_zeros<int32_t>(buckets_);
  Random random(seed);
  for (uint32_t word = 0; word < words; ++word) secrets_.push_back(static_cast<int32_t>(random.next() >> 32));
}

KeyTable KeyTableRoom::table() {
  return KeyTable({rows_.get(), heads_.get(), state_.get(), secrets_.data(), words_, buckets_, most_});
}

}  // namespace weir
