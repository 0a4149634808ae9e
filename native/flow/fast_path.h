// The usual packet, in C++: it belongs to a flow that is there, in the order that was expected, and changes nothing but
// counters, sequence numbers and times. Whatever else a packet does (opens a flow, ends one, is lost, repeated, a first of its
// kind) is left untouched for src/flow/table.ts, which does usual packets, too, in the same way where this is not used.
#pragma once
#include <cstdint>

#include "lookahead.h"
#include "ring_records.h"
#include "rows.h"

namespace weir {

// What both sides write between two calls; the words stand in src/flow/fast-path.ts.
struct FastPathWords {
  uint32_t position;  // in and out: where the reader is
  uint32_t end;       // in: what is published
  uint32_t sequence;  // in and out: number that the next record must have
  uint32_t epoch;     // in: flows that were last moved in another one are left to the table
  uint32_t most;      // in: records to take at most; 0 = only look ahead
  uint32_t taken;     // out: records taken, pads included
};
struct FastPathTimes {
  double limit;        // in: stream time that records may not be behind
  double due;          // in: stream time of the next interim record
  double min_timeout;  // in: ns of silence after which a flow may have ended
};

struct FastPathOptions {
  bool timed = false;         // segments are timed for the RTT
  bool full = false;          // the cold half has its second part
  bool takes_bytes = false;   // records that carry bytes are for the application layer
  size_t cold_touch = 0;      // offset in the cold half of the line that most packets need
};

class FastPath {
 public:
  FastPath() = default;
  // All memory must outlive this. `tally` holds kShardCounter… doubles, `protocols` packets and bytes of 256 protocols.
  FastPath(RingView ring, const Rows& rows, const FastPathOptions& options, double* tally, double* protocols)
      : records_(ring), rows_(rows), options_(options), tally_(tally), protocols_(protocols), lookahead_(records_, options.cold_touch) {}

  void set_index(const int32_t* entries, size_t places) {
    rows_.index = entries;
    rows_.index_mask = static_cast<uint32_t>(places - 1);
  }

  // Takes records until `most`, `end`, or one that is not usual or no packet; that one is at `position` then.
  void run(FastPathWords& words, const FastPathTimes& times);

 private:
  bool take(const PacketRecord& record, uint32_t epoch, const FastPathTimes& times);
  int64_t find(const PacketRecord& record, uint32_t key) const;
  bool is_flow(const uint8_t* hot, const PacketRecord& record, uint32_t key) const;
  bool segment(size_t slot, uint32_t side, const PacketRecord& record);
  bool write_letter(size_t slot, uint32_t side, char letter);
  void sample(uint8_t* cold, uint32_t microseconds);
  void count(uint8_t* hot, uint32_t side, const PacketRecord& record);

  RingRecords records_;
  Rows rows_;
  FastPathOptions options_;
  double* tally_ = nullptr;
  double* protocols_ = nullptr;
  Lookahead lookahead_;
};

}  // namespace weir
