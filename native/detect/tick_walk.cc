#include "tick_walk.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace weir {
namespace {

// Services are told apart by this many buckets; a power of two, as in src/detect/tick-surges.ts.
constexpr uint32_t kBuckets = 4096;
constexpr uint8_t kTcp = 6;
constexpr uint64_t kProtocols = 256;
// Numbers of packets, so that their difference fits into 32 bits.
constexpr double kMostApart = 4e9;

uint32_t service_bucket(const EntryHead& entry) {
  const uint32_t* const words = entry.target;
  const uint32_t hash = (words[0] ^ words[1] ^ words[2] ^ words[3] ^ uint32_t{entry.target_port} << 8) * 0x9e3779b1u;
  return ((hash ^ entry.protocol) >> 12) & (kBuckets - 1);
}

bool is_v6(const EntryHead& entry) { return (entry.flags & kEntryIpv6) != 0; }
bool is_accepted(const EntryHead& entry) { return (entry.flags & kEntryAccepted) != 0; }
bool has_grown(const EndEntry& entry) { return entry.bytes_since[0] + entry.bytes_since[1] > 0; }

// Ascending by the upper half; what is equal there stays as it stands. By digits: entries are too many to compare.
void sort_by_number(std::vector<uint64_t>& numbers, std::vector<uint64_t>& scratch) {
  constexpr uint32_t digit_bits = 11;
  constexpr uint32_t digits = 1 << digit_bits;
  scratch.resize(numbers.size());
  for (uint32_t shift = 32; shift < 64; shift += digit_bits) {
    uint32_t places[digits] = {};
    for (const uint64_t number : numbers) ++places[number >> shift & (digits - 1)];
    if (!numbers.empty() && places[numbers[0] >> shift & (digits - 1)] == numbers.size()) continue;
    uint32_t place = 0;
    for (uint32_t& count : places) place += std::exchange(count, place);
    for (const uint64_t number : numbers) scratch[places[number >> shift & (digits - 1)]++] = number;
    numbers.swap(scratch);
  }
}

AddressWords address_of(const uint32_t words[4], const EntryHead& entry) {
  return {words[0], words[1], words[2], words[3], is_v6(entry) ? 6u : 4u};
}

}  // namespace

AnsweredContacts& TickWalk::make_answered(uint8_t protocol) {
  std::unique_ptr<AnsweredContacts>& answered = answered_[protocol];
  if (answered == nullptr) answered = std::make_unique<AnsweredContacts>(seed_ + protocol);
  return *answered;
}

uint32_t TickWalk::begin_moments(Entries<MomentEntry> moments, Entries<uint32_t> answers, Entries<double> objects, const TickSpan& span,
                                 const WalkRows& rows) {
  moments_ = moments;
  objects_ = objects;
  span_ = span;
  is_numbered_ = is_timed_ = false;
  answer_rows_ = rows;
  open_ = answer_ = object_ = 0;
  wanted_.fill({});
  opens_.clear();
  answers_.clear();
  for (size_t entry = 0; entry < moments.count; ++entry) {
    const MomentEntry& moment = moments.first[entry];
    if (moment.kind == static_cast<uint8_t>(EntryKind::kOpen)) opens_.push_back({moment.at, moment.ordinal, static_cast<uint32_t>(entry)});
  }
  for (size_t i = 0; i < answers.count; ++i) {
    const uint32_t entry = answers.first[i];
    if (entry >= moments.count) continue;
    answers_.push_back({moments.first[entry].second_at, moments.first[entry].second_ordinal, entry});
  }
  sort(opens_);
  sort(answers_);
  told_at_.assign(moments.count, NAN);
  return count_crowds();
}

uint32_t TickWalk::count_crowds() const {
  uint32_t crowds[kBuckets] = {};
  uint32_t most = 0;
  for (const Place& open : opens_) most = std::max(most, ++crowds[service_bucket(moments_.first[open.entry])]);
  return most;
}

// By time and, where that is the same, by number in the capture. Of one shard they nearly always are in order.
void TickWalk::sort(std::vector<Place>& places) {
  const auto is_less = [](const Place& a, const Place& b) {
    if (a.at != b.at) return a.at < b.at;
    return a.ordinal != b.ordinal ? a.ordinal < b.ordinal : a.entry < b.entry;
  };
  const auto is_later = [](const Place& a, const Place& b) { return a.at > b.at || (a.at == b.at && a.ordinal > b.ordinal); };
  if (std::adjacent_find(places.begin(), places.end(), is_later) != places.end()) std::sort(places.begin(), places.end(), is_less);
}

