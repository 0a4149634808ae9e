// Names the application of flows with libndpi: one detection module, and for each flow that is being looked at one of
// libndpi's flow structures, from its first packet until it is classified, given up or released.
//
//   empty ──first packet──▶ live ──classified, given up──▶ settled ──release──▶ empty
//
// A flow is known by the slot that the caller gives it: a small number, unique among its flows until it is released.
// Belongs to one thread. Several detectors may be at work in several threads.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ndpi_heap.h"

namespace weir {

namespace ndpi_compat {
class DetectionModule;
struct Finding;
}  // namespace ndpi_compat

enum class DpiState : uint8_t {
  kUndecided = 0,
  kPartial = 1,     // labelled from content, may still become more precise
  kClassified = 2,  // labelled from content; settled
  kGaveUp = 3,      // a guess, or nothing; settled
  kNoCapacity = 4,  // max_flows structures are in use: nothing was looked at
  kSettled = 5,     // had been settled before: nothing was looked at
};

struct DpiVerdict {
  DpiState state = DpiState::kUndecided;
  bool guessed = false;  // by port or address alone
  uint16_t master = 0;   // 0 = unknown
  uint16_t app = 0;
  uint32_t category = 0;
  uint32_t confidence = 0;
  uint64_t risks = 0;  // bit n is nDPI's risk n
};

struct DpiPacket {
  uint32_t slot;
  bool from_server;
  bool whole;  // the flow has been seen from its first packet on
  uint64_t time_ms;
  const uint8_t* bytes;  // from the IP header on
  uint32_t length;
};

struct DpiOptions {
  uint32_t max_flows = 0;           // flow structures at a time
  uint32_t max_slots = 1u << 20;    // slots are smaller than this
  uint16_t max_packets = 32;        // of one flow; nDPI's own default in the versions that have a limit
  uint32_t max_flow_heap = 131072;  // bytes that one flow may hold besides its structure; then it is given up
};

struct DpiCounters {
  uint64_t packets = 0;  // looked at
  uint64_t classified = 0;
  uint64_t gave_up = 0;
  uint64_t heap_give_ups = 0;  // of both kinds, ended early because of max_flow_heap
  uint64_t refused = 0;        // packets without capacity
};

struct DpiMemory {
  uint32_t flows;
  uint32_t peak_flows;
  uint32_t flow_struct_bytes;
  bool heap_known;          // the fields from here on mean something
  int64_t module_bytes;     // tables of the module, the same for any traffic
  int64_t flow_bytes;       // structures and what hangs on them
  int64_t peak_flow_bytes;  // the most of it at any time
};

class Detector {
 public:
  // Null, with the reason in `why`, when this libndpi cannot be used. Takes about 50 ms.
  static std::unique_ptr<Detector> open(const DpiOptions& options, std::string& why);
  ~Detector();
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  uint32_t max_slots() const { return options_.max_slots; }

  // `packet.slot` < max_slots. Any bytes are safe: libndpi reads a copy with a margin of zeros.
  DpiVerdict process(const DpiPacket& packet);
  // Takes what is known of a flow, or guesses. kSettled when there is nothing (more) to say.
  DpiVerdict give_up(uint32_t slot);
  // Forgets a flow; its slot may be used for another.
  void release(uint32_t slot);
  // Host name that libndpi read in a live flow, as sent; "" when there is none.
  std::string host_name(uint32_t slot) const;

  uint32_t protocol_count() const;
  // Null for ids that do not exist.
  const char* protocol_name(uint32_t id) const;
  const char* category_name(uint32_t id) const;
  static const char* confidence_name(uint32_t id);
  static const char* risk_name(uint32_t bit);
  static bool is_guess(uint32_t confidence);
  uint32_t protocol_category(uint32_t id) const;
  static const char* version();

  const DpiCounters& counters() const { return counters_; }
  DpiMemory memory() const;

 private:
  struct Slot;

  Detector(const DpiOptions& options, std::unique_ptr<ndpi_compat::DetectionModule> module, const HeapMeter& heap);
  Slot* find(uint32_t slot) const;
  Slot* reach(uint32_t slot);
  DpiVerdict verdict_of(const Slot& slot, const ndpi_compat::Finding& finding) const;
  DpiVerdict settle(Slot& slot, DpiVerdict verdict);
  DpiVerdict guess(Slot& slot);
  void drop_flow(Slot& slot);

  DpiOptions options_;
  std::unique_ptr<ndpi_compat::DetectionModule> module_;
  HeapMeter heap_;
  int64_t module_bytes_ = 0;
  bool heap_known_;
  DpiCounters counters_;
  uint32_t live_ = 0;
  uint32_t peak_live_ = 0;
  Slot* slots_ = nullptr;  // grown by doubling, from calloc
  uint32_t slot_count_ = 0;
  std::unique_ptr<uint8_t[]> packet_;  // where libndpi reads
};

}  // namespace weir
