// A map with a limit over keys of whole words; when it is full, the row that was not used for the longest time makes room.
// It is the table of src/detect/state/key-table.ts, and may lie in the same memory, which has room for all its rows: whoever
// is at work, it looks the same afterwards.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "../base/untouched_memory.h"

namespace weir {

constexpr int32_t kNoRow = -1;

// As in key-table.ts.
struct KeyTableState {
  int32_t size;
  int32_t used;
  int32_t free;
  int32_t oldest;
  int32_t latest;
};

struct KeyTableMemory {
  int32_t* rows = nullptr;
  int32_t* heads = nullptr;
  KeyTableState* state = nullptr;
  const int32_t* secrets = nullptr;
  // Of a key.
  uint32_t words = 0;
  // A power of two.
  uint32_t buckets = 0;
  uint32_t most = 0;
};

class KeyTable {
 public:
  KeyTable() = default;
  explicit KeyTable(const KeyTableMemory& memory) : memory_(memory) {}

  static constexpr uint32_t kLinks = 4;

  uint32_t size() const { return static_cast<uint32_t>(memory_.state->size); }
  // The row that was not used for the longest time, or kNoRow.
  int32_t oldest() const { return memory_.state->oldest; }
  const uint32_t* key_of(int32_t row) const { return reinterpret_cast<const uint32_t*>(row_at(row)); }

  uint32_t hash_of(const uint32_t* key) const;
  // `hash`: of the key. kNoRow when it is not there.
  int32_t find(const uint32_t* key, uint32_t hash) const;
  // Ask for the memory that `find` needs: hints, the second one when the first has had its time.
  void want_head(uint32_t hash) const { __builtin_prefetch(&head_of(hash)); }
  void want_row(uint32_t hash) const {
    const int32_t row = head_of(hash) - 1;
    if (!has(row)) return;
    __builtin_prefetch(row_at(row));
    __builtin_prefetch(&link(row, kHash));
  }
  // Marks a row as used.
  void use(int32_t row);
  // The row that makes room for a new one, kNoRow while there is room.
  int32_t next_to_go() const;
  // A row for a key that is not there; without asking, the one that is next to go makes room. Marked as used.
  int32_t insert(const uint32_t* key, uint32_t hash);
  void drop(int32_t row);

 private:
  // Behind the words of a key, in this order.
  enum Link : uint32_t { kNext, kBefore, kAfter, kHash };

  bool has(int32_t row) const { return row >= 0 && static_cast<uint32_t>(row) < memory_.most; }
  int32_t* row_at(int32_t row) const { return memory_.rows + static_cast<size_t>(row) * (memory_.words + kLinks); }
  int32_t& link(int32_t row, Link which) const { return row_at(row)[memory_.words + which]; }
  // Row + 1.
  int32_t& head_of(uint32_t hash) const { return memory_.heads[hash & (memory_.buckets - 1)]; }
  void chain(int32_t row);
  void unchain(int32_t row);

  KeyTableMemory memory_;
};

// Memory of a table that nobody shares.
class KeyTableRoom {
 public:
  // Keys are chosen by strangers: `seed` is a number that nobody else knows.
  KeyTableRoom(uint32_t words, uint32_t most, uint64_t seed);

  KeyTable table();

 private:
  uint32_t words_;
  uint32_t most_;
  uint32_t buckets_ = 1;
  UntouchedMemory<int32_t> rows_;
  UntouchedMemory<int32_t> heads_;
  std::unique_ptr<KeyTableState> state_;
  std::vector<int32_t> secrets_;
};

}  // namespace weir
