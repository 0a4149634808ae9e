// Goes through one tick's entries in the order in which rules hear of them (src/detect/merge-batches.ts), and does what most
// of them cause: an attempt that was accepted within the tick changes nothing, its answer is remembered and becomes a row.
// Whatever a rule may want to hear at once is left to the caller, who does it and goes on. Every number here is one that the
// same walk in TypeScript has.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "address_places.h"
#include "answered_contacts.h"
#include "contact_wants.h"
#include "entry_layout.h"
#include "held_attempts.h"
#include "internal_networks.h"

namespace weir {

// What the walk stands at, shared with src/detect/native-walk.ts, which has the same order.
struct WalkCursor {
  double offset;
  // As which the event counts.
  double at;
  // NaN when the attempt was not told in this tick. Of one that was held: as which it counts.
  double attempt_at;
  // Events so far.
  double index;
  // Rows so far.
  double answers;
  double volumes;
  double closes;
  // Of all ends so far.
  double missed_bytes;
  double payload_bytes;
  // A `Holding`.
  double holding;
};

// Whether rules let attempts be held. `kIdle`: they do, and none waits with a rule that follows no contacts.
enum class Holding : uint32_t { kNone, kSome, kIdle };

// What is to be done by the caller. `kObject`: the next of the objects. `kHeld`: an attempt that was held is to be shown.
// `kOver`: attempts of the event's protocol may have waited for too long, before it is told.
enum class WalkStop : uint32_t { kDone, kObject, kOpened, kAnswered, kHalfOpen, kHeld, kOver };

// By protocol: what becomes of an accepted attempt.
constexpr uint8_t kLaneFollowed = 1;
// The caller finds out.
constexpr uint8_t kLaneAsks = 2;
// The caller hears of those whose source is marked.
constexpr uint8_t kLaneHears = 4;
// Followed when some rule wants it.
constexpr uint8_t kLaneWants = 8;

// Columns of EventRows in src/detect/event-rows.ts.
struct WalkRows {
  int32_t* offsets = nullptr;
  double* times = nullptr;
  int32_t* numbers = nullptr;
  uint8_t* sources = nullptr;
  uint8_t* targets = nullptr;
  size_t room = 0;
};

// Shared with the caller for as long as the walk is.
struct WalkMemory {
  WalkCursor* cursor = nullptr;
  // 256 of each: flags as above; when the attempt that waits longest was made, Infinity for none, -Infinity: ask.
  const uint8_t* lanes = nullptr;
  const double* waiting = nullptr;
  const ContactWants* wants = nullptr;
  // By place of the address.
  const uint8_t* marks = nullptr;
  // The attempt of `kHeld`.
  MomentEntry* held = nullptr;
  AddressPlaces places;
  // Without them rows say of no address what it is unless its place does.
  std::optional<InternalNetworks> networks;
  // How long an attempt waits for its answer.
  double wait = 0;
};

struct TickSpan {
  double after;
  // Infinity when nothing comes any more.
  double until;
};

template <typename Entry>
struct Entries {
  const Entry* first = nullptr;
  size_t count = 0;
};

class TickWalk {
 public:
  TickWalk() = default;
  TickWalk(const WalkMemory& memory, uint64_t seed) : memory_(memory), seed_(seed) {}

  // Attempts and answers of a tick. `answers`: numbers of moments; `objects`: time and ordinal of each, in order. Nothing
  // counts before `span.after`, and at its end it is `span.until`. Returns the most attempts at services of one bucket.
  uint32_t begin_moments(Entries<MomentEntry> moments, Entries<uint32_t> answers, Entries<double> objects, const TickSpan& span, const WalkRows& rows);
  WalkStop next_moment();
  // The next attempt that is held, whatever its protocol; kDone when there is none.
  WalkStop release();
  // Volumes and ends of a tick, all of which count as `now`.
  void begin_ends(Entries<EndEntry> ends, double now, const WalkRows& volumes, const WalkRows& closes);
  WalkStop next_end();

  // Null as long as nobody remembers contacts of the protocol.
  AnsweredContacts* answered(uint8_t protocol) const { return answered_[protocol].get(); }
  AnsweredContacts& make_answered(uint8_t protocol);

 private:
  // Events between the one that is looked at and the one whose memory is asked for.
  static constexpr size_t kAhead = 8;

  struct Place {
    double at;
    double ordinal;
    uint32_t entry;
  };

  uint32_t count_crowds() const;
  static void sort(std::vector<Place>& places);
  static bool is_before(double at, double ordinal, const Place& other);
  bool is_object_next(const Place* open, const Place* answer) const;
  void order_ends();
  void want_contact();
  HeldAttempts* holder_of(uint8_t protocol);
  WalkStop meet_open(const MomentEntry& moment, double at);
  WalkStop meet_answer(const MomentEntry& moment, double at, double attempt_at);
  bool accept(const MomentEntry& attempt, double at);
  bool is_over(const HeldAttempts* held, double at) const {
    return held != nullptr && held->oldest() != kNoRow && at - (*held)[held->oldest()].at > memory_.wait;
  }
  WalkStop before_event(uint8_t protocol, double at);
  WalkStop show_held(HeldAttempts& held, int32_t row);
  WalkStop show_held_of(uint8_t protocol);
  WalkStop show_rest();
  uint8_t class_of(const uint32_t address[4], bool is_v6) const;
  void push(const WalkRows& rows, double& count, const EntryHead& entry, double offset, double at);
  void push_beside(double offset, const EntryHead& entry);
  bool is_still_waiting(uint8_t protocol, double at) const { return at - memory_.waiting[protocol] <= memory_.wait; }

  WalkMemory memory_;
  uint64_t seed_ = 0;
  std::array<std::unique_ptr<AnsweredContacts>, 256> answered_;
  std::array<std::unique_ptr<HeldAttempts>, 256> held_;

  Entries<MomentEntry> moments_;
  Entries<double> objects_;
  TickSpan span_ = {0, 0};
  // The event that the walk stands at has its number already; what was over before it is told.
  bool is_numbered_ = false;
  bool is_timed_ = false;
  WalkRows answer_rows_;
  std::vector<Place> opens_;
  std::vector<Place> answers_;
  // By moment: when the attempt that was told was made.
  std::vector<double> told_at_;
  size_t open_ = 0;
  size_t answer_ = 0;
  // Of the next answers, by their number.
  std::array<AnsweredContacts::Wanted, kAhead> wanted_;
  size_t object_ = 0;

  Entries<EndEntry> ends_;
  double now_ = 0;
  WalkRows volume_rows_;
  WalkRows close_rows_;
  // Numbers of ends.
  std::vector<uint64_t> end_order_;
  std::vector<uint64_t> end_scratch_;
  size_t end_ = 0;
};

}  // namespace weir
