#include "fragments.h"

#include <cstring>
#include <limits>

namespace weir {
namespace {

constexpr uint16_t flag(RecordFlag f) { return static_cast<uint16_t>(f); }
constexpr uint16_t kTupleFlags = flag(RecordFlag::kFromA) | flag(RecordFlag::kHasPorts) | flag(RecordFlag::kOneWay);

}  // namespace

FragmentTable::FragmentTable(const uint8_t hash_key[16]) : hash_(hash_key), next_deadline_(std::numeric_limits<double>::infinity()) {}

void FragmentTable::first(const FragmentKey& key, const PacketRecord& r, double now_ns, Decoded& out) {
  Datagram& datagram = open(key, now_ns, out);
  datagram.tuple = {r.hashLo,   r.hashHi,   r.srcPort, r.dstPort, static_cast<uint16_t>(r.flags & kTupleFlags),
                    r.protocol, r.icmpType, r.icmpCode};
  datagram.known = true;
  drain(datagram, out.released);
}

bool FragmentTable::later(const FragmentKey& key, DecodedRecord& record, double now_ns, Decoded& out) {
  Datagram& datagram = open(key, now_ns, out);
  if (datagram.known) {
    apply(datagram.tuple, record.record);
    return true;
  }
  hold(datagram, record, out);
  return false;
}

void FragmentTable::flush(Decoded& out) {
  while (oldest_ != kNone) close(oldest_, out);
  set_deadline();
}

void FragmentTable::apply(const Tuple& tuple, PacketRecord& r) {
  r.hashLo = tuple.hash_lo;
  r.hashHi = tuple.hash_hi;
  r.srcPort = tuple.source_port;
  r.dstPort = tuple.destination_port;
  r.flags = static_cast<uint16_t>((r.flags & ~kTupleFlags) | tuple.flags);
  r.protocol = tuple.protocol;
  r.icmpType = tuple.icmp_type;
  r.icmpCode = tuple.icmp_code;
}

uint32_t FragmentTable::bucket_of(const FragmentKey& key) const {
  uint64_t words[7];
  std::memcpy(words, &key, sizeof key);
  words[6] = uint64_t{sizeof key & 0xff} << 56;
  return static_cast<uint32_t>(hash_.words(words, 7)) % kBuckets;
}

FragmentTable::Datagram& FragmentTable::open(const FragmentKey& key, double now_ns, Decoded& out) {
  if (buckets_.empty()) buckets_.assign(kBuckets, kNone);
  const uint32_t bucket = bucket_of(key);
  for (uint32_t i = buckets_[bucket]; i != kNone; i = datagrams_[i].next) {
    if (std::memcmp(&datagrams_[i].key, &key, sizeof key) != 0) continue;
    touch(i, now_ns);
    return datagrams_[i];
  }
  if (free_datagram_ == kNone && datagrams_.size() == kMaxFragmentDatagrams) close(oldest_, out);
  uint32_t index = free_datagram_;
  if (index == kNone) {
    index = static_cast<uint32_t>(datagrams_.size());
    datagrams_.emplace_back();
  } else {
    free_datagram_ = datagrams_[index].next;
  }
  Datagram& datagram = datagrams_[index];
  datagram.key = key;
  datagram.seen_ns = now_ns;
  datagram.bucket = bucket;
  datagram.next = buckets_[bucket];
  datagram.held_first = datagram.held_last = kNone;
  datagram.held_count = 0;
  datagram.known = false;
  buckets_[bucket] = index;
  link_newest(index);
  if (oldest_ == index) set_deadline();
  return datagram;
}

void FragmentTable::touch(uint32_t index, double now_ns) {
  Datagram& datagram = datagrams_[index];
  datagram.seen_ns = now_ns;
  if (newest_ == index) return;
  unlink_age(datagram);
  link_newest(index);
}

void FragmentTable::unlink_age(Datagram& datagram) {
  (datagram.older == kNone ? oldest_ : datagrams_[datagram.older].newer) = datagram.newer;
  (datagram.newer == kNone ? newest_ : datagrams_[datagram.newer].older) = datagram.older;
}

void FragmentTable::link_newest(uint32_t index) {
  Datagram& datagram = datagrams_[index];
  datagram.older = newest_;
  datagram.newer = kNone;
  (newest_ == kNone ? oldest_ : datagrams_[newest_].newer) = index;
  newest_ = index;
}

void FragmentTable::close(uint32_t index, Decoded& out) {
  Datagram& datagram = datagrams_[index];
  drain(datagram, out.lost);
  unlink_age(datagram);
  uint32_t* link = &buckets_[datagram.bucket];
  while (*link != index) link = &datagrams_[*link].next;
  *link = datagram.next;
  datagram.next = free_datagram_;
  free_datagram_ = index;
}

void FragmentTable::drain(Datagram& datagram, std::vector<DecodedRecord>& to) {
  for (uint32_t i = datagram.held_first; i != kNone;) {
    Held& held = held_[i];
    if (datagram.known) apply(datagram.tuple, held.record.record);
    to.push_back(held.record);
    const uint32_t next = held.next;
    held.next = free_held_;
    free_held_ = i;
    i = next;
  }
  datagram.held_first = datagram.held_last = kNone;
  datagram.held_count = 0;
}

void FragmentTable::hold(Datagram& datagram, const DecodedRecord& record, Decoded& out) {
  const bool full = free_held_ == kNone && held_.size() == kMaxHeld;
  if (full || datagram.held_count == kMaxHeldPerDatagram) {
    out.lost.push_back(record);
    return;
  }
  uint32_t index = free_held_;
  if (index == kNone) {
    index = static_cast<uint32_t>(held_.size());
    held_.emplace_back();
  } else {
    free_held_ = held_[index].next;
  }
  held_[index].record = record;
  held_[index].next = kNone;
  (datagram.held_last == kNone ? datagram.held_first : held_[datagram.held_last].next) = index;
  datagram.held_last = index;
  ++datagram.held_count;
}

void FragmentTable::expire_due(double now_ns, Decoded& out) {
  while (oldest_ != kNone && datagrams_[oldest_].seen_ns + kFragmentTimeoutNs <= now_ns) close(oldest_, out);
  set_deadline();
}

// The oldest entry may have been touched since; its own time is asked again then.
void FragmentTable::set_deadline() {
  next_deadline_ = oldest_ == kNone ? std::numeric_limits<double>::infinity() : datagrams_[oldest_].seen_ns + kFragmentTimeoutNs;
}

}  // namespace weir
