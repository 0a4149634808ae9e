#include "frame_path.h"

#include <algorithm>

#include "../decode/arp.h"
#include "../decode/record_frame.h"
#include "left_out.h"
#include "pcap_writer.h"

namespace weir {
namespace {

bool has(const PacketRecord& record, RecordFlag flag) { return (record.flags & static_cast<uint16_t>(flag)) != 0; }

DecodeOptions decode_options(const EngineOptions& options) {
  DecodeOptions result;
  result.tunnels = options.tunnels;
  result.vlan_aware = options.vlan_aware;
  result.verify_checksums = options.verify_checksums;
  result.arp = options.arp;
  std::copy(options.hash_key.begin(), options.hash_key.end(), result.hash_key);
  return result;
}

}  // namespace

FramePath::FramePath(RunState& run, uint32_t thread, Counters& counters, bool in_kernel_filter, bool bytes_stay)
    : run_(run),
      options_(run.options),
      thread_(thread),
      counters_(counters),
      in_kernel_filter_(in_kernel_filter),
      drop_when_full_(run.options.live() || (run.options.fault && run.options.fault->drop_when_full)),
      filter_(in_kernel_filter ? std::string() : run.options.filter),
      clock_(run.ticks, counters),
      decoder_(decode_options(run.options), run.tunnels),
      carry_(run.options.carry),
      hold_back_(run.options.rings[thread].size(), drop_when_full_),
      recall_(run.recall.empty() ? nullptr : run.recall[thread].get()),
      selector_(run.options.tap),
      may_wait_(bytes_stay && carry_.has_places()) {
  for (const RingView& ring : options_.rings[thread]) rings_.emplace_back(ring);
  stalls_.resize(rings_.size());
  if (!options_.taps.empty()) tap_.emplace_back(options_.taps[thread]);
}

bool FramePath::accept(Frame& frame, const Frame* next) {
  if (!admit(frame)) {
    const bool more = !run_.count_reached.load(std::memory_order_relaxed) && filter_.failure().code.empty();
    if (!more) settle_waiting();
    return more;
  }
  frame.ordinal = ++ordinal_;
  if (run_.pcap_writer != nullptr) run_.pcap_writer->write(frame);
  const bool in_time = clock_.advance(frame.sec, frame.nsec, next);
  frame.stream_ns = static_cast<double>(clock_.now_ns());
  if (!first_noted_) note_first();
  if (clock_.now_ns() >= next_tick_ns_) make_ticks();
  note_quality(frame);
  Waiting& last = waiting_[(first_waiting_ + waiting_count_) % kWaiting];
  decoder_.decode(frame, last.decoded);
  if (!in_time && last.decoded.disposition == Disposition::kFlow) {
    last.decoded.records[0].record.flags |= static_cast<uint16_t>(RecordFlag::kBehindClock);
  }
  if (may_wait(last.decoded)) {
    carry_.want(last.decoded.records[0].record);
    last.frame = frame;
    if (++waiting_count_ == kWaiting) settle_first();
  } else {
    settle_waiting();
    settle(frame, last.decoded);
  }
  const bool more = !run_.count_reached.load(std::memory_order_relaxed) && !run_.stop.abort_requested();
  if (!more) settle_waiting();
  return more;
}

// Fragments that it has released count at the clock as it is now.
bool FramePath::may_wait(const Decoded& decoded) const {
  return may_wait_ && decoded.disposition == Disposition::kFlow && decoded.released.empty();
}

void FramePath::settle_waiting() {
  while (waiting_count_ > 0) settle_first();
}

void FramePath::settle_first() {
  Waiting& first = waiting_[first_waiting_];
  first_waiting_ = (first_waiting_ + 1) % kWaiting;
  waiting_count_--;
  settle(first.frame, first.decoded);
}

void FramePath::settle(const Frame& frame, Decoded& decoded) {
  dispose(frame, decoded);
  if (recall_ != nullptr) counters_.add(recall_->store(frame) ? kRecallStored : kRecallSkipped);
  if (!tap_.empty()) offer_tap(frame, decoded);
  if (!decoded.released.empty()) settle_released(decoded);
  if (!decoded.lost.empty()) settle_lost(decoded);
}

// Filter and count limit. False: the frame goes no further.
bool FramePath::admit(const Frame& frame) {
  const bool passes = !filter_.active() || filter_.passes(frame);
  if (passes && options_.count != 0) {
    const uint64_t before = run_.delivered.fetch_add(1, std::memory_order_relaxed);
    if (before + 1 >= options_.count) run_.count_reached.store(true, std::memory_order_relaxed);
    if (before >= options_.count) {
      counters_.add(kBeyondCount);
      counters_.add(kBeyondCountBytes, frame.wire);
      return false;
    }
  }
  counters_.add(kFramesRead);
  counters_.add(kFramesReadBytes, frame.wire);
  counters_.add(kFramesReadCapturedBytes, frame.captured);
  if (!passes) {
    ++ordinal_;
    counters_.add(kFiltered);
    counters_.add(kFilteredBytes, frame.wire);
    return false;
  }
  counters_.add(kDelivered);
  counters_.add(kDeliveredBytes, frame.wire);
  return true;
}

void FramePath::note_first() {
  first_noted_ = true;
  int64_t none = -1;
  run_.first_ns.compare_exchange_strong(none, clock_.now_ns(), std::memory_order_relaxed);
}

void FramePath::note_quality(const Frame& frame) {
  if (frame.captured < frame.wire) counters_.add(kSnaplenCut);
}

void FramePath::make_ticks() {
  due_.clear();
  next_tick_ns_ = run_.ticks.collect(thread_, clock_.now_ns(), due_);
  settle_waiting();
  for (const Tick& tick : due_) {
    control({RecordKind::kTick, tick.number, static_cast<double>(tick.boundary_ns), ordinal_});
    if (thread_ == 0) counters_.add(kTicks);
  }
  if (!due_.empty()) before_wait();
}

void FramePath::control(const ControlRecord& record) {
  const auto write = [&](RingWriter& ring) {
    if (drop_when_full_) {
      ring.post_control(record);
      return;
    }
    while (!ring.try_control(record) && wait_for_space(ring)) {
    }
  };
  for (RingWriter& ring : rings_) write(ring);
  for (RingWriter& ring : tap_) write(ring);
}

void FramePath::dispose(const Frame& frame, Decoded& decoded) {
  if (decoded.network_decoded) counters_.add(kNetworkDecoded);
  if (decoded.transport_decoded) counters_.add(kTransportDecoded);
  switch (decoded.disposition) {
    case Disposition::kFlow:
      enqueue_frame(frame, decoded);
      break;
    case Disposition::kRejected: {
      const uint32_t reason = static_cast<uint32_t>(decoded.reason);
      counters_.add(kRejected + reason);
      counters_.add(kRejectedBytes + reason, frame.wire);
      counters_.add(kRejectedNeeded + reason, decoded.needed);
      counters_.add(kRejectedAvailable + reason, decoded.available);
      run_.sample_reject(decoded, frame);
      if (decoded.reason == Reject::kLinkUnknownType || decoded.reason == Reject::kLinkUndecodedWlan) run_.warn_link_type(frame.link_type);
      break;
    }
    case Disposition::kNotFlow:
      counters_.add(kNotFlow + static_cast<uint32_t>(decoded.not_flow));
      counters_.add(kNotFlowBytes + static_cast<uint32_t>(decoded.not_flow), frame.wire);
      if (decoded.count != 0) enqueue_arp(frame, decoded.records[0]);
      break;
    case Disposition::kHeld:
      counters_.add(kFragments);
      counters_.add(kFragmentHeld);
      counters_.add(kFragmentHeldBytes, frame.wire);
      // The outer layers around a held fragment do not wait with it.
      for (int i = 1; i < decoded.count; ++i) enqueue_annotation(decoded.records[i]);
      break;
  }
}

size_t FramePath::shard_of(const PacketRecord& record) const {
  return static_cast<size_t>(uint64_t{record.hashHi} * rings_.size() >> 32);
}

RingWriter& FramePath::ring_of(const PacketRecord& record) { return rings_[shard_of(record)]; }

uint32_t FramePath::carried_of(PacketRecord& record, uint32_t captured) {
  const uint32_t wanted = carry_.bytes_of(record, captured);
  const uint32_t allowed = hold_back_.allowed(shard_of(record), record, wanted);
  if (allowed < wanted) {
    counters_.add(kHeldBack);
    counters_.add(kHeldBackBytes, wanted - allowed);
  }
  return allowed;
}

// True when the packet belongs to a flow that is left out; counted here.
bool FramePath::suppressed(const PacketRecord& record) {
  uint32_t reason = 0;
  const bool ipv6 = has(record, RecordFlag::kIpv6);
  if (options_.suppress_loopback && is_loopback(record.srcAddr, ipv6) && is_loopback(record.dstAddr, ipv6)) {
    reason = static_cast<uint32_t>(Suppressed::kLoopback);
  } else if (std::any_of(options_.own_endpoints.begin(), options_.own_endpoints.end(),
                         [&record](const Endpoint& endpoint) { return matches(endpoint, record); })) {
    reason = static_cast<uint32_t>(Suppressed::kOwnTraffic);
  } else {
    return false;
  }
  counters_.add(kSuppressed + reason);
  counters_.add(kSuppressedBytes + reason, record.wireLen);
  return true;
}

void FramePath::enqueue_frame(const Frame& frame, Decoded& decoded) {
  DecodedRecord& accounted = decoded.records[0];
  if (has(accounted.record, RecordFlag::kFragment)) counters_.add(kFragments);
  if (has(accounted.record, RecordFlag::kBadIpChecksum)) counters_.add(kBadIpChecksums);
  if (has(accounted.record, RecordFlag::kBadL4Checksum)) counters_.add(kBadL4Checksums);
  if ((options_.suppress_loopback || !options_.own_endpoints.empty()) && suppressed(accounted.record)) return;
  const uint32_t carried = carried_of(accounted.record, frame.captured);
  if (write_to(ring_of(accounted.record), accounted, frame.bytes + accounted.record.l3Off, carried)) {
    counters_.add(kEnqueued);
    counters_.add(kEnqueuedBytes, frame.wire);
  } else {
    counters_.add(kRingDropped);
    counters_.add(kRingDroppedBytes, frame.wire);
  }
  for (int i = 1; i < decoded.count; ++i) enqueue_annotation(decoded.records[i]);
}

void FramePath::enqueue_annotation(DecodedRecord& annotation) {
  if (!write_to(ring_of(annotation.record), annotation, nullptr, 0)) counters_.add(kAnnotationsDropped);
  if (annotation.record.kind == static_cast<uint8_t>(RecordKind::kOuter)) {
    counters_.add(kCarriedOuter);
    counters_.add(kCarriedOuterBytes, annotation.record.wireLen);
  } else {
    counters_.add(kCarriedIcmpInner);
  }
}

// One shard sees all claims to addresses, in the order of the capture. The message goes with its record.
void FramePath::enqueue_arp(const Frame& frame, const DecodedRecord& arp) {
  counters_.add(kCarriedArp);
  if (!write_to(rings_.front(), arp, frame.bytes + arp.record.l3Off, kArpBytes)) counters_.add(kAnnotationsDropped);
}

// Fragments whose first one has come with this frame. They count at the clock now; their own time stays in rawSec.
void FramePath::settle_released(Decoded& decoded) {
  for (DecodedRecord& fragment : decoded.released) {
    PacketRecord& record = fragment.record;
    counters_.subtract(kFragmentHeld, 1);
    counters_.subtract(kFragmentHeldBytes, record.wireLen);
    record.streamNs = static_cast<double>(clock_.now_ns());
    if ((options_.suppress_loopback || !options_.own_endpoints.empty()) && suppressed(record)) continue;
    const bool written = write_to(ring_of(record), fragment, nullptr, 0);
    counters_.add(written ? kEnqueued : kRingDropped);
    counters_.add(written ? kEnqueuedBytes : kRingDroppedBytes, record.wireLen);
  }
}

void FramePath::settle_lost(const Decoded& decoded) {
  for (const DecodedRecord& fragment : decoded.lost) {
    counters_.subtract(kFragmentHeld, 1);
    counters_.subtract(kFragmentHeldBytes, fragment.record.wireLen);
    counters_.add(kFragmentLost);
    counters_.add(kFragmentLostBytes, fragment.record.wireLen);
  }
}

bool FramePath::write_to(RingWriter& ring, const DecodedRecord& decoded, const uint8_t* bytes, uint32_t carried) {
  if (ring.try_write(decoded, bytes, carried)) return true;
  if (drop_when_full_) return false;
  counters_.add(kRingFullWaits);
  while (wait_for_space(ring)) {
    if (ring.try_write(decoded, bytes, carried)) return true;
  }
  return false;
}

void FramePath::offer_tap(const Frame& frame, Decoded& decoded) {
  const uint8_t reasons = selector_.reasons(frame, decoded);
  counters_.add(reasons == 0 ? kTapPassedBy : kTapSelected);
  if (reasons == 0) return;
  bool written = write_tap(frame, decoded, reasons);
  while (!written && !drop_when_full_ && wait_for_space(tap_.front())) written = write_tap(frame, decoded, reasons);
  counters_.add(written ? kTapWritten : kTapDropped);
}

bool FramePath::write_tap(const Frame& frame, Decoded& decoded, uint8_t reasons) {
  RingWriter& ring = tap_.front();
  if (decoded.disposition == Disposition::kFlow) {
    decoded.records[0].record.layer = reasons;
    return ring.try_write(decoded.records[0], frame.bytes, frame.captured);
  }
  PacketRecord record;
  record_frame(frame, record);
  record.kind = static_cast<uint8_t>(RecordKind::kFrame);
  record.layer = reasons;
  record.decodeStatus = static_cast<uint16_t>(decoded.disposition == Disposition::kRejected ? decoded.reason : Reject::kNone);
  return ring.try_write_plain(record, frame.bytes, frame.captured);
}

void FramePath::idle_to(int64_t stream_ns) {
  clock_.idle_to(stream_ns);
  if (!clock_.begun() || clock_.now_ns() < next_tick_ns_) return;
  make_ticks();
  Decoded& decoded = waiting_[0].decoded;
  decoder_.advance(static_cast<double>(clock_.now_ns()), decoded);
  settle_lost(decoded);
}

}  // namespace weir