bool TickWalk::is_before(double at, double ordinal, const Place& other) { return at < other.at || (at == other.at && ordinal <= other.ordinal); }

// Of one moment and packet, answers come first, then claims and questions, then attempts.
bool TickWalk::is_object_next(const Place* open, const Place* answer) const {
  const double at = objects_.first[2 * object_];
  const double ordinal = objects_.first[2 * object_ + 1];
  if (answer != nullptr && !(at < answer->at || (at == answer->at && ordinal < answer->ordinal))) return false;
  return open == nullptr || is_before(at, ordinal, *open);
}

// The contacts of answers that come soon.
void TickWalk::want_contact() {
  wanted_[(answer_ + kAhead / 2) % kAhead].want_rest();
  AnsweredContacts::Wanted& wanted = wanted_[answer_ % kAhead];
  wanted = {};
  if (answer_ + kAhead >= answers_.size()) return;
  const MomentEntry& moment = moments_.first[answers_[answer_ + kAhead].entry];
  const AnsweredContacts* const contacts = answered(moment.protocol);
  if (contacts == nullptr || !is_accepted(moment)) return;
  wanted = contacts->want(address_of(moment.source, moment), address_of(moment.target, moment), moment.target_port);
}

WalkStop TickWalk::next_moment() {
  for (;;) {
    const Place* const open = open_ < opens_.size() ? &opens_[open_] : nullptr;
    const Place* const answer = answer_ < answers_.size() ? &answers_[answer_] : nullptr;
    if (object_ < objects_.count / 2 && is_object_next(open, answer)) {
      ++object_;
      return WalkStop::kObject;
    }
    if (open == nullptr && answer == nullptr) return show_rest();
    const bool is_answer = answer != nullptr && (open == nullptr || is_before(answer->at, answer->ordinal, *open));
    const Place& place = is_answer ? *answer : *open;
    const MomentEntry& moment = moments_.first[place.entry];
    const double at = std::max(place.at, span_.after);
    WalkCursor& cursor = *memory_.cursor;
    if (!is_numbered_) ++cursor.index;
    is_numbered_ = true;
    const double offset = static_cast<double>(place.entry) * sizeof(MomentEntry);
    cursor.offset = offset;
    cursor.at = at;
    WalkStop stop = before_event(moment.protocol, at);
    if (stop != WalkStop::kDone) return stop;
    stop = is_answer ? meet_answer(moment, at, told_at_[place.entry]) : meet_open(moment, at);
    if (stop == WalkStop::kHeld) return stop;
    is_numbered_ = is_timed_ = false;
    if (is_answer) {
      want_contact();
      ++answer_;
      push(answer_rows_, cursor.answers, moment, offset, at);
    } else {
      ++open_;
      told_at_[place.entry] = at;
    }
    if (stop == WalkStop::kDone) continue;
    cursor.attempt_at = told_at_[place.entry];
    return stop;
  }
}

// Where attempts of the protocol may be held, or null.
HeldAttempts* TickWalk::holder_of(uint8_t protocol) {
  const auto holding = static_cast<Holding>(memory_.cursor->holding);
  // Who is shown accepted attempts must be shown them in time.
  if (holding == Holding::kNone || (memory_.lanes[protocol] & kLaneAsks) != 0) return nullptr;
  std::unique_ptr<HeldAttempts>& held = held_[protocol];
  if (held == nullptr) {
    held = std::make_unique<HeldAttempts>(seed_ + kProtocols + protocol);
    held->show_unknown();
  }
  if (holding == Holding::kIdle && memory_.waiting[protocol] == INFINITY) held->forget_shown();
  return held.get();
}

// kDone when nobody has to hear of it now. Before one that somebody is shown come those that are held.
WalkStop TickWalk::meet_open(const MomentEntry& moment, double at) {
  const uint8_t protocol = moment.protocol;
  if (is_accepted(moment)) return is_still_waiting(protocol, at) ? WalkStop::kDone : WalkStop::kOpened;
  HeldAttempts* const holder = holder_of(protocol);
  const bool is_undecided = (moment.flags & (kEntryRefused | kEntryUntracked)) == 0;
  if (holder != nullptr && is_undecided && holder->add(moment, at)) return WalkStop::kDone;
  if (show_held_of(protocol) == WalkStop::kHeld) return WalkStop::kHeld;
  if (held_[protocol] != nullptr) held_[protocol]->show(moment);
  return WalkStop::kOpened;
}

