// The applications of one shard's flows, as far as native readers find them out (src/shard/native-apps.ts): takes the bytes
// that records carry until a reader is done with the flow, and keeps its note. Whatever is not plain is given up with all
// of its bytes, before anything has changed, to the parsers of src/app.
//
//   first bytes ─▶ open ──kDone──▶ closed (note) ──▶ forgotten with the flow
//                   └─kOdd, or bytes that are not next in line──▶ released to src/shard/app-layer.ts
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../base/untouched_memory.h"
#include "../flow/rows.h"
#include "../ring/layout.h"
#include "byte_pool.h"
#include "name_list.h"
#include "note_store.h"
#include "readers.h"

namespace weir {

// What JavaScript shares with the flows; src/native/app-flows.ts says what stands there.
struct AppFlowsMemory {
  double* tally = nullptr;                  // ShardCounter
  uint8_t* states = nullptr;                // of each row: kAppState… and the number of the protocol
  const uint8_t* stream_ports = nullptr;    // by server port: the reader of TCP flows, 0 = none
  const uint8_t* datagram_ports = nullptr;  // the same of UDP
  int32_t* words = nullptr;                 // kAppWord…
  int32_t* tags = nullptr;                  // carry tags, a power of two of them
  uint32_t tag_mask = 0;
};

constexpr uint8_t kAppStateOpen = 0x80;
constexpr uint8_t kAppStateClosed = 0x40;

constexpr uint32_t kAppWordEnabled = 0;  // bytes are taken
constexpr uint32_t kAppWordHeld = 1;     // out: KiB that open flows hold
constexpr uint32_t kAppWords = 2;

// What became of a record's bytes; numbers of `Offered` in src/native/app-flows.ts.
enum class Offered : uint8_t { kTaken = 0, kDone = 1, kOdd = 2, kDeclined = 3 };

struct OpenFlow {
  size_t slot = 0;
  AppProtocol protocol = AppProtocol::kNone;
  bool is_stream = false;
  uint8_t client = 0;     // endpoint that is taken for the client, 0 = A
  uint8_t full = 0;       // sides of which nothing more is read
  uint8_t reported = 0;   // events whose names have been told
  uint8_t started = 0;    // sides whose first sequence number is known
  uint16_t ports[2] = {0, 0};
  uint32_t first[2] = {0, 0};
  size_t need[2] = {0, 0};
  size_t pass[2] = {0, 0};
  size_t left_out[2] = {0, 0};  // bytes, in all
  PooledBytes heads[2];         // of datagrams: all of them in the first
  PooledBytes gaps[2];          // LeftOut
  PooledBytes events;           // AppEvent
  OpenFlow* older = nullptr;
  OpenFlow* newer = nullptr;

  size_t event_count() const { return events.length() / sizeof(AppEvent); }
  AppEvent* event_list() { return reinterpret_cast<AppEvent*>(events.memory()); }
  const AppEvent* event_list() const { return reinterpret_cast<const AppEvent*>(events.bytes().data); }
  // Bytes that the side has sent, what was left out included.
  size_t length(uint32_t role) const { return heads[role].length() + left_out[role]; }
  size_t gap_count(uint32_t role) const { return gaps[role].length() / sizeof(LeftOut); }
  LeftOut* gap_list(uint32_t role) { return reinterpret_cast<LeftOut*>(gaps[role].memory()); }
  const LeftOut* gap_list(uint32_t role) const { return reinterpret_cast<const LeftOut*>(gaps[role].bytes().data); }
  size_t held() const {
    return sizeof(OpenFlow) + heads[0].held() + heads[1].held() + gaps[0].held() + gaps[1].held() + events.held();
  }
};

class AppFlows {
 public:
  // All memory must outlive this.
  AppFlows(const Rows& rows, const AppFlowsMemory& memory)
      : rows_(rows), memory_(memory), notes_(rows.count), flows_(untouched_zeros<OpenFlow*>(rows.count)) {}
  AppFlows(const AppFlows&) = delete;
  AppFlows& operator=(const AppFlows&) = delete;
  ~AppFlows();

