#include "recall_ring.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "../base/memory_advice.h"

namespace weir {
namespace {

// Frames are lost to the ring a chunk at a time, and a reader holds one chunk: a sixteenth of the ring, at most 1 MiB.
constexpr size_t kChunks = 16;
constexpr size_t kMostChunkBytes = size_t{1} << 20;

uint32_t padded(uint32_t bytes) { return (bytes + 7u) & ~7u; }

uint32_t chunk_bytes_of(size_t bytes, uint32_t snaplen) {
  const size_t least = sizeof(RecallEntry) + padded(snaplen);
  return static_cast<uint32_t>(std::max(least, std::min(kMostChunkBytes, bytes / kChunks & ~size_t{7})));
}

}  // namespace

size_t RecallRing::least_bytes(uint32_t snaplen) { return kChunks * (sizeof(RecallEntry) + padded(snaplen)); }

RecallRing::RecallRing(size_t bytes, uint32_t snaplen)
    : snaplen_(snaplen),
      chunk_bytes_(chunk_bytes_of(bytes, snaplen)),
      memory_(static_cast<uint8_t*>(std::calloc(bytes / chunk_bytes_, chunk_bytes_))),
      chunks_(bytes / chunk_bytes_) {
  if (memory_ != nullptr) prefer_huge_pages(memory_.get(), chunks_.size() * chunk_bytes_);
}

bool RecallRing::store(const Frame& frame) {
  const uint32_t stored = std::min(frame.captured, snaplen_);
  const uint32_t needed = static_cast<uint32_t>(sizeof(RecallEntry)) + padded(stored);
  if ((open_ == nullptr || used_ + needed > chunk_bytes_) && !begin_chunk()) {
    note_skipped(frame.stream_ns);
    return false;
  }
  RecallEntry* const entry = new (write_ + used_) RecallEntry;
  entry->ordinal = frame.ordinal;
  entry->stream_ns = frame.stream_ns;
  entry->sec = frame.sec;
  entry->nsec = frame.nsec;
  entry->wire = frame.wire;
  entry->captured = frame.captured;
  entry->stored = stored;
  entry->link_type = frame.link_type;
  entry->source = frame.source;
  std::memcpy(entry + 1, frame.bytes, stored);
  used_ += needed;
  open_->last_ns.store(frame.stream_ns, std::memory_order_relaxed);
  open_->used.store(used_, std::memory_order_release);
  return true;
}

// Takes the oldest chunk for the frames to come.
bool RecallRing::begin_chunk() {
  const uint64_t round = begun_.load(std::memory_order_relaxed) + 1;
  Chunk& chunk = chunks_[index_of(round)];
  uint32_t unpinned = 0;
  if (!chunk.pins.compare_exchange_strong(unpinned, kClearing, std::memory_order_acquire, std::memory_order_relaxed)) return false;
  if (chunk.round != 0) overwritten_until_ns_.store(chunk.last_ns.load(std::memory_order_relaxed), std::memory_order_relaxed);
  chunk.round = round;
  chunk.used.store(0, std::memory_order_relaxed);
  chunk.pins.fetch_sub(kClearing, std::memory_order_release);
  begun_.store(round, std::memory_order_release);
  open_ = &chunk;
  write_ = memory_.get() + index_of(round) * chunk_bytes_;
  used_ = 0;
  return true;
}

void RecallRing::note_skipped(double stream_ns) {
  skipped_until_ns_.store(stream_ns, std::memory_order_relaxed);
  if (skipped_from_ns_.load(std::memory_order_relaxed) == kNever) skipped_from_ns_.store(stream_ns, std::memory_order_relaxed);
}

uint64_t RecallRing::oldest_round() const {
  const uint64_t newest = newest_round();
  return newest > chunks_.size() ? newest - chunks_.size() + 1 : std::min<uint64_t>(newest, 1);
}

double RecallRing::lost_until_ns(double from_ns, double to_ns) const {
  const double overwritten = overwritten_until_ns_.load(std::memory_order_relaxed);
  const double skipped_from = skipped_from_ns_.load(std::memory_order_relaxed);
  const double skipped_until = skipped_until_ns_.load(std::memory_order_relaxed);
  const bool was_skipped = skipped_from != kNever && skipped_from <= to_ns && skipped_until >= from_ns;
  const double lost = was_skipped ? std::max(overwritten, skipped_until) : overwritten;
  return lost < from_ns ? kNever : std::min(lost, to_ns);
}

RecallRing::Pin::Pin(const RecallRing& ring, uint64_t round)
    : chunk_(ring.chunks_[ring.index_of(round)]), begin_(ring.memory_.get() + ring.index_of(round) * ring.chunk_bytes_) {
  // While kClearing is set, the chunk is the writer's for a few stores.
  while ((chunk_.pins.fetch_add(1, std::memory_order_acquire) & kClearing) != 0) chunk_.pins.fetch_sub(1, std::memory_order_relaxed);
  if (chunk_.round == round) used_ = chunk_.used.load(std::memory_order_acquire);
}

RecallRing::Pin::~Pin() { chunk_.pins.fetch_sub(1, std::memory_order_release); }

const RecallEntry* RecallRing::Pin::next(const RecallEntry* entry) const {
  const uint8_t* at = begin_;
  if (entry != nullptr) at = bytes_of(*entry) + padded(entry->stored);
  return static_cast<size_t>(at - begin_) < used_ ? reinterpret_cast<const RecallEntry*>(at) : nullptr;
}

}  // namespace weir