WalkStop TickWalk::meet_answer(const MomentEntry& moment, double at, double attempt_at) {
  const uint8_t protocol = moment.protocol;
  if (!std::isnan(attempt_at)) {
    return is_accepted(moment) && is_still_waiting(protocol, at) && accept(moment, attempt_at) ? WalkStop::kDone : WalkStop::kAnswered;
  }
  HeldAttempts* const held = held_[protocol].get();
  const int32_t row = held == nullptr ? kNoRow : held->find(moment);
  if (row == kNoRow) return WalkStop::kAnswered;
  // A refusal is told behind the failures of earlier attempts; what was accepted waits for nothing.
  if (!is_accepted(moment)) return show_held_of(protocol);
  if (!accept((*held)[row].entry, (*held)[row].at)) return show_held(*held, row);
  held->drop(row);
  return WalkStop::kDone;
}

// An attempt of the moment `at` was accepted. False, and nothing was done, when some rule has to hear of it.
bool TickWalk::accept(const MomentEntry& attempt, double at) {
  const uint8_t lane = memory_.lanes[attempt.protocol];
  if ((attempt.flags & kEntryUntracked) != 0 || lane == 0) return true;
  if ((lane & kLaneAsks) != 0) return false;
  if ((lane & kLaneHears) != 0 && memory_.marks[AddressPlaces::place_of(attempt.source, is_v6(attempt))] != 0) return false;
  if ((lane & kLaneFollowed) == 0 && ((lane & kLaneWants) == 0 || !is_wanted_by_any(memory_.wants, attempt))) return true;
  AnsweredContacts* const contacts = answered(attempt.protocol);
  if (contacts == nullptr) return false;
  contacts->add(address_of(attempt.source, attempt), address_of(attempt.target, attempt), attempt.target_port, at);
  return true;
}

// What waits for too long at the moment `at` comes before an event of that moment.
WalkStop TickWalk::before_event(uint8_t protocol, double at) {
  if (HeldAttempts* const held = held_[protocol].get(); is_over(held, at)) return show_held(*held, held->oldest());
  if (is_timed_ || is_still_waiting(protocol, at)) return WalkStop::kDone;
  is_timed_ = true;
  return WalkStop::kOver;
}

WalkStop TickWalk::show_held(HeldAttempts& held, int32_t row) {
  *memory_.held = held[row].entry;
  memory_.cursor->attempt_at = held[row].at;
  held.drop(row);
  held.show(*memory_.held);
  return WalkStop::kHeld;
}

// kDone when there is none of the protocol.
WalkStop TickWalk::show_held_of(uint8_t protocol) {
  HeldAttempts* const held = held_[protocol].get();
  return held == nullptr || held->oldest() == kNoRow ? WalkStop::kDone : show_held(*held, held->oldest());
}

// Those of all protocols that wait for too long at the end of the tick.
WalkStop TickWalk::show_rest() {
  for (const std::unique_ptr<HeldAttempts>& held : held_) {
    if (is_over(held.get(), span_.until)) return show_held(*held, held->oldest());
  }
  return WalkStop::kDone;
}

// What rules are shown until the next tick that this goes through is not known here.
WalkStop TickWalk::release() {
  for (const std::unique_ptr<HeldAttempts>& held : held_) {
    if (held == nullptr) continue;
    if (held->oldest() != kNoRow) return show_held(*held, held->oldest());
    held->show_unknown();
  }
  return WalkStop::kDone;
}

void TickWalk::begin_ends(Entries<EndEntry> ends, double now, const WalkRows& volumes, const WalkRows& closes) {
  ends_ = ends;
  now_ = now;
  volume_rows_ = volumes;
  close_rows_ = closes;
  end_ = 0;
  order_ends();
}

