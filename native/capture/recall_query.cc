#include "recall_query.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "../decode/record_frame.h"

namespace weir {
namespace {

constexpr uint32_t kIpv4Bytes = 4;
constexpr uint32_t kIpv6Bytes = 16;
constexpr double kMaxNumber = 9007199254740991.0;  // whole numbers are exact up to here

bool has(const PacketRecord& record, RecordFlag flag) { return (record.flags & static_cast<uint16_t>(flag)) != 0; }

bool is_end(const RecallEnd& end, const PacketRecord& record, const uint8_t* address, uint16_t port) {
  if (end.port >= 0 && (end.port != port || has(record, RecordFlag::kNoTransport))) return false;
  if (end.any_address) return true;
  return end.ipv6 == has(record, RecordFlag::kIpv6) && std::memcmp(end.address.data(), address, end.ipv6 ? kIpv6Bytes : kIpv4Bytes) == 0;
}

// The frame as it was captured; only entry.stored of its bytes are there.
Frame frame_of(const RecallEntry& entry, const uint8_t* bytes) {
  Frame frame{};
  frame.bytes = bytes;
  frame.captured = entry.captured;
  frame.wire = entry.wire;
  frame.link_type = entry.link_type;
  frame.source = entry.source;
  frame.sec = entry.sec;
  frame.nsec = entry.nsec;
  frame.stream_ns = entry.stream_ns;
  frame.ordinal = entry.ordinal;
  frame.stripped_vlan = kNoStrippedVlan;
  return frame;
}

void append_record(std::vector<uint8_t>& records, double number, const RecallEntry& entry, const uint8_t* bytes) {
  PacketRecord record;
  record_frame(frame_of(entry, bytes), record);
  record.kind = static_cast<uint8_t>(RecordKind::kFrame);
  record.ordinal = number;
  record.carried = entry.stored;
  record.length = (static_cast<uint32_t>(sizeof record) + entry.stored + kRecordAlign - 1) / kRecordAlign * kRecordAlign;
  const size_t at = records.size();
  records.resize(at + record.length);
  std::memcpy(records.data() + at, &record, sizeof record);
  std::memcpy(records.data() + at + sizeof record, bytes, entry.stored);
}

bool is_wanted(const RecallMatch& match, const Decoded& decoded) {
  // A frame that was rejected, or is no flow, has no records unless it is ARP.
  const int count = decoded.disposition == Disposition::kRejected ? 0 : decoded.count;
  for (int i = 0; i < count; ++i) {
    for (const RecallClause& clause : match.clauses) {
      if (matches(clause, decoded.records[i].record)) return true;
    }
  }
  return false;
}

}  // namespace

bool matches(const RecallClause& clause, const PacketRecord& record) {
  const bool arp = record.kind == static_cast<uint8_t>(RecordKind::kArp);
  if (clause.arp && !arp) return false;
  if (clause.protocol >= 0 && (arp || clause.protocol != record.protocol)) return false;
  const auto between = [&record](const RecallEnd& source, const RecallEnd& destination) {
    return is_end(source, record, record.srcAddr, record.srcPort) && is_end(destination, record, record.dstAddr, record.dstPort);
  };
  return between(clause.one, clause.other) || between(clause.other, clause.one);
}

// A frame of an answer, copied out of its chunk.
struct RecallQuery::Found {
  double stream_ns;
  double number;
  RecallEntry entry;
  std::vector<uint8_t> bytes;

