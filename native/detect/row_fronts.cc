#include "row_fronts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace weir {
namespace {

constexpr uint8_t kUdp = 17;
constexpr uint16_t kNtp = 123;
// Flags of `AddressClass`.
constexpr uint8_t kInternal = 2;
constexpr uint8_t kOwnHost = 2 | 4;
// `VOLUME_STEP` of src/detect/events.ts.
constexpr double kVolumeStep = 65'536;

// Rows between the one that is looked at and the one whose memory is asked for.
constexpr size_t kAhead = 16;

uint32_t version_of(const EntryHead& head) { return (head.flags & kEntryIpv6) != 0 ? 6 : 4; }

void write_address(const uint32_t address[4], const EntryHead& head, uint32_t* key) {
  memcpy(key, address, 4 * sizeof(uint32_t));
  key[4] = version_of(head);
}

void write_pair(const EntryHead& head, uint32_t* key) {
  memcpy(key, head.source, 4 * sizeof(uint32_t));
  memcpy(key + 4, head.target, 4 * sizeof(uint32_t));
  key[8] = version_of(head);
}

// The same whoever of both asked: the smaller first. Its bytes stand in the order in which rules compare addresses.
void write_unordered_pair(const EntryHead& head, uint32_t* key) {
  write_pair(head, key);
  if (memcmp(key, key + 4, 4 * sizeof(uint32_t)) > 0) std::swap_ranges(key, key + 4, key + 4);
}

bool has_bit(const uint8_t* bits, uint16_t at) { return (bits[at >> 3] >> (at & 7) & 1) != 0; }

}  // namespace

size_t RowFronts::begin(Entries<MomentEntry> moments, const WalkRows& rows, size_t count) {
  moments_ = moments;
  ends_ = {};
  start(rows, count);
  return strays(moments.count, sizeof(MomentEntry));
}

size_t RowFronts::begin(Entries<EndEntry> ends, const WalkRows& rows, size_t count) {
  moments_ = {};
  ends_ = ends;
  start(rows, count);
  return strays(ends.count, sizeof(EndEntry));
}

// Rows whose offset is that of none of so many entries.
size_t RowFronts::strays(size_t entries, size_t entry_bytes) const {
  return static_cast<size_t>(std::count_if(rows_.offsets, rows_.offsets + count_, [entries, entry_bytes](int32_t offset) {
    return offset < 0 || static_cast<size_t>(offset) >= entries * entry_bytes || static_cast<size_t>(offset) % entry_bytes != 0;
  }));
}

void RowFronts::start(const WalkRows& rows, size_t count) {
  rows_ = rows;
  count_ = std::min(count, rows.room);
  row_ = 0;
  planned_ = 0;
  plans_.resize(fronts_.size() * kChunk);
  if (count_ == 0) return;
  for (Front& front : fronts_) {
    if (front.began != nullptr && std::isnan(*front.began)) *front.began = rows.times[0];
  }
}

int64_t RowFronts::next(uint32_t& mask) {
  for (; row_ < count_; ++row_) {
    if (row_ == planned_) plan();
    const Seen seen = seen_at(row_);
    mask = 0;
    for (size_t i = 0; i < fronts_.size(); ++i) {
      if (!is_plain(fronts_[i], plan_of(i, row_), seen)) mask |= 1u << i;
    }
    if (mask != 0) return static_cast<int64_t>(row_++);
  }
  return -1;
}

RowFronts::Seen RowFronts::seen_at(size_t row) const {
  const auto offset = static_cast<size_t>(rows_.offsets[row]);
  const EndEntry* const end = ends_.first == nullptr ? nullptr : ends_.first + offset / sizeof(EndEntry);
  const EntryHead& head = end == nullptr ? moments_.first[offset / sizeof(MomentEntry)] : end->head;
  return {head, end, rows_.times[row], rows_.sources[row], rows_.targets[row]};
}

