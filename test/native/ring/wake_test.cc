// No wake is lost between a writer that publishes and a reader that goes to sleep, both native so that they meet often:
//
//   writer   store writePos   FENCE   load sleeping            each looks at the other's word after it stored its own;
//   reader   store sleeping   (seq_cst)   load writePos        without the fence both may read the old value
//
// Each record is written only when the one before has been read, so nothing later makes up for a wake that was lost.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "../../../native/base/waker_registry.h"
#include "../../../native/ring/ring_writer.h"

namespace {

constexpr uint32_t kCapacity = weir::kMinRingCapacity;
constexpr auto kPatience = std::chrono::seconds(10);

// Spins until `reached`, lending the processor now and then; false after kPatience.
template <typename Condition>
bool spin_until(const Condition& reached) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (uint32_t spins = 1; !reached(); ++spins) {
    if (spins % 4096 != 0) continue;
    std::this_thread::yield();
    if (std::chrono::steady_clock::now() > deadline) return false;
  }
  return true;
}

class Bell final : public weir::WakeTarget {
 public:
  void wake() override { rung_.store(true); }
  // Ends after kPatience too: the writer then says what is wrong.
  void wait() {
    spin_until([this] { return rung_.load(std::memory_order_relaxed); });
    rung_.store(false);
  }

 private:
  std::atomic<bool> rung_{false};
};

void read_all(weir::RingView view, Bell& bell) {
  uint32_t read = 0;
  while (view.closed().load(std::memory_order_acquire) == 0) {
    view.sleeping().store(1, std::memory_order_seq_cst);
    if (view.write_pos().load(std::memory_order_seq_cst) == read && view.closed().load(std::memory_order_seq_cst) == 0) bell.wait();
    view.sleeping().store(0, std::memory_order_seq_cst);
    read = view.write_pos().load(std::memory_order_acquire);
    view.read_pos().store(read, std::memory_order_release);
  }
}

void write_all(weir::RingView view, uint32_t records) {
  weir::RingWriter writer(view);
  for (uint32_t i = 1; i <= records; ++i) {
    if (!writer.try_control({weir::RecordKind::kTick, i, 0, 0})) std::exit(2);
    // Lets the two meet at every distance: the reader is some tens of nanoseconds from its announcement.
    for (volatile uint32_t pause = i * 2654435761u >> 26; pause > 0;) pause = pause - 1;
    writer.publish(0);
    writer.wake(weir::RingWriter::kForceWake, false);
    if (spin_until([&writer] { return writer.consumed_all(); })) continue;
    std::fprintf(stderr, "wake_test: record %u is published, and nobody was woken\n", i);
    std::exit(1);
  }
  writer.close();
  writer.wake(weir::RingWriter::kForceWake, true);
}

}  // namespace

int main(int argc, char** argv) {
  const uint32_t records = argc > 1 ? static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 1'000'000;
  std::vector<uint64_t> memory((weir::kRingHeaderBytes + kCapacity) / sizeof(uint64_t));
  auto* const base = reinterpret_cast<uint8_t*>(memory.data());
  std::memcpy(base + weir::kRingAtCapacity, &kCapacity, sizeof kCapacity);
  const weir::RingView view(base);
  const auto bell = std::make_shared<Bell>();
  view.waker_id().store(weir::register_waker(bell));
  std::thread reader([&] { read_all(view, *bell); });
  write_all(view, records);
  reader.join();
  std::printf("%u records, each woken for\n", records);
  return 0;
}
