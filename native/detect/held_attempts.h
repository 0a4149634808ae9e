// Attempts of one protocol that no rule was shown yet, because nearly all that are not accepted within their tick are so in
// the next one, and then nobody has to hear of them. Oldest first. Rules keep those that they were shown for as long as they
// wait, with bounds and one per flow (src/detect/state/contacts.ts): what is held stays within these bounds, together with
// what was shown, and is of other flows.
#pragma once
#include <cstdint>

#include "entry_layout.h"
#include "key_table.h"

namespace weir {

struct HeldAttempt {
  MomentEntry entry;
  // As which moment it counts.
  double at;
};

class HeldAttempts {
 public:
  explicit HeldAttempts(uint64_t seed);

  // False when it must be shown.
  bool add(const MomentEntry& entry, double at);
  // Rules are shown this attempt, which is not held.
  void show(const MomentEntry& entry);
  // Rules may have been shown any.
  void show_unknown() { is_unsure_ = true; }
  // None waits with any rule.
  void forget_shown();

  // The attempt of the flow of an entry, or kNoRow.
  int32_t find(const MomentEntry& entry) const;
  // kNoRow when none is held.
  int32_t oldest() const { return held_.oldest(); }
  const HeldAttempt& operator[](int32_t row) const { return attempts_.get()[row]; }
  void drop(int32_t row);

 private:
  // Sources share them.
  static constexpr uint32_t kBuckets = 4096;
  struct Crowd {
    uint16_t held;
    uint16_t shown;
  };

  Crowd& crowd_of(const MomentEntry& entry);

  KeyTableRoom held_room_;
  KeyTableRoom shown_room_;
  KeyTable held_;
  KeyTable shown_;
  UntouchedMemory<HeldAttempt> attempts_;
  UntouchedMemory<Crowd> crowds_;
  // There may be more than `shown_` says.
  bool is_unsure_ = false;
};

}  // namespace weir