// Looks at some rows before anything is done with them, so that the memory of their keys is asked for together: one after
// the other they would be waited for, and this is most of what a row costs.
void RowFronts::plan() {
  const size_t until = std::min(count_, row_ + kChunk);
  for (size_t row = row_; row < until; ++row) {
    if (row + kAhead < count_) want_row(row + kAhead);
    const Seen seen = seen_at(row);
    for (size_t i = 0; i < fronts_.size(); ++i) {
      Plan& made = plan_of(i, row);
      made = {step_of(fronts_[i], seen), {0, 0}};
      if (made.step != Step::kTable) continue;
      Keys keys;
      write_keys(fronts_[i], seen, keys);
      for (uint32_t key = 0; key < keys.count; ++key) {
        made.hashes[key] = fronts_[i].table.hash_of(keys.words[key]);
        fronts_[i].table.want_head(made.hashes[key]);
      }
    }
  }
  for (size_t row = row_; row < until; ++row) {
    for (size_t i = 0; i < fronts_.size(); ++i) {
      const Plan& made = plan_of(i, row);
      if (made.step != Step::kTable) continue;
      for (const uint32_t hash : made.hashes) fronts_[i].table.want_row(hash);
    }
  }
  planned_ = until;
}

// Rows are in another order than entries.
inline void RowFronts::want_row(size_t row) const {
  const auto offset = static_cast<size_t>(rows_.offsets[row]);
  if (ends_.first == nullptr) {
    want_entry(moments_.first + offset / sizeof(MomentEntry));
  } else {
    want_entry(ends_.first + offset / sizeof(EndEntry));
  }
}

RowFronts::Step RowFronts::step_of(const Front& front, const Seen& seen) {
  if (!passes(front, seen)) return Step::kNothing;
  if (front.kind == FrontKind::kGate) return Step::kShow;
  if (front.kind == FrontKind::kFirstVolumes) {
    const double up = seen.end->bytes_since[0];
    // Flows that nobody answered and that are small.
    if (up == 0 || (up < kVolumeStep && seen.end->packets_since[1] == 0)) return Step::kNothing;
    if (!(up < front.limit)) return Step::kShow;
  } else if (front.kind == FrontKind::kFirstCalls) {
    const EntryHead& head = seen.head;
    if (seen.end->payload[0] == 0 || seen.end->packets[1] == 0 || (head.source_port == kNtp && head.protocol == kUdp)) return Step::kNothing;
    // Known by a name.
    if (seen.end->host != 0) return Step::kShow;
  } else if (front.kind == FrontKind::kFirstExchanges) {
    if (seen.end->packets_since[0] == 0 || seen.end->packets_since[1] == 0) return Step::kNothing;
    if (!(seen.end->bytes_since[0] + seen.end->bytes_since[1] < front.limit)) return Step::kShow;
  }
  return Step::kTable;
}

bool RowFronts::passes(const Front& front, const Seen& seen) {
  const EntryHead& head = seen.head;
  if (front.accepted && (head.flags & kEntryAccepted) == 0) return false;
  if (front.protocols != nullptr && front.protocols[head.protocol] == 0) return false;
  const bool is_labelled = front.labelled && seen.end != nullptr && seen.end->service != 0;
  if (front.ports != nullptr && !is_labelled && !has_bit(front.ports, head.target_port)) return false;
  if (!front.source.passes(seen.source) || !front.target.passes(seen.target)) return false;
  if (seen.end == nullptr) return true;
  const double duration = head.second_ordinal - head.second_at;
  return !(duration < front.least_ns) && !(duration >= front.below_ns) && !(seen.end->bytes[0] + seen.end->bytes[1] >= front.below_bytes);
}

// Of the pair, of the target's service, or of each end that counts.
void RowFronts::write_keys(const Front& front, const Seen& seen, Keys& keys) {
  const EntryHead& head = seen.head;
  keys.count = 0;
  if (front.kind == FrontKind::kFirstVolumes || front.kind == FrontKind::kFirstCalls) {
    write_pair(head, keys.words[keys.count++]);
  } else if (front.kind == FrontKind::kFirstExchanges) {
    write_unordered_pair(head, keys.words[keys.count++]);
  } else if (front.kind == FrontKind::kNewServices) {
    uint32_t* const key = keys.words[keys.count++];
    write_address(head.target, head, key);
    key[kAddressWords] = uint32_t{head.protocol} << 16 | head.target_port;
  } else {
    const uint8_t counts = front.kind == FrontKind::kNewHosts ? kOwnHost : kInternal;
    if ((seen.source & counts) == counts) write_address(head.source, head, keys.words[keys.count++]);
    if ((seen.target & counts) == counts) write_address(head.target, head, keys.words[keys.count++]);
  }
}

