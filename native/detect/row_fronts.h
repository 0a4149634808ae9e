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
enum class FrontKind : uint32_t { kGate, kNewHosts, kNewServices, kFirstVolumes, kFirstCalls, kVolumeSums };
constexpr uint32_t kFrontKinds = 6;

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

  void start(const WalkRows& rows, size_t count);
  void want_ahead() const;
  bool is_plain(Front& front, const Seen& seen) const;
  static bool passes(const Front& front, const Seen& seen);
  static bool meet(Front& front, const uint32_t* key, double at);
  static bool meet_hosts(Front& front, const Seen& seen);
  static bool meet_service(Front& front, const Seen& seen);
  static bool first_volume(Front& front, const Seen& seen);
  static bool first_call(Front& front, const Seen& seen);
  static bool add_first(Front& front, const Seen& seen, const double numbers[3]);
  static bool add_volume(Front& front, const Seen& seen);

  std::vector<Front> fronts_;
  Entries<MomentEntry> moments_;
  Entries<EndEntry> ends_;
  WalkRows rows_;
  size_t count_ = 0;
  size_t row_ = 0;
};

}  // namespace weir
