// The newest frames of one capture thread, cut to their first bytes, for questions that come afterwards: what proves an
// alert, what belongs to a flow, what went by just now.
//
//   chunk 0: │ entry bytes pad │ entry bytes pad │ ...      chunk 1: │ ...      chunk n-1: │ ...
//
// One writer, the capture thread, goes round the chunks; readers are on any thread and pin one chunk at a time. The writer
// never waits: a frame that would need a chunk that is pinned is skipped and counted.
//
// Memory order. The writer fills an entry with plain stores and then stores `used` with release; a reader loads it with
// acquire and reads no further. A chunk is taken for the next round by a compare-and-exchange of its pins from 0 to
// kClearing (acquire: after the last reader's release), and given back by subtracting kClearing (release), which a reader's
// fetch_add (acquire) sees. `overwritten_until_` is stored in between, so a reader that finds a chunk taken from it knows
// what is lost.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <vector>

#include "../decode/decoder.h"

namespace weir {

struct RecallEntry {
  double ordinal;
  double stream_ns;
  int64_t sec;
  uint32_t nsec;
  uint32_t wire;
  uint32_t captured;
  uint32_t stored;  // bytes behind the entry
  uint16_t link_type;
  uint16_t source;
};
static_assert(sizeof(RecallEntry) == 48, "a multiple of 8, so that every entry is aligned");

class RecallRing {
  static constexpr uint32_t kClearing = 0x80000000;

  struct alignas(64) Chunk {
    mutable std::atomic<uint32_t> pins{0};
    std::atomic<uint32_t> used{0};
    uint64_t round = 0;
    std::atomic<double> last_ns{0};  // stream time of the last entry; stored before `used`
  };

 public:
  // `bytes` in all, a frame's first `snaplen` bytes each. bytes >= least_bytes(snaplen).
  RecallRing(size_t bytes, uint32_t snaplen);
  RecallRing(const RecallRing&) = delete;
  RecallRing& operator=(const RecallRing&) = delete;

  static size_t least_bytes(uint32_t snaplen);
  // False when there was no memory.
  bool ok() const { return memory_ != nullptr; }

  // The writer's. False: skipped, a reader is in the way. Stream time does not run backwards from call to call.
  bool store(const Frame& frame);

  // One chunk, held for reading. Empty when the writer has taken the chunk for a later round.
  class Pin {
   public:
    Pin(const RecallRing& ring, uint64_t round);
    ~Pin();
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;

    // The entry behind `entry`, the first one for null; null at the end.
    const RecallEntry* next(const RecallEntry* entry) const;
    // Stream time of the last entry.
    double last_ns() const { return chunk_.last_ns.load(std::memory_order_relaxed); }
    static const uint8_t* bytes_of(const RecallEntry& entry) { return reinterpret_cast<const uint8_t*>(&entry + 1); }

   private:
    const Chunk& chunk_;
    const uint8_t* begin_;
    uint32_t used_ = 0;
  };

  // Rounds number the chunks in the order in which they were begun, from 1. Those from oldest_round() to newest_round()
  // may still be there; 0 = nothing was stored.
  uint64_t newest_round() const { return begun_.load(std::memory_order_acquire); }
  uint64_t oldest_round() const;
  // The latest time within the range up to which frames may be missing, because they were overwritten or skipped; minus
  // infinity when none is. Ask after reading.
  double lost_until_ns(double from_ns, double to_ns) const;

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };

  size_t index_of(uint64_t round) const { return static_cast<size_t>((round - 1) % chunks_.size()); }
  bool begin_chunk();
  void note_skipped(double stream_ns);

  const uint32_t snaplen_;
  const uint32_t chunk_bytes_;
  std::unique_ptr<uint8_t, Free> memory_;
  std::vector<Chunk> chunks_;
  // The writer's position: the chunk of round begun_, and what of it is used.
  Chunk* open_ = nullptr;
  uint8_t* write_ = nullptr;
  uint32_t used_ = 0;
  std::atomic<uint64_t> begun_{0};
  static constexpr double kNever = -std::numeric_limits<double>::infinity();
  std::atomic<double> overwritten_until_ns_{kNever};
  std::atomic<double> skipped_from_ns_{kNever};
  std::atomic<double> skipped_until_ns_{kNever};
};

}  // namespace weir
