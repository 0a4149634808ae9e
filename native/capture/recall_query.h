// Questions to the recall rings of a run. Answers are FRAME records as in a tap, one after the other, so that TypeScript
// reads both with the same code. May be called from any thread.
//
// A frame's number is its position in the capture. With several capture threads, thread t's k-th frame has the number
// (k - 1) * threads + t + 1: unique in the run, and of no order between threads. Their order is that of stream time.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "../decode/decoder.h"
#include "recall_ring.h"

namespace weir {

// An end of what is looked for; what is not given may be anything.
struct RecallEnd {
  bool any_address = true;
  bool ipv6 = false;
  std::array<uint8_t, 16> address{};  // network order, IPv4 in the first 4 bytes
  int32_t port = -1;                  // ICMP: as srcPort and dstPort of the record
};

// Packets between two ends, in either direction.
struct RecallClause {
  RecallEnd one;
  RecallEnd other;
  int32_t protocol = -1;
  bool arp = false;  // only ARP, its addresses being those that it speaks of
};

struct RecallMatch {
  // Stream time, both inclusive.
  double from_ns = 0;
  double to_ns = 0;
  // At most so many: the oldest, or the newest.
  uint32_t limit = 0;
  bool newest = false;
  // One of them is enough; a frame matches when its own tuple, one around it in a tunnel, or one that it quotes does.
  std::vector<RecallClause> clauses;
};

struct RecallAnswer {
  std::vector<uint8_t> records;
  // Frames up to this stream time may be missing, because they were overwritten or skipped. Minus infinity: none.
  double lost_until_ns = -std::numeric_limits<double>::infinity();
  // There were more than the limit.
  bool more = false;
};

class RecallQuery {
 public:
  // `rings`: one per capture thread.
  RecallQuery(const std::vector<std::unique_ptr<RecallRing>>& rings, bool tunnels) : rings_(rings), tunnels_(tunnels) {}

  // The newest, newest first; with `before`, those that are older than the frame of that number. Empty when it is gone.
  RecallAnswer recent(uint32_t limit, std::optional<double> before) const;
  RecallAnswer one(double number) const;
  // Oldest first.
  RecallAnswer matching(const RecallMatch& match) const;

 private:
  struct Found;
  std::optional<Found> find(double number) const;
  void collect_newest(uint32_t thread, uint32_t limit, const Found* before, std::vector<Found>& found) const;
  std::deque<Found> matching_of(uint32_t thread, const RecallMatch& match) const;
  double number_of(uint32_t thread, const RecallEntry& entry) const;
  Found copy(uint32_t thread, const RecallEntry& entry) const;

  const std::vector<std::unique_ptr<RecallRing>>& rings_;
  const bool tunnels_;
};

// True when the frame is one that a clause asks for.
bool matches(const RecallClause& clause, const PacketRecord& record);

}  // namespace weir