  Readers& readers() { return readers_; }

  // True when `take` would not decline the record, which has not been counted in its row yet.
  bool may_take(size_t slot, uint32_t side, const PacketRecord& record) const;
  // The same of a record that would open the flow: a datagram, whose row has only been chosen yet.
  bool may_open(int64_t slot, const PacketRecord& record, uint16_t server_port) const;
  // The record's bytes, after the record was counted. kOdd: the flow is to be released.
  Offered take(size_t slot, uint32_t side, const PacketRecord& record);
  // Both, of a record that was counted already.
  Offered offer(size_t slot, uint32_t side, const PacketRecord& record);
  // Asks the reader once more, of a flow that was odd: it may know more now. kDeclined: the flow is not open.
  Offered again(size_t slot);
  // The flow is over. kOdd: it is to be released; kDeclined: it is not open.
  Offered conclude(size_t slot);
  // Gives up the open flow; null when there is none. It is valid until `recycle`, which must follow.
  OpenFlow* release(size_t slot);
  void recycle(OpenFlow* flow);
  // Slot of the flow that is open longest, -1 when none is.
  int64_t oldest() const { return oldest_ == nullptr ? -1 : static_cast<int64_t>(oldest_->slot); }

  // Asks for the memory that a record of the row's flow will need: where its flow stands, the flow, and the ends of what it
  // holds; each call reads what the one before has asked for.
  void want_place(size_t slot) const { __builtin_prefetch(&flows_[slot]); }
  void want_flow(size_t slot) const;
  void want_ends(size_t slot) const;

  void append_note(std::string& out, size_t slot) const { notes_.append_to(out, slot); }
  // The row is somebody else's from now on.
  void forget(size_t slot);
  std::vector<ToldName> take_names();

 private:
  static constexpr size_t kMostEvents = 40;
  static constexpr size_t kMostGaps = 8;
  static constexpr size_t kHeadLimit = 16384;
  static constexpr size_t kMostDatagramBytes = 24 << 10;
  static constexpr size_t kMostHeld = 72 << 20;
  static constexpr size_t kMostNotes = 128 << 20;
  static constexpr size_t kMostNames = 65536;

  bool is_plain(const PacketRecord& record) const;
  AppProtocol protocol_of(const Row& row, size_t slot) const;
  bool may_begin(size_t slot, uint32_t side, const PacketRecord& record, double payload_before) const;
  bool may_go_on(const OpenFlow& flow, uint32_t side, const PacketRecord& record) const;
  static bool is_due(const OpenFlow& flow, uint32_t role);
  OpenFlow& begin(size_t slot);
  Offered read(OpenFlow& flow, bool ended);
  void append(OpenFlow& flow, uint32_t role, Bytes payload);
  void leave_out(OpenFlow& flow, uint32_t role, size_t length);
  void leave_out_last(OpenFlow& flow, uint32_t role, size_t keep);
  void cut(OpenFlow& flow, uint32_t role, size_t enough);
  void tell(const OpenFlow& flow);
  void orient(const OpenFlow& flow);
  void close(OpenFlow& flow);
  void note(const OpenFlow& flow);
  void unlink(OpenFlow& flow);
  void set_tag(size_t slot, const PacketRecord& record);
  void mark_full(size_t slot, uint32_t side, const PacketRecord& record);
  void count(uint32_t counter, double by) { memory_.tally[counter] += by; }
  void set_held();

  Rows rows_;
  AppFlowsMemory memory_;
  Readers readers_;
  Found found_;
  NoteStore notes_;
  BytePool pool_;
  UntouchedMemory<OpenFlow*> flows_;
  std::vector<OpenFlow*> unused_;
  OpenFlow* oldest_ = nullptr;
  OpenFlow* newest_ = nullptr;
  size_t held_ = 0;
  std::vector<ToldName> names_;
  std::string text_;
  std::vector<std::pair<size_t, size_t>> shared_;
};

}  // namespace weir
