// The table of src/detect/state/key-table.ts over the same memory, which has room for all its rows: whoever is at work, it
// looks the same afterwards. Only what has nobody to tell that a row goes is done here.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

constexpr int32_t kNoSharedRow = -1;

// As in key-table.ts.
struct SharedTableState {
  int32_t size;
  int32_t used;
  int32_t free;
  int32_t oldest;
  int32_t latest;
};

struct SharedTableMemory {
  int32_t* rows = nullptr;
  int32_t* heads = nullptr;
  SharedTableState* state = nullptr;
  const int32_t* secrets = nullptr;
  // Of a key.
  uint32_t words = 0;
  // A power of two.
  uint32_t buckets = 0;
  uint32_t most = 0;
};

class SharedTable {
 public:
  SharedTable() = default;
  explicit SharedTable(const SharedTableMemory& memory) : memory_(memory) {}

  static constexpr uint32_t kLinks = 4;

  uint32_t hash_of(const uint32_t* key) const;
  // `hash`: of the key. kNoSharedRow when it is not there.
  int32_t find(const uint32_t* key, uint32_t hash) const;
  // Marks a row as used.
  void use(int32_t row);
  // The row that makes room for a new one, kNoSharedRow while there is room.
  int32_t next_to_go() const;
  // A row for a key that is not there; without asking, the one that is next to go makes room. Marked as used.
  int32_t insert(const uint32_t* key, uint32_t hash);

 private:
  // Behind the words of a key, in this order.
  enum Link : uint32_t { kNext, kBefore, kAfter, kHash };

  bool has(int32_t row) const { return row >= 0 && static_cast<uint32_t>(row) < memory_.most; }
  int32_t* row_at(int32_t row) const { return memory_.rows + static_cast<size_t>(row) * (memory_.words + kLinks); }
  int32_t& link(int32_t row, Link which) const { return row_at(row)[memory_.words + which]; }
  // Row + 1.
  int32_t& head_of(uint32_t hash) const { return memory_.heads[hash & (memory_.buckets - 1)]; }
  void drop(int32_t row);
  void chain(int32_t row);
  void unchain(int32_t row);

  SharedTableMemory memory_;
};

}  // namespace weir