  bool operator<(const Found& other) const { return std::pair(stream_ns, number) < std::pair(other.stream_ns, other.number); }
};

double RecallQuery::number_of(uint32_t thread, const RecallEntry& entry) const {
  return (entry.ordinal - 1) * static_cast<double>(rings_.size()) + thread + 1;
}

RecallQuery::Found RecallQuery::copy(uint32_t thread, const RecallEntry& entry) const {
  const uint8_t* const bytes = RecallRing::Pin::bytes_of(entry);
  return {entry.stream_ns, number_of(thread, entry), entry, std::vector<uint8_t>(bytes, bytes + entry.stored)};
}

std::optional<RecallQuery::Found> RecallQuery::find(double number) const {
  if (rings_.empty() || !(number >= 1 && number <= kMaxNumber)) return std::nullopt;
  const uint32_t thread = static_cast<uint32_t>(static_cast<uint64_t>(number - 1) % rings_.size());
  const RecallRing& ring = *rings_[thread];
  // Numbers of one thread grow: the chunk is the newest that does not begin behind the number.
  for (uint64_t round = ring.newest_round(); round != 0 && round >= ring.oldest_round(); --round) {
    const RecallRing::Pin pin(ring, round);
    const RecallEntry* entry = pin.next(nullptr);
    if (entry == nullptr || number_of(thread, *entry) > number) continue;
    while (entry != nullptr && number_of(thread, *entry) < number) entry = pin.next(entry);
    if (entry == nullptr || number_of(thread, *entry) != number) return std::nullopt;
    return copy(thread, *entry);
  }
  return std::nullopt;
}

RecallAnswer RecallQuery::one(double number) const {
  RecallAnswer answer;
  const std::optional<Found> found = find(number);
  if (found) append_record(answer.records, found->number, found->entry, found->bytes.data());
  return answer;
}

// The newest `limit` of one thread, in no order.
void RecallQuery::collect_newest(uint32_t thread, uint32_t limit, const Found* before, std::vector<Found>& found) const {
  const RecallRing& ring = *rings_[thread];
  uint32_t missing = limit;
  std::vector<const RecallEntry*> entries;
  for (uint64_t round = ring.newest_round(); missing != 0 && round != 0 && round >= ring.oldest_round(); --round) {
    const RecallRing::Pin pin(ring, round);
    entries.clear();
    for (const RecallEntry* entry = pin.next(nullptr); entry != nullptr; entry = pin.next(entry)) {
      const std::pair at(entry->stream_ns, number_of(thread, *entry));
      if (before != nullptr && at >= std::pair(before->stream_ns, before->number)) break;
      entries.push_back(entry);
    }
    const size_t taken = std::min<size_t>(missing, entries.size());
    for (size_t i = entries.size() - taken; i < entries.size(); ++i) found.push_back(copy(thread, *entries[i]));
    missing -= static_cast<uint32_t>(taken);
  }
}

RecallAnswer RecallQuery::recent(uint32_t limit, std::optional<double> before) const {
  RecallAnswer answer;
  std::optional<Found> boundary;
  if (before && !(boundary = find(*before))) return answer;
  std::vector<Found> found;
  for (uint32_t thread = 0; thread < rings_.size(); ++thread) collect_newest(thread, limit, boundary ? &*boundary : nullptr, found);
  std::sort(found.begin(), found.end());
  const size_t count = std::min<size_t>(limit, found.size());
  for (size_t i = 0; i < count; ++i) {
    const Found& next = found[found.size() - 1 - i];
    append_record(answer.records, next.number, next.entry, next.bytes.data());
  }
  answer.more = found.size() > count;
  return answer;
}

// The oldest or newest of one thread, and one more than the limit when there are.
std::deque<RecallQuery::Found> RecallQuery::matching_of(uint32_t thread, const RecallMatch& match) const {
  std::deque<Found> found;
  const RecallRing& ring = *rings_[thread];
  DecodeOptions options;
  options.tunnels = tunnels_;
  options.arp = true;
  Decoder decoder(options);
  Decoded decoded;
  const size_t most = size_t{match.limit} + 1;
  const uint64_t newest = ring.newest_round();
  for (uint64_t round = std::max<uint64_t>(ring.oldest_round(), 1); round <= newest; ++round) {
    const RecallRing::Pin pin(ring, round);
    if (pin.last_ns() < match.from_ns) continue;
    for (const RecallEntry* entry = pin.next(nullptr); entry != nullptr; entry = pin.next(entry)) {
      if (entry->stream_ns < match.from_ns) continue;
      if (entry->stream_ns > match.to_ns) return found;
      Frame frame = frame_of(*entry, RecallRing::Pin::bytes_of(*entry));
      frame.captured = entry->stored;
      decoder.decode(frame, decoded);
      if (!is_wanted(match, decoded)) continue;
      if (found.size() == most && !match.newest) return found;
      if (found.size() == most) found.pop_front();
      found.push_back(copy(thread, *entry));
    }
  }
  return found;
}

RecallAnswer RecallQuery::matching(const RecallMatch& match) const {
  RecallAnswer answer;
  if (rings_.empty()) answer.lost_until_ns = std::numeric_limits<double>::infinity();
  std::vector<Found> found;
  for (uint32_t thread = 0; thread < rings_.size(); ++thread) {
    for (Found& frame : matching_of(thread, match)) found.push_back(std::move(frame));
    answer.lost_until_ns = std::max(answer.lost_until_ns, rings_[thread]->lost_until_ns(match.from_ns, match.to_ns));
  }
  std::sort(found.begin(), found.end());
  const size_t count = std::min<size_t>(match.limit, found.size());
  const size_t first = match.newest ? found.size() - count : 0;
  for (size_t i = first; i < first + count; ++i) append_record(answer.records, found[i].number, found[i].entry, found[i].bytes.data());
  answer.more = found.size() > count;
  return answer;
}

}  // namespace weir
