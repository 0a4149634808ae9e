// The ring with both ends native, for the thread sanitizer: the product's writer against a reader that follows the rules
// of src/ring/reader.ts. Checks every record's number, content and length, not only a sum; the positions start just below
// 2^32 and run over it; the reader sleeps and is woken, so that a lost wake would hang the test (bounded by kPatience).
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "../../../native/base/clock.h"
#include "../../../native/base/waker_registry.h"
#include "../../../native/ring/ring_writer.h"

namespace {

using weir::PacketRecord;
using weir::RecordKind;

constexpr uint32_t kCapacity = 1 << 16;
constexpr auto kPatience = std::chrono::seconds(30);

void fail(const char* what, double ordinal) {
  std::fprintf(stderr, "ring_test: %s at record %.0f\n", what, ordinal);
  std::exit(1);
}

// Wakes the reading thread, as a thread-safe function wakes an event loop.
class Bell final : public weir::WakeTarget {
 public:
  void wake() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    rung_ = true;
    condition_.notify_one();
  }
  bool wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool rung = condition_.wait_for(lock, kPatience, [this] { return rung_; });
    rung_ = false;
    return rung;
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool rung_ = false;
};

// Contents that the reader can compute again from the record's number.
uint32_t mixed(double ordinal) { return static_cast<uint32_t>(ordinal) * 2654435761u; }

// What has been read no longer fills the ring, although the writer did not need to look for space.
void check_fill(const weir::RingWriter& writer, weir::RingView view) {
  while (view.read_pos().load(std::memory_order_acquire) != view.write_pos().load(std::memory_order_relaxed)) std::this_thread::yield();
  if (writer.fill_bytes() != 0) fail("fill", 64);
}

void write_all(weir::RingView view, uint32_t records) {
  weir::RingWriter writer(view);
  uint8_t bytes[512];
  for (uint32_t i = 1; i <= records; ++i) {
    weir::DecodedRecord decoded{};
    decoded.record.kind = static_cast<uint8_t>(RecordKind::kPacket);
    decoded.record.ordinal = i;
    decoded.record.streamNs = i * 1000.0;
    decoded.record.hashLo = mixed(i);
    decoded.record.sackCount = static_cast<uint8_t>(i % 3);
    decoded.sack[0] = {i, i + 1};
    const uint32_t carried = mixed(i) % sizeof bytes;
    std::memset(bytes, static_cast<int>(i & 0xff), carried);
    while (!writer.try_write(decoded, bytes, carried)) {
      writer.publish(i * 1000.0 - 1);
      writer.wake(weir::RingWriter::kForceWake, false);
      std::this_thread::yield();
    }
    if (i % 64 == 0) {
      writer.publish(i * 1000.0);
      writer.wake(weir::monotonic_ns(), false);
    }
    if (i == 64) check_fill(writer, view);
  }
  while (!writer.try_control({RecordKind::kEnd, 1, records * 1000.0, records + 1.0})) std::this_thread::yield();
  writer.publish(records * 1000.0);
  writer.close();
  writer.wake(weir::RingWriter::kForceWake, true);
}

class Reader {
 public:
  Reader(weir::RingView view, Bell& bell) : view_(view), bell_(bell), read_(view.read_pos().load()) {}

  uint32_t run() {
    for (;;) {
      const double watermark = view_.watermark_ns().load(std::memory_order_acquire);
      const uint32_t written = view_.write_pos().load(std::memory_order_acquire);
      while (read_ != written) {
        if (!take()) return seen_;
      }
      view_.read_pos().store(read_, std::memory_order_release);
      // Everything before the watermark must have been visible with it.
      if (last_ns_ + 1000.0 < watermark) fail("watermark ahead of the records", seen_);
      sleep();
    }
  }

 private:
  void sleep() {
    view_.sleeping().store(1, std::memory_order_seq_cst);
    if (view_.write_pos().load(std::memory_order_seq_cst) == read_ && !bell_.wait()) fail("lost wake", seen_);
    view_.sleeping().store(0, std::memory_order_seq_cst);
  }

  // False at the END record.
  bool take() {
    const uint8_t* const at = view_.data_area() + (read_ & (kCapacity - 1));
    uint32_t length = 0;
    uint32_t sequence = 0;
    std::memcpy(&length, at + offsetof(PacketRecord, length), sizeof length);
    std::memcpy(&sequence, at + offsetof(PacketRecord, ringSeq), sizeof sequence);
    if (sequence != next_sequence_++) fail("sequence", seen_);
    if (length == 0 || length % weir::kRecordAlign != 0) fail("length", seen_);
    const auto kind = static_cast<RecordKind>(at[offsetof(PacketRecord, kind)]);
    read_ += length;
    if (kind == RecordKind::kPad) return true;
    PacketRecord record;
    std::memcpy(&record, at, sizeof record);
    if (kind == RecordKind::kEnd) {
      if (record.ordinal != seen_ + 1) fail("end", seen_);
      return false;
    }
    check(record, at);
    return true;
  }

  void check(const PacketRecord& record, const uint8_t* at) {
    if (record.ordinal != ++seen_ || record.hashLo != mixed(record.ordinal)) fail("record", seen_);
    if (record.carried != record.hashLo % 512) fail("carried length", seen_);
    const uint8_t* const carried = at + weir::kRecordBytes + record.sackCount * sizeof(weir::SackBlock);
    for (uint32_t i = 0; i < record.carried; ++i) {
      if (carried[i] != (seen_ & 0xff)) fail("carried bytes", seen_);
    }
    last_ns_ = record.streamNs;
  }

  weir::RingView view_;
  Bell& bell_;
  uint32_t read_;
  uint32_t next_sequence_ = 0;
  uint32_t seen_ = 0;
  double last_ns_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const uint32_t records = argc > 1 ? static_cast<uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 200'000;
  std::vector<uint64_t> memory((weir::kRingHeaderBytes + kCapacity) / sizeof(uint64_t));
  auto* const base = reinterpret_cast<uint8_t*>(memory.data());
  const auto word = [base](uint32_t offset, uint32_t value) { std::memcpy(base + offset, &value, sizeof value); };
  const uint32_t start = 0u - 16 * kCapacity;
  word(weir::kRingAtMagic, weir::kRingMagic);
  word(weir::kRingAtVersion, weir::kLayoutVersion);
  word(weir::kRingAtCapacity, kCapacity);
  word(weir::kRingAtRecordBytes, weir::kRecordBytes);
  word(weir::kRingAtWritePos, start);
  word(weir::kRingAtReadPos, start);
  if (const char* wrong = weir::RingView::check(base, memory.size() * sizeof(uint64_t))) {
    std::fprintf(stderr, "ring_test: %s\n", wrong);
    return 1;
  }
  const weir::RingView view(base);
  const auto bell = std::make_shared<Bell>();
  view.waker_id().store(weir::register_waker(bell));
  std::thread writer(write_all, view, records);
  const uint32_t seen = Reader(view, *bell).run();
  writer.join();
  weir::unregister_waker(view.waker_id().load());
  std::printf("%u records in order\n", seen);
  return seen == records ? 0 : 1;
}