// By the first packet of their flow, and as they stand: both fit into one whole number, unless a tick's flows began further apart.
void TickWalk::order_ends() {
  double least = INFINITY;
  double most = -INFINITY;
  for (size_t entry = 0; entry < ends_.count; ++entry) {
    least = std::min(least, ends_.first[entry].head.ordinal);
    most = std::max(most, ends_.first[entry].head.ordinal);
  }
  end_order_.resize(ends_.count);
  if (!(most - least < kMostApart)) {
    std::iota(end_order_.begin(), end_order_.end(), 0);
    std::stable_sort(end_order_.begin(), end_order_.end(), [this](uint64_t a, uint64_t b) { return ends_.first[a].head.ordinal < ends_.first[b].head.ordinal; });
    return;
  }
  for (size_t entry = 0; entry < ends_.count; ++entry) {
    const double apart = ends_.first[entry].head.ordinal - least;
    end_order_[entry] = (apart >= 0 ? static_cast<uint64_t>(apart) << 32 : 0) | entry;
  }
  sort_by_number(end_order_, end_scratch_);
  for (uint64_t& place : end_order_) place &= 0xffff'ffff;
}

WalkStop TickWalk::next_end() {
  while (end_ < end_order_.size()) {
    // They are told in another order than they stand in.
    if (end_ + kAhead < end_order_.size()) want_entry(ends_.first + end_order_[end_ + kAhead]);
    const uint64_t entry = end_order_[end_++];
    const EndEntry& end = ends_.first[entry];
    const double offset = static_cast<double>(entry) * sizeof(EndEntry);
    WalkCursor& cursor = *memory_.cursor;
    if (has_grown(end)) {
      ++cursor.index;
      push(volume_rows_, cursor.volumes, end.head, offset, now_);
    }
    if (end.head.kind == static_cast<uint8_t>(EntryKind::kClose)) {
      if (end.head.protocol == kTcp) {
        cursor.missed_bytes += end.missed;
        cursor.payload_bytes += end.payload[0] + end.payload[1];
      }
      ++cursor.index;
      push_beside(offset, end.head);
    } else if (end.head.kind == static_cast<uint8_t>(EntryKind::kHalfOpen)) {
      cursor.offset = offset;
      cursor.at = now_;
      return WalkStop::kHalfOpen;
    }
  }
  return WalkStop::kDone;
}

// 0 when it is not known. A list of networks may be long: what it says of an address that has a place is kept there.
uint8_t TickWalk::class_of(const uint32_t address[4], bool is_v6) const {
  // A place is memory somewhere else.
  if (memory_.networks.has_value() && memory_.networks->is_short()) return memory_.networks->classify(address, is_v6);
  uint8_t* const known = memory_.places.class_of(address, is_v6);
  if (known != nullptr && *known != 0) return *known;
  if (!memory_.networks.has_value()) return 0;
  const uint8_t flags = memory_.networks->classify(address, is_v6);
  if (known != nullptr) *known = flags;
  return flags;
}

void TickWalk::push(const WalkRows& rows, double& count, const EntryHead& entry, double offset, double at) {
  const auto row = static_cast<size_t>(count);
  if (row >= rows.room) return;
  const bool v6 = is_v6(entry);
  rows.offsets[row] = static_cast<int32_t>(offset);
  rows.times[row] = at;
  rows.numbers[row] = static_cast<int32_t>(memory_.cursor->index);
  rows.sources[row] = class_of(entry.source, v6);
  rows.targets[row] = class_of(entry.target, v6);
  ++count;
}

// The row of an end; beside the volume of the same entry what source and target are is the same.
void TickWalk::push_beside(double offset, const EntryHead& entry) {
  WalkCursor& cursor = *memory_.cursor;
  const auto row = static_cast<size_t>(cursor.closes);
  const auto twin = static_cast<size_t>(cursor.volumes) - 1;
  const bool has_twin = cursor.volumes > 0 && twin < volume_rows_.room && volume_rows_.offsets[twin] == static_cast<int32_t>(offset);
  if (!has_twin || row >= close_rows_.room) return push(close_rows_, cursor.closes, entry, offset, now_);
  close_rows_.offsets[row] = static_cast<int32_t>(offset);
  close_rows_.times[row] = now_;
  close_rows_.numbers[row] = static_cast<int32_t>(cursor.index);
  close_rows_.sources[row] = volume_rows_.sources[twin];
  close_rows_.targets[row] = volume_rows_.targets[twin];
  ++cursor.closes;
}

}  // namespace weir
