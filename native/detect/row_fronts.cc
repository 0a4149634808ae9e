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
constexpr size_t kAhead = 8;

constexpr uint32_t kAddressWords = 5;
constexpr uint32_t kPairWords = 9;
// Of a first flow: the pair, ports, protocol; and its numbers.
constexpr uint32_t kFirstWords = kPairWords + 2;
constexpr uint32_t kFirstNumbers = 3;

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

bool has_bit(const uint8_t* bits, uint16_t at) { return (bits[at >> 3] >> (at & 7) & 1) != 0; }

}  // namespace

size_t RowFronts::begin(Entries<MomentEntry> moments, const WalkRows& rows, size_t count) {
  moments_ = moments;
  ends_ = {};
  start(rows, count);
  const size_t bytes = moments.count * sizeof(MomentEntry);
  return static_cast<size_t>(std::count_if(rows.offsets, rows.offsets + count_, [bytes](int32_t offset) {
    return offset < 0 || static_cast<size_t>(offset) >= bytes || static_cast<size_t>(offset) % sizeof(MomentEntry) != 0;
  }));
}

size_t RowFronts::begin(Entries<EndEntry> ends, const WalkRows& rows, size_t count) {
  moments_ = {};
  ends_ = ends;
  start(rows, count);
  const size_t bytes = ends.count * sizeof(EndEntry);
  return static_cast<size_t>(std::count_if(rows.offsets, rows.offsets + count_, [bytes](int32_t offset) {
    return offset < 0 || static_cast<size_t>(offset) >= bytes || static_cast<size_t>(offset) % sizeof(EndEntry) != 0;
  }));
}

void RowFronts::start(const WalkRows& rows, size_t count) {
  rows_ = rows;
  count_ = std::min(count, rows.room);
  row_ = 0;
  if (count_ == 0) return;
  for (Front& front : fronts_) {
    if (front.began != nullptr && std::isnan(*front.began)) *front.began = rows.times[0];
  }
}

int64_t RowFronts::next(uint32_t& mask) {
  for (; row_ < count_; ++row_) {
    want_ahead();
    const auto offset = static_cast<size_t>(rows_.offsets[row_]);
    const EndEntry* const end = ends_.first == nullptr ? nullptr : ends_.first + offset / sizeof(EndEntry);
    const EntryHead& head = end == nullptr ? moments_.first[offset / sizeof(MomentEntry)] : end->head;
    const Seen seen{head, end, rows_.times[row_], rows_.sources[row_], rows_.targets[row_]};
    mask = 0;
    for (size_t i = 0; i < fronts_.size(); ++i) {
      if (!is_plain(fronts_[i], seen)) mask |= 1u << i;
    }
    if (mask != 0) return static_cast<int64_t>(row_++);
  }
  return -1;
}

// Rows are in another order than entries: memory that comes soon is asked for, a hint and no more.
void RowFronts::want_ahead() const {
  if (row_ + kAhead >= count_) return;
  const auto offset = static_cast<size_t>(rows_.offsets[row_ + kAhead]);
  if (ends_.first == nullptr) {
    __builtin_prefetch(moments_.first + offset / sizeof(MomentEntry));
    return;
  }
  const EndEntry* const end = ends_.first + offset / sizeof(EndEntry);
  __builtin_prefetch(end);
  __builtin_prefetch(end->bytes);
  __builtin_prefetch(&end->missed);
}

