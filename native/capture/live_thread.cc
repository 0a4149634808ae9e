#include "live_thread.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../base/clock.h"
#include "frame_reader.h"
#include "pcap_writer.h"

namespace weir {
namespace {

// Packets per pcap_dispatch: the rings are published at least this often.
constexpr int kDispatch = 256;
constexpr int64_t kStatisticsNs = kNsPerSec;
// An interface that has gone (not only down) is waited for this long.
constexpr int kMaxWaitMs = 1000;

}  // namespace

LiveThread::LiveThread(RunState& run, LiveSocket& socket, uint32_t thread, Counters& counters)
    : run_(run),
      socket_(socket),
      counters_(counters),
      path_(run, thread, counters, true),
      source_(run.source_number(thread, 0, socket.link_type(), socket.interface())) {}

void LiveThread::on_packet(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
  LiveThread& thread = *reinterpret_cast<LiveThread*>(self);
  Frame frame{};
  frame.bytes = bytes;
  frame.captured = header->caplen;
  frame.wire = header->len;
  frame.link_type = thread.socket_.link_type();
  frame.source = thread.source_;
  frame.sec = header->ts.tv_sec;
  frame.nsec = static_cast<uint32_t>(header->ts.tv_usec) * 1000;
  frame.stripped_vlan = kNoStrippedVlan;
  // After the count is reached, what the kernel still holds is counted by accept() and goes no further.
  if (!thread.path_.accept(frame, nullptr)) thread.wanted_ = false;
}

void LiveThread::run() {
  const int64_t now = realtime_ns();
  path_.clock().begin(now / kNsPerSec, static_cast<uint32_t>(now % kNsPerSec));
  last_packet_mono_ns_ = last_statistics_ns_ = monotonic_ns();
  last_packet_stream_ns_ = path_.clock().now_ns();
  interface_drops_known_ = socket_.interface_drops(interface_drops_at_start_);
  counters_.set(kReceivedKnown, 1);
  counters_.set(kInterfaceDropsKnown, interface_drops_known_ ? 1 : 0);
  while (!run_.stop.stop_requested() && wanted_) {
    const int status = dispatch();
    if (run_.stop.abort_requested()) return;
    if (status < 0 && !survive(status)) break;
    advance_idle_time();
    path_.after_batch();
    poll_statistics(false);
    if (status <= 0 && !wait()) break;
  }
  if (run_.count_reached.load()) run_.stop.request_stop();
  if (!run_.stop.abort_requested()) drain();
  path_.finish();
}

int LiveThread::dispatch() {
  const int64_t before = path_.clock().now_ns();
  const int status = pcap_dispatch(socket_.pcap(), kDispatch, on_packet, reinterpret_cast<u_char*>(this));
  if (status > 0 && down_) {
    down_ = false;
    run_.warn("INTERFACE_UP", socket_.interface() + " delivers packets again");
  }
  if (path_.clock().now_ns() > before) {
    last_packet_mono_ns_ = monotonic_ns();
    last_packet_stream_ns_ = path_.clock().now_ns();
  }
  return status;
}

// Publishes, then waits for packets, a stop request, or the next tick of an idle link. False: stop.
bool LiveThread::wait() {
  const bool postponed = path_.before_wait();
  const int timeout = postponed ? 1 : static_cast<int>(std::clamp<uint32_t>(run_.options.timeout_ms, 1, kMaxWaitMs));
  pollfd waits[2] = {{socket_.descriptor(), POLLIN, 0}, {run_.stop.descriptor(), POLLIN, 0}};
  const int ready = poll(waits, 2, timeout);
  if (run_.stop.abort_requested()) return false;
  // A socket in error (interface down) is always ready: pcap_dispatch consumes the error, or else this would spin.
  if (ready > 0 && (waits[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
    if (!down_) survive(PCAP_ERROR_IFACE_NOT_UP);
    poll(waits + 1, 1, 20);
  }
  if (ready == 0 && run_.pcap_writer != nullptr) run_.pcap_writer->flush();
  return waits[1].revents == 0;
}

// Without packets that move the clock, stream time follows monotonic time, two timeouts behind: a packet that is now in a
// block that the kernel has not handed over yet must not arrive in the past. The wall clock plays no part, so that a step
// of it neither stops nor rushes the ticks.
void LiveThread::advance_idle_time() {
  const int64_t elapsed = monotonic_ns() - last_packet_mono_ns_ - 2 * static_cast<int64_t>(run_.options.timeout_ms) * kNsPerMs;
  if (elapsed > 0) path_.idle_to(last_packet_stream_ns_ + elapsed);
}

void LiveThread::poll_statistics(bool now) {
  const int64_t time = monotonic_ns();
  if (!now && time - last_statistics_ns_ < kStatisticsNs) return;
  last_statistics_ns_ = time;
  LiveSocket::Statistics statistics;
  if (socket_.take_statistics(statistics)) {
    counters_.add(kReceived, statistics.received);
    counters_.add(kKernelDrops, statistics.dropped);
    counters_.add(kKernelFreezes, statistics.freezes);
  }
  uint64_t drops = 0;
  if (!socket_.first_of_interface() || !interface_drops_known_ || !socket_.interface_drops(drops)) return;
  // The interface may have been created anew, its counts at zero.
  if (drops < interface_drops_at_start_) interface_drops_at_start_ = 0;
  counters_.set(kInterfaceDrops, drops - interface_drops_at_start_);
}

// An interface that is down, or has gone and may come back: told once, polled on. Everything else ends the run.
bool LiveThread::survive(int status) {
  if (status == PCAP_ERROR_BREAK) return false;
  const bool network_down = status == PCAP_ERROR_IFACE_NOT_UP || status == PCAP_ERROR_NO_SUCH_DEVICE || errno == ENETDOWN || errno == ENODEV ||
                            std::strstr(pcap_geterr(socket_.pcap()), "down") != nullptr;
  if (!network_down) {
    run_.fail({"SOURCE_READ", "cannot read from " + socket_.interface() + ": " + pcap_geterr(socket_.pcap()), "", socket_.interface(), errno});
    return false;
  }
  if (!down_) run_.warn("INTERFACE_DOWN", socket_.interface() + " is down; waiting for it to come up again");
  down_ = true;
  return true;
}

// The end: nothing more is let into the kernel's ring, what is in it is delivered, and only then the kernel is asked for
// its counts. Two block timeouts hand over every block.
void LiveThread::drain() {
  socket_.reject_all();
  const int64_t end = monotonic_ns() + (2 * static_cast<int64_t>(run_.options.timeout_ms) + 10) * kNsPerMs;
  for (int64_t now = monotonic_ns(); now < end; now = monotonic_ns()) {
    const int status = dispatch();
    path_.after_batch();
    if (run_.stop.abort_requested()) return;
    if (status > 0) continue;
    if (status < 0) break;
    pollfd wait{socket_.descriptor(), POLLIN, 0};
    poll(&wait, 1, static_cast<int>(std::min<int64_t>((end - now) / kNsPerMs + 1, 50)));
  }
  poll_statistics(true);
}

}  // namespace weir
