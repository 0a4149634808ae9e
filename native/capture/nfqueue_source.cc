#include "nfqueue_source.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "../base/clock.h"
#include "diverted_thread.h"
#include "nfqueue_socket.h"
#include "packet_handover.h"

namespace weir {
namespace {

constexpr uint32_t kMiB = 1024 * 1024;
constexpr uint32_t kMinQueueBytes = 4 * kMiB;
constexpr int kStepMs = 50;

uint64_t power_of_two_above(uint64_t value) {
  uint64_t power = 1;
  while (power < value) power *= 2;
  return power;
}

class NfqueueSource final : public LiveSource {
 public:
  NfqueueSource(const EngineOptions& options, std::unique_ptr<NfqueueSocket> socket)
      : socket_(std::move(socket)),
        name_(options.sources.front().name),
        length_(options.divert->queue_length),
        queue_(power_of_two_above(std::max(kMinQueueBytes, options.buffer_mb * kMiB))) {}

  ThreadFacts facts() const override { return {"weir-cap-queue", name_, -1, {{"queueLength", static_cast<double>(length_)}}}; }

  void run(RunState& run, uint32_t thread, Counters& counters) override {
    counters.set(kDivertedKnown, 1);
    counters.set(kInlineKnown, 1);
    PacketHandover handover(*run.options.divert, queue_, counters, run.options.snaplen);
    DivertedThread decoding(run, queue_, thread, counters, name_);
    std::atomic<bool> ending{false};
    std::thread answering([&] {
      answer(run, handover, ending);
      // Closed before anything else: from here on the rule's `bypass` lets everything pass.
      socket_.reset();
      queue_.close();
    });
    decoding.run();
    ending.store(true);
    answering.join();
    decoding.finish();
  }

 private:
  // The kernel's clock would be the packet's own; it is only there for packets that came in.
  void answer(RunState& run, PacketHandover& handover, const std::atomic<bool>& ending) {
    std::vector<QueuedByKernel> packets;
    while (!ending.load()) {
      if (!socket_->receive(packets)) {
        run.fail({"SOURCE_READ", "cannot read " + name_ + ": " + std::strerror(errno), "the rule's bypass lets everything pass", name_, errno});
        return;
      }
      for (const QueuedByKernel& packet : packets) answer_one(handover, packet);
      if (!packets.empty()) continue;
      pollfd waits[2] = {{socket_->descriptor(), POLLIN, 0}, {run.stop.descriptor(), POLLIN, 0}};
      poll(waits, ending.load() ? 1 : 2, kStepMs);
      if (waits[1].revents != 0) return;
    }
  }

  // A changed packet that cannot be sent passes as it came.
  void answer_one(PacketHandover& handover, const QueuedByKernel& packet) {
    const Passage passage{realtime_ns(), packet.outbound, packet.loopback};
    const bool admitted = handover.admit(packet.bytes, packet.size, passage);
    MssChange change;
    if (admitted) {
      change = handover.change(packet.bytes, packet.size, passage, packet.has_checksum ? TcpChecksum::kWritten : TcpChecksum::kPseudoHeader);
    }
    const bool modified = change.made() && socket_->accept_changed(packet);
    const bool answered = modified || socket_->give_verdict(packet.id, admitted);
    if (admitted) handover.settle(packet.size, answered, modified);
    undo(packet.bytes, change);
    handover.copy(packet.bytes, packet.size, passage, !admitted);
  }

  std::unique_ptr<NfqueueSocket> socket_;
  std::string name_;
  uint32_t length_;
  PacketQueue queue_;
};

}  // namespace

Result<std::unique_ptr<LiveSource>> open_nfqueue_source(const EngineOptions& options) {
  auto socket = std::make_unique<NfqueueSocket>();
  const uint32_t buffer = std::min<uint32_t>(options.buffer_mb, 1024) * kMiB;
  Failure failure = socket->open(options.divert->queue, options.divert->queue_length, buffer);
  if (!failure.code.empty()) return failure;
  return std::unique_ptr<LiveSource>(std::make_unique<NfqueueSource>(options, std::move(socket)));
}

}  // namespace weir
