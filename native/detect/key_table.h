// A map with a limit over keys of whole words; when it is full, the row that was not used for the longest time makes room.
// What src/detect/state/key-table.ts is for rules.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace weir {

constexpr int32_t kNoRow = -1;

template <uint32_t kWords>
class KeyTable {
 public:
  using Key = std::array<uint32_t, kWords>;

  // `secrets`: numbers that nobody else knows, because keys are chosen by strangers.
  KeyTable(uint32_t most, const std::array<uint64_t, kWords + 1>& secrets) : most_(most), secrets_(secrets), heads_(kFirstBuckets, kNoRow) {}

  uint32_t size() const { return size_; }
  // Rows that there have been at once: values stand in arrays of as many.
  size_t room() const { return rows_.size(); }
  // The row that was not used for the longest time, or kNoRow.
  int32_t oldest() const { return oldest_; }
  const Key& key_of(int32_t row) const { return rows_[row].key; }

  // Without marking it as used; kNoRow when it is not there.
  int32_t peek(const Key& key) const { return find(key, hash_of(key)); }

  // The row of the key, marked as used; `fresh`: it was made. `on_drop` hears of the row that makes room, while it is there.
  template <typename OnDrop>
  int32_t obtain(const Key& key, bool& fresh, const OnDrop& on_drop) {
    const uint32_t hash = hash_of(key);
    int32_t row = find(key, hash);
    fresh = row == kNoRow;
    if (!fresh) {
      if (row == latest_) return row;
      unchain(row);
    } else {
      if (size_ >= most_) drop(oldest_, on_drop);
      row = place();
      rows_[row].key = key;
      rows_[row].hash = hash;
      link(row);
      ++size_;
    }
    chain(row);
    return row;
  }

  template <typename OnDrop>
  void drop(int32_t row, const OnDrop& on_drop) {
    on_drop(row);
    int32_t* place = &heads_[rows_[row].hash & (heads_.size() - 1)];
    while (*place != row) place = &rows_[*place].next;
    *place = rows_[row].next;
    unchain(row);
    rows_[row].next = free_;
    free_ = row;
    --size_;
  }

 private:
  struct Row {
    Key key;
    uint32_t hash;
    // Of its bucket, or of the free ones.
    int32_t next;
    // Towards the longest unused.
    int32_t before;
    int32_t after;
  };

  static constexpr size_t kFirstBuckets = 256;

  // NH (Black et al. 1999, UMAC) over words of 32 bits: two keys meet in a bucket by chance only.
  uint32_t hash_of(const Key& key) const {
    uint64_t sum = secrets_[kWords];
    for (uint32_t i = 0; i + 1 < kWords; i += 2) {
      sum += uint64_t{key[i] + static_cast<uint32_t>(secrets_[i])} * (key[i + 1] + static_cast<uint32_t>(secrets_[i + 1]));
    }
    if (kWords % 2 == 1) sum += key[kWords - 1] * (secrets_[kWords - 1] | 1);
    sum ^= sum >> 32;
    sum *= 0x9e3779b97f4a7c15ULL;
    return static_cast<uint32_t>(sum >> 32);
  }

  int32_t find(const Key& key, uint32_t hash) const {
    int32_t row = heads_[hash & (heads_.size() - 1)];
    while (row != kNoRow && (rows_[row].hash != hash || rows_[row].key != key)) row = rows_[row].next;
    return row;
  }

  int32_t place() {
    if (free_ != kNoRow) {
      const int32_t row = free_;
      free_ = rows_[row].next;
      return row;
    }
    if (rows_.size() == heads_.size()) spread();
    rows_.emplace_back();
    return static_cast<int32_t>(rows_.size() - 1);
  }

  // Twice as many buckets; every row is in use when that is needed.
  void spread() {
    heads_.assign(heads_.size() * 2, kNoRow);
    for (size_t row = 0; row < rows_.size(); ++row) link(static_cast<int32_t>(row));
  }

  void link(int32_t row) {
    int32_t& head = heads_[rows_[row].hash & (heads_.size() - 1)];
    rows_[row].next = head;
    head = row;
  }

  void chain(int32_t row) {
    rows_[row].before = latest_;
    rows_[row].after = kNoRow;
    (latest_ == kNoRow ? oldest_ : rows_[latest_].after) = row;
    latest_ = row;
  }

  void unchain(int32_t row) {
    const auto [before, after] = std::pair(rows_[row].before, rows_[row].after);
    (before == kNoRow ? oldest_ : rows_[before].after) = after;
    (after == kNoRow ? latest_ : rows_[after].before) = before;
  }

  uint32_t most_;
  std::array<uint64_t, kWords + 1> secrets_;
  std::vector<Row> rows_;
  std::vector<int32_t> heads_;
  uint32_t size_ = 0;
  int32_t free_ = kNoRow;
  int32_t oldest_ = kNoRow;
  int32_t latest_ = kNoRow;
};

}  // namespace weir
