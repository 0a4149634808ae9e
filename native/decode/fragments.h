// Which flow do the later fragments of a datagram belong to?
//
// The first fragment holds the transport header and leaves its tuple here; later ones take it. A later fragment that
// comes before its first is held as a record, and is lost when the first does not come in time.
//
//   first fragment ──▶ tuple known ──▶ held records released, later fragments pass at once
//   later, no tuple ──▶ held (bounded) ──▶ released by the first, or lost: timeout, table full, end of input
//
// Time is stream time. Every bound is fixed; at each the oldest datagram goes first.
#pragma once
#include <cstdint>
#include <vector>

#include "decoder.h"
#include "siphash.h"

namespace weir {

constexpr double kFragmentTimeoutNs = 30e9;      // as long as a receiver keeps them by default
constexpr uint32_t kMaxFragmentDatagrams = 4096;
constexpr uint32_t kMaxHeldPerDatagram = 64;     // a 64 KiB datagram over a 1,500-byte link has 45
constexpr uint32_t kMaxHeld = 16384;             // 3.5 MB

// Identifies a datagram (RFC 791, 8200); for IPv6 the protocol is 0, since later fragments need not name it. Padding-free,
// so that it can be hashed and compared as bytes.
struct FragmentKey {
  uint8_t source[16];
  uint8_t destination[16];
  uint32_t id;
  uint32_t scope;
  uint32_t parent;
  uint8_t version;
  uint8_t protocol;
  uint16_t vlan;  // 0 unless VLANs are part of the flow key
};
static_assert(sizeof(FragmentKey) == 48, "no padding");

class FragmentTable {
 public:
  explicit FragmentTable(const uint8_t hash_key[16]);

  // The first fragment: remembers its tuple and appends what waited for it to out.released.
  void first(const FragmentKey& key, const PacketRecord& record, double now_ns, Decoded& out);

  // A later fragment. True: the record has its tuple now. False: it is held, or already in out.lost.
  bool later(const FragmentKey& key, DecodedRecord& record, double now_ns, Decoded& out);

  // Ends the wait of datagrams that are older than the timeout.
  void expire(double now_ns, Decoded& out) {
    if (now_ns >= next_deadline_) expire_due(now_ns, out);
  }

  // End of input: everything held is lost.
  void flush(Decoded& out);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kBuckets = kMaxFragmentDatagrams * 2;

  // What later fragments take from the first.
  struct Tuple {
    uint32_t hash_lo;
    uint32_t hash_hi;
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t flags;
    uint8_t protocol;
    uint8_t icmp_type;
    uint8_t icmp_code;
  };

  struct Datagram {
    FragmentKey key;
    Tuple tuple;
    double seen_ns;  // of the last fragment
    uint32_t bucket;
    uint32_t next;  // in the bucket, or in the free list
    uint32_t older;
    uint32_t newer;
    uint32_t held_first;
    uint32_t held_last;
    uint32_t held_count;
    bool known;
  };

  struct Held {
    DecodedRecord record;
    uint32_t next;
  };

  static void apply(const Tuple& tuple, PacketRecord& record);
  uint32_t bucket_of(const FragmentKey& key) const;
  Datagram& open(const FragmentKey& key, double now_ns, Decoded& out);
  void touch(uint32_t index, double now_ns);
  void unlink_age(Datagram& datagram);
  void link_newest(uint32_t index);
  void close(uint32_t index, Decoded& out);
  void drain(Datagram& datagram, std::vector<DecodedRecord>& to);
  void hold(Datagram& datagram, const DecodedRecord& record, Decoded& out);
  void expire_due(double now_ns, Decoded& out);
  void set_deadline();

  SipHash13 hash_;
  double next_deadline_;
  std::vector<Datagram> datagrams_;  // grows to its bound as needed, never shrinks
  std::vector<uint32_t> buckets_;
  std::vector<Held> held_;
  uint32_t free_datagram_ = kNone;
  uint32_t free_held_ = kNone;
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
};

}  // namespace weir