// True when the rule need not see it; what it would have done is done then, else nothing that it would not do again.
bool RowFronts::is_plain(Front& front, const Seen& seen) const {
  if (!passes(front, seen)) return true;
  switch (front.kind) {
    case FrontKind::kNewHosts:
      return meet_hosts(front, seen);
    case FrontKind::kNewServices:
      return meet_service(front, seen);
    case FrontKind::kFirstVolumes:
      return first_volume(front, seen);
    case FrontKind::kFirstCalls:
      return first_call(front, seen);
    case FrontKind::kVolumeSums:
      return add_volume(front, seen);
    case FrontKind::kGate:
      return false;
  }
  return false;
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

// False for what nobody has met, once learning is over: somebody has to be told.
bool RowFronts::meet(Front& front, const uint32_t* key, double at) {
  const uint32_t hash = front.table.hash_of(key);
  const int32_t row = front.table.find(key, hash);
  if (row != kNoRow) {
    front.table.use(row);
    return true;
  }
  if (!(at - *front.began < front.learn_ns)) return false;
  return front.table.insert(key, hash) != kNoRow;
}

bool RowFronts::meet_hosts(Front& front, const Seen& seen) {
  uint32_t key[kAddressWords];
  for (const bool is_source : {true, false}) {
    if (((is_source ? seen.source : seen.target) & kOwnHost) != kOwnHost) continue;
    write_address(is_source ? seen.head.source : seen.head.target, seen.head, key);
    if (!meet(front, key, seen.at)) return false;
  }
  return true;
}

bool RowFronts::meet_service(Front& front, const Seen& seen) {
  uint32_t key[kAddressWords + 1];
  write_address(seen.head.target, seen.head, key);
  key[kAddressWords] = uint32_t{seen.head.protocol} << 16 | seen.head.target_port;
  return meet(front, key, seen.at);
}

bool RowFronts::first_volume(Front& front, const Seen& seen) {
  const EndEntry& end = *seen.end;
  const double up = end.bytes_since[0];
  // Flows that nobody answered and that are small.
  if (up == 0 || (up < kVolumeStep && end.packets_since[1] == 0)) return true;
  if (!(up < front.limit)) return false;
  return add_first(front, seen, std::array<double, kFirstNumbers>{seen.at, up, end.bytes_since[1]}.data());
}

bool RowFronts::first_call(Front& front, const Seen& seen) {
  const EndEntry& end = *seen.end;
  const EntryHead& head = seen.head;
  if (end.payload[0] == 0 || end.packets[1] == 0 || (head.source_port == kNtp && head.protocol == kUdp)) return true;
  // Known by a name.
  if (end.host != 0) return false;
  return add_first(front, seen, std::array<double, kFirstNumbers>{head.second_at, end.bytes[0], 0}.data());
}

// A pair's first flow. False when the pair is known, and when a row with more than numbers has to make room.
bool RowFronts::add_first(Front& front, const Seen& seen, const double numbers[kFirstNumbers]) {
  uint32_t key[kPairWords];
  write_pair(seen.head, key);
  const uint32_t hash = front.table.hash_of(key);
  if (front.table.find(key, hash) != kNoRow) return false;
  const int32_t going = front.table.next_to_go();
  if (going != kNoRow && front.heavy[going] != 0) return false;
  const int32_t row = front.table.insert(key, hash);
  if (row == kNoRow) return false;
  int32_t* const words = front.words + static_cast<size_t>(row) * kFirstWords;
  memcpy(words, key, sizeof key);
  words[kPairWords] = static_cast<int32_t>(seen.head.source_port | uint32_t{seen.head.target_port} << 16);
  words[kPairWords + 1] = seen.head.protocol;
  memcpy(front.numbers + static_cast<size_t>(row) * kFirstNumbers, numbers, kFirstNumbers * sizeof(double));
  return true;
}

// Counts both ends that are inside, once both are known.
bool RowFronts::add_volume(Front& front, const Seen& seen) {
  uint32_t key[kAddressWords];
  int32_t rows[2] = {kNoRow, kNoRow};
  for (size_t end = 0; end < 2; ++end) {
    if (((end == 0 ? seen.source : seen.target) & kInternal) == 0) continue;
    write_address(end == 0 ? seen.head.source : seen.head.target, seen.head, key);
    rows[end] = front.table.find(key, front.table.hash_of(key));
    if (rows[end] == kNoRow) return false;
  }
  const double bytes = seen.end->bytes_since[0] + seen.end->bytes_since[1];
  for (const int32_t row : rows) {
    if (row == kNoRow) continue;
    front.table.use(row);
    front.sums[row] += bytes;
  }
  return true;
}

}  // namespace weir
