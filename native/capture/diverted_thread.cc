#include "diverted_thread.h"

#include <algorithm>

#include "../base/clock.h"
#include "pcap_writer.h"

namespace weir {
namespace {

constexpr uint16_t kLinkTypeRaw = 101;
constexpr int kBatch = 256;
// A stop request is seen within this time.
constexpr int64_t kMaxWaitNs = 50 * kNsPerMs;

}  // namespace

DivertedThread::DivertedThread(RunState& run, PacketQueue& queue, uint32_t thread, Counters& counters, const std::string& source)
    : run_(run), queue_(queue), path_(run, thread, counters, true), source_(run.source_number(thread, 0, kLinkTypeRaw, source)) {}

void DivertedThread::run() {
  const int64_t now = realtime_ns();
  path_.clock().begin(now / kNsPerSec, static_cast<uint32_t>(now % kNsPerSec));
  last_packet_mono_ns_ = monotonic_ns();
  last_packet_stream_ns_ = path_.clock().now_ns();
  while (!run_.stop.stop_requested() && wanted_ && !queue_.closed()) {
    const bool any = take_batch();
    if (run_.stop.abort_requested()) return;
    advance_idle_time();
    path_.after_batch();
    if (any) continue;
    const bool postponed = path_.before_wait();
    queue_.wait_ns(postponed ? kNsPerMs : kMaxWaitNs);
    if (run_.pcap_writer != nullptr && queue_.front() == nullptr) run_.pcap_writer->flush();
  }
  if (run_.count_reached.load()) run_.stop.request_stop();
}

void DivertedThread::finish() {
  while (!run_.stop.abort_requested() && take_batch()) path_.after_batch();
  path_.finish();
}

// False: nothing was there.
bool DivertedThread::take_batch() {
  const int64_t before = path_.clock().now_ns();
  int taken = 0;
  for (; taken < kBatch && !run_.stop.abort_requested(); ++taken) {
    const QueuedPacket* const packet = queue_.front();
    if (packet == nullptr) break;
    Frame frame{};
    frame.bytes = reinterpret_cast<const uint8_t*>(packet + 1);
    frame.captured = packet->captured;
    frame.wire = packet->wire;
    frame.link_type = kLinkTypeRaw;
    frame.source = source_;
    frame.sec = packet->time_ns / kNsPerSec;
    frame.nsec = static_cast<uint32_t>(packet->time_ns % kNsPerSec);
    frame.outgoing = packet->outgoing != 0;
    frame.denied = packet->denied != 0;
    frame.stripped_vlan = kNoStrippedVlan;
    // After the count is reached, what is still in the queue is counted by accept() and goes no further.
    if (!path_.accept(frame, nullptr)) wanted_ = false;
    queue_.pop();
  }
  if (path_.clock().now_ns() > before) {
    last_packet_mono_ns_ = monotonic_ns();
    last_packet_stream_ns_ = path_.clock().now_ns();
  }
  return taken > 0;
}

// As in a capture by sockets: without packets stream time follows monotonic time, two timeouts behind.
void DivertedThread::advance_idle_time() {
  const int64_t elapsed = monotonic_ns() - last_packet_mono_ns_ - 2 * static_cast<int64_t>(run_.options.timeout_ms) * kNsPerMs;
  if (elapsed > 0) path_.idle_to(last_packet_stream_ns_ + elapsed);
}

}  // namespace weir
