// What the capture threads of one run share: the stop signal, the ticks, the sources' numbers, the first bytes of
// rejected frames, and the way to the listener. Everything here may be used from any thread.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../base/result.h"
#include "../base/stop_signal.h"
#include "../decode/decoder.h"
#include "../decode/tunnel_registry.h"
#include "engine_options.h"
#include "recall_ring.h"
#include "tick_line.h"

namespace weir {

class PcapWriter;

struct ThreadFacts {
  std::string name;
  std::string source;
  int cpu = -1;  // -1 = any
  std::vector<std::pair<std::string, double>> numbers;  // what the source was set to
};

struct Event {
  enum class Type : uint8_t { kStarted, kFile, kWarning, kError, kFinished };
  Type type;
  Failure failure;                   // warning, error
  std::string text;                  // file: path; finished: reason
  uint64_t bytes = 0;                // file
  uint32_t index = 0;                // file
  std::vector<ThreadFacts> threads;  // started
  std::vector<std::pair<std::string, double>> numbers;  // warning: detail
};

struct SourceFacts {
  uint16_t index;
  std::string name;
  uint16_t link_type;
};

// The first frame rejected for each reason.
struct RejectSample {
  bool present = false;
  uint32_t needed = 0;
  uint32_t available = 0;
  uint16_t link_type = 0;
  double ordinal = 0;
  uint32_t bytes = 0;
  std::array<uint8_t, 64> first{};
};

constexpr size_t kRejectReasons = 32;

class RunState {
 public:
  RunState(EngineOptions options, std::function<void(Event)> listener);
  ~RunState();

  const EngineOptions options;
  StopSignal stop;
  TickLine ticks;
  // One table for all decoders of the run, so that a record's parentScope is unambiguous.
  const std::shared_ptr<TunnelRegistry> tunnels = std::make_shared<TunnelRegistry>();
  std::unique_ptr<PcapWriter> pcap_writer;
  // One per capture thread, or none.
  std::vector<std::unique_ptr<RecallRing>> recall;
  std::atomic<uint64_t> delivered{0};  // only maintained when a count is asked for
  std::atomic<bool> count_reached{false};
  std::atomic<bool> failed{false};
  std::atomic<uint32_t> file_index{0};
  std::atomic<uint64_t> file_bytes{0};
  // Stream time of the first delivered packet (-1 before it) and of the furthest clock, for reports.
  std::atomic<int64_t> first_ns{-1};
  std::atomic<int64_t> clock_ns{0};

  void note_clock(int64_t now_ns) {
    int64_t seen = clock_ns.load(std::memory_order_relaxed);
    while (seen < now_ns && !clock_ns.compare_exchange_weak(seen, now_ns, std::memory_order_relaxed)) {
    }
  }

  void emit(Event event);
  void warn(const std::string& code, const std::string& message, std::vector<std::pair<std::string, double>> numbers = {});
  // Reports a failure that ends the run, and asks all threads to stop.
  void fail(Failure failure);
  // Reports a failure of an output; capture goes on.
  void report(Failure failure);
  // A link type that cannot be decoded: reported once each.
  void warn_link_type(uint16_t link_type);

  // The number of a source in the records; the same key gets the same number again (a file read in a loop).
  uint16_t source_number(uint32_t file, uint32_t interface_index, uint16_t link_type, const std::string& name);
  std::vector<SourceFacts> sources() const;

  void sample_reject(const Decoded& decoded, const Frame& frame);
  std::array<RejectSample, kRejectReasons> reject_samples() const;

 private:
  std::function<void(Event)> listener_;
  mutable std::mutex mutex_;
  std::map<std::pair<uint32_t, uint32_t>, uint16_t> source_numbers_;
  std::vector<SourceFacts> sources_;
  std::set<uint16_t> warned_link_types_;
  std::array<RejectSample, kRejectReasons> samples_;
  std::atomic<uint32_t> sampled_reasons_{0};
};

}  // namespace weir
