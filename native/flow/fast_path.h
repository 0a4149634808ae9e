// The usual packet, in C++: it belongs to a flow that is there and comes in the order that was expected, or opens one with a SYN
// or a datagram. Whatever else a packet does (opens a flow otherwise, is lost or repeated, ends a volume step) is left untouched for
// src/flow/table.ts, which does usual packets, too, in the same way where this is not used. Detection is told of the packets that
// are taken, and new flows are written down for who else wants to hear of them, both in the order of the records.
#pragma once
#include <cstdint>
#include <limits>

#include "../app/app_flows.h"
#include "ends.h"
#include "lookahead.h"
#include "moments.h"
#include "openings.h"
#include "ring_records.h"
#include "rows.h"
#include "segments.h"
#include "syn_watch.h"

namespace weir {

// What both sides write between two calls; the words stand in src/flow/fast-path.ts.
struct FastPathWords {
  uint32_t position;   // in and out: where the reader is
  uint32_t end;        // in: what is published
  uint32_t sequence;   // in and out: number that the next record must have
  uint32_t most;       // in: records to take at most; 0 = only look ahead
  uint32_t taken;      // out: records taken, pads included
  uint32_t newcomers;  // out: new flows that were written down
  uint32_t odd;        // out: 1 + slot of the flow whose application is not plain since the last record taken, 0 = none
  uint32_t odd_at;     // out: offset of that record in the ring's memory
};
struct FastPathTimes {
  double limit;        // in: stream time that records may not be behind
  double due;          // in and out: stream time of the next interim record
  double min_timeout;  // in: ns of silence after which a flow may have ended
};

// Where the slots of new flows are written; a packet that opens one for which there is no room is not usual.
struct NewcomerList {
  int32_t* slots = nullptr;
  uint32_t room = 0;  // 0: nobody asks
};

struct FastPathOptions {
  bool timed = false;        // segments are timed for the RTT
  bool full = false;         // the cold half has its second part
  bool takes_bytes = false;  // records that carry bytes are for the application layer, if it wants more of their flow (but `syns`)
  double tells_from = 0;     // bytes of a flow from which rules hear of its first packet in a tick; infinity: there are none
  size_t cold_touch = 0;     // offset in the cold half of the line that most packets need

  bool has_rules() const { return tells_from < std::numeric_limits<double>::infinity(); }
};

class FastPath {
 public:
  FastPath() = default;
  // All memory must outlive this; `apps` takes records' bytes, null = nobody does.
  FastPath(RingView ring, const Rows& rows, const FastPathOptions& options, const TableMemory& memory, NewcomerList newcomers,
           const MomentMemory& moments, const SynMemory& syns, AppFlows* apps = nullptr)
      : records_(ring),
        rows_(rows),
        options_(options),
        memory_(memory),
        newcomers_(newcomers),
        moments_(moments),
        syns_(syns, memory.words),
        apps_(apps),
        ends_({moments.end_words, moments.openers, options.tells_from}),
        segments_(options.full, options.timed),
        lookahead_(records_, options.cold_touch, moments, apps) {}

  void set_index(int32_t* entries, size_t places) {
    rows_.index = entries;
    rows_.index_mask = static_cast<uint32_t>(places - 1);
  }

  void set_entries(MomentEntry* entries, size_t room) { moments_.set_entries(entries, room); }
  void set_ends(EndEntry* entries, size_t room) { ends_.set_entries(entries, room); }
  // Detection's handshakes that are over.
  void drop_confirmed() { moments_.drop_confirmed(rows_); }
  // Tells detection of a flow that is over, as `Ends` says.
  int64_t end(int64_t slot) { return rows_.has(slot) ? ends_.closed(rows_.at(static_cast<size_t>(slot)), static_cast<size_t>(slot)) : Ends::kNotPlain; }

  // Takes records until `most`, `end`, or one that is not usual or no packet; that one is at `position` then. Ends behind a record
  // that has made its flow's application odd.
  void run(FastPathWords& words, FastPathTimes& times);

 private:
  bool take(const PacketRecord& record, FastPathTimes& times);
  bool open(const PacketRecord& record, uint32_t key, uint32_t side, bool brings_bytes, FastPathTimes& times);
  void begin(const Row& row, uint32_t side, const PacketRecord& record);
  static bool are_wanted(const uint8_t* hot, uint32_t side);
  int64_t find(const PacketRecord& record, uint32_t key) const;
  bool is_flow(const uint8_t* hot, const PacketRecord& record, uint32_t key) const;
  bool may_answer(const Row& row, size_t slot, const PacketRecord& record, uint32_t side) const;
  bool may_touch(const Row& row) const;
  void answer(size_t slot, uint32_t side, const PacketRecord& record);
  void touch(size_t slot);
  void count(uint8_t* hot, uint32_t side, const PacketRecord& record);
  void linger(size_t slot);

  RingRecords records_;
  Rows rows_;
  FastPathOptions options_;
  TableMemory memory_;
  NewcomerList newcomers_;
  uint32_t opened_ = 0;
  Moments moments_;
  SynWatch syns_;
  AppFlows* apps_ = nullptr;
  int64_t odd_ = -1;  // slot of the flow that has become odd
  Ends ends_;
  Segments segments_;
  Lookahead lookahead_;
};

}  // namespace weir