// True when the rule need not see it; what it would have done is done then, else nothing that it would not do again.
bool RowFronts::is_plain(Front& front, const Plan& plan, const Seen& seen) {
  if (plan.step != Step::kTable) return plan.step == Step::kNothing;
  Keys keys;
  write_keys(front, seen, keys);
  switch (front.kind) {
    case FrontKind::kNewHosts:
    case FrontKind::kNewServices:
      for (uint32_t key = 0; key < keys.count; ++key) {
        if (!meet(front, keys.words[key], plan.hashes[key], seen.at)) return false;
      }
      return true;
    case FrontKind::kFirstVolumes: {
      const double numbers[] = {seen.at, seen.end->bytes_since[0], seen.end->bytes_since[1]};
      return add_first(front, seen, keys.words[0], plan.hashes[0], numbers);
    }
    case FrontKind::kFirstCalls: {
      const double numbers[] = {seen.head.second_at, seen.end->bytes[0]};
      return add_first(front, seen, keys.words[0], plan.hashes[0], numbers);
    }
    case FrontKind::kFirstExchanges: {
      const double* const bytes = seen.end->bytes_since;
      const uint32_t* const packets = seen.end->packets_since;
      const double numbers[] = {seen.at, bytes[0], bytes[1], static_cast<double>(packets[0]), static_cast<double>(packets[1])};
      return add_first(front, seen, keys.words[0], plan.hashes[0], numbers);
    }
    case FrontKind::kVolumeSums:
      return add_volume(front, plan, keys, seen.end->bytes_since[0] + seen.end->bytes_since[1]);
    case FrontKind::kGate:
      return false;
  }
  return false;
}

// False for what nobody has met, once learning is over: somebody has to be told.
bool RowFronts::meet(Front& front, const uint32_t* key, uint32_t hash, double at) {
  const int32_t row = front.table.find(key, hash);
  if (row != kNoRow) {
    front.table.use(row);
    return true;
  }
  if (!(at - *front.began < front.learn_ns)) return false;
  return front.table.insert(key, hash) != kNoRow;
}

// A pair's first flow, with as many numbers as its kind has. False when the pair is known, and when a row with more than numbers has to make room.
bool RowFronts::add_first(Front& front, const Seen& seen, const uint32_t* key, uint32_t hash, const double* numbers) {
  if (front.table.find(key, hash) != kNoRow) return false;
  const int32_t going = front.table.next_to_go();
  if (going != kNoRow && front.heavy[going] != 0) return false;
  const int32_t row = front.table.insert(key, hash);
  if (row == kNoRow) return false;
  auto* const words = reinterpret_cast<uint32_t*>(front.words) + static_cast<size_t>(row) * kFirstWords;
  // Not the key: its ends may have changed places.
  write_pair(seen.head, words);
  words[kPairWords] = seen.head.source_port | uint32_t{seen.head.target_port} << 16;
  words[kPairWords + 1] = seen.head.protocol;
  const size_t width = first_numbers(front.kind);
  memcpy(front.numbers + static_cast<size_t>(row) * width, numbers, width * sizeof(double));
  return true;
}

// Counts both ends that are inside, once both are known.
bool RowFronts::add_volume(Front& front, const Plan& plan, const Keys& keys, double bytes) {
  int32_t rows[2];
  for (uint32_t key = 0; key < keys.count; ++key) {
    rows[key] = front.table.find(keys.words[key], plan.hashes[key]);
    if (rows[key] == kNoRow) return false;
  }
  for (uint32_t key = 0; key < keys.count; ++key) {
    front.table.use(rows[key]);
    front.sums[rows[key]] += bytes;
  }
  return true;
}

}  // namespace weir
