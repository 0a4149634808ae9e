// Shows rules the rows of one kind of event that they have to see (src/detect/row-front.ts). What a rule does with any other
// is done here, over the rule's own tables: nothing, mostly, or one of a few things that nearly every flow causes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "entry_layout.h"
#include "key_table.h"
#include "tick_walk.h"

namespace weir {

// As in src/detect/row-front.ts, where each is described.
enum class FrontKind : uint32_t { kGate, kNewHosts, kNewServices, kFirstVolumes, kFirstCalls, kVolumeSums, kFirstExchanges };
constexpr uint32_t kFrontKinds = 7;

// Words of keys: an address with its version, two with one.
constexpr uint32_t kAddressWords = 5;
constexpr uint32_t kPairWords = 9;
// Of a first flow, as src/detect/state/first-flows.ts has them: the pair, ports, protocol.
constexpr uint32_t kFirstWords = kPairWords + 2;
// What is remembered beside each first flow; 0: the kind has none.
constexpr uint32_t first_numbers(FrontKind kind) {
  if (kind == FrontKind::kFirstVolumes) return 3;
  if (kind == FrontKind::kFirstCalls) return 2;
  return kind == FrontKind::kFirstExchanges ? 5 : 0;
}

// Flags of an address's class that are looked at, and what they have to be.
struct ClassTest {
  uint8_t mask = 0;
  uint8_t is = 0;

  bool passes(uint8_t flags) const { return (flags & mask) == is; }
};

struct Front {
  FrontKind kind = FrontKind::kGate;

  // What a row must be to matter to the rule; null: any.
  bool accepted = false;
  const uint8_t* protocols = nullptr;  // 256
  const uint8_t* ports = nullptr;      // of targets, as bits
  bool labelled = false;               // the port does not matter when the end has a label
  ClassTest source;
  ClassTest target;
  // Of ends, from their first packet to the last, and both ways.
  double least_ns = 0;
  double below_ns = 0;
  double below_bytes = 0;

  // The rule's own, as its kind needs them; null: none.
  double* began = nullptr;  // when the first row was seen, NaN at first
  double learn_ns = 0;
  KeyTable table;
  const uint8_t* heavy = nullptr;  // by row of the table: there is more to it than numbers
  int32_t* words = nullptr;        // of first flows, as src/detect/state/first-flows.ts has them
  double* numbers = nullptr;
  double* sums = nullptr;  // by row of the table
  double limit = 0;
};

// At most as many as the bits of a positive 32-bit number.
constexpr size_t kMostFronts = 31;

class RowFronts {
 public:
  RowFronts() = default;
  explicit RowFronts(std::vector<Front> fronts) : fronts_(std::move(fronts)) {}

  // `count` rows over the entries, which are `EndEntry` or `MomentEntry`. The number of rows that stand for no entry.
  size_t begin(Entries<MomentEntry> moments, const WalkRows& rows, size_t count);
  size_t begin(Entries<EndEntry> ends, const WalkRows& rows, size_t count);

  // The next row that some rule has to see, or -1; `mask`: bits of the fronts whose rule it is.
  int64_t next(uint32_t& mask);

 private:
  struct Seen {
    const EntryHead& head;
    // Null for a moment.
    const EndEntry* end;
    double at;
    uint8_t source;
    uint8_t target;
  };

  // What becomes of a row for one front: its table is asked, the rule sees it, or neither.
  enum class Step : uint8_t { kNothing, kShow, kTable };
  struct Plan {
    Step step;
    uint32_t hashes[2];
  };
  struct Keys {
    uint32_t words[2][kPairWords];
    uint32_t count;
  };
  // Rows that are looked at before anything is done with the first of them.
  static constexpr size_t kChunk = 32;

  void start(const WalkRows& rows, size_t count);
  void plan();
  Plan& plan_of(size_t front, size_t row) { return plans_[front * kChunk + row % kChunk]; }
  Seen seen_at(size_t row) const;
  void want_row(size_t row) const;
  size_t strays(size_t entries, size_t entry_bytes) const;
  static Step step_of(const Front& front, const Seen& seen);
  static bool passes(const Front& front, const Seen& seen);
  static void write_keys(const Front& front, const Seen& seen, Keys& keys);
  static bool is_plain(Front& front, const Plan& plan, const Seen& seen);
  static bool meet(Front& front, const uint32_t* key, uint32_t hash, double at);
  static bool add_first(Front& front, const Seen& seen, const uint32_t* key, uint32_t hash, const double* numbers);
  static bool add_volume(Front& front, const Plan& plan, const Keys& keys, double bytes);

  std::vector<Front> fronts_;
  Entries<MomentEntry> moments_;
  Entries<EndEntry> ends_;
  WalkRows rows_;
  size_t count_ = 0;
  size_t row_ = 0;
  // Rows before it have a plan.
  size_t planned_ = 0;
  std::vector<Plan> plans_;
};

}  // namespace weir
