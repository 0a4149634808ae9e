// The path of frames whose bytes go as soon as they may: a sanitizer sees who still looks at them. Nobody reads the ring meanwhile.
#include "../../../native/capture/frame_path.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/flow/ring_records.h"
#include "../decode/check.h"

using namespace weir;

namespace {

constexpr uint32_t kRing = 1 << 20;
constexpr uint32_t kPlaces = 256;
constexpr uint32_t kEthernetHeader = 14;
constexpr int64_t kSecond = 1'700'000'000;

std::string be(uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; i--) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

// A datagram whose content says its number.
std::string datagram(uint32_t number, size_t length) {
  std::string content(length, static_cast<char>('a' + number % 26));
  const uint32_t total = static_cast<uint32_t>(28 + length);
  std::string ip = be(0x4500, 2) + be(total, 2) + be(number, 2) + be(0, 2) + be(0x4011, 2) + be(0, 2) + be(0x0a000001, 4) + be(0x0a000002, 4);
  return std::string(12, '\2') + be(0x0800, 2) + ip + be(1024 + number, 2) + be(53, 2) + be(total - 20, 2) + be(0, 2) + content;
}

// A ring with nobody at its other end, and a path of a replay that leads there.
class Bench {
 public:
  explicit Bench(EngineOptions options = {})
      : memory_(new uint64_t[(kRingHeaderBytes + kRing) / 8]()), tags_(new std::atomic<uint32_t>[kPlaces]()) {
    uint8_t* const base = reinterpret_cast<uint8_t*>(memory_.get());
    const uint32_t capacity = kRing;
    std::memcpy(base + kRingAtCapacity, &capacity, sizeof capacity);
    options.sources.resize(1);
    options.rings = {{RingView(base)}};
    options.carry = {16'384, tags_.get(), kPlaces, 1000};
    run_ = std::make_unique<RunState>(std::move(options), [](Event) {});
    path_ = std::make_unique<FramePath>(*run_, 0, counters_, false, true);
    ring_ = RingView(base);
  }

  FramePath& path() { return *path_; }

  // Its bytes are there until `forget`.
  bool accept(const std::string& bytes, uint16_t link_type = 1) {
    std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
    std::memcpy(exact.get(), bytes.data(), bytes.size());
    Frame frame{};
    frame.bytes = exact.get();
    frame.captured = frame.wire = static_cast<uint32_t>(bytes.size());
    frame.link_type = link_type;
    frame.sec = kSecond + static_cast<int64_t>(sent_.size()) / 8;
    frame.stripped_vlan = kNoStrippedVlan;
    there_.push_back(std::move(exact));
    sent_.push_back(bytes);
    return path_->accept(frame, nullptr);
  }
  void forget() { there_.clear(); }

  struct Taken {
    std::vector<size_t> ordinals;
    // Of each packet in the ring all bytes behind the link header.
    bool are_whole = true;
  };
  // What is published.
  Taken taken() const {
    Taken taken;
    const RingRecords records(ring_);
    const uint32_t end = ring_.write_pos().load();
    for (uint32_t at = 0; at != end; at += records.at(at).length) {
      const PacketRecord& record = records.at(at);
      if (!is_kind(record, RecordKind::kPacket)) continue;
      const size_t ordinal = static_cast<size_t>(record.ordinal);
      taken.ordinals.push_back(ordinal);
      const std::string& sent = sent_[ordinal - 1];
      const std::string carried(reinterpret_cast<const char*>(carried_bytes(record)), record.carried);
      taken.are_whole = taken.are_whole && carried == sent.substr(kEthernetHeader);
    }
    return taken;
  }

 private:
  std::unique_ptr<uint64_t[]> memory_;
  std::unique_ptr<std::atomic<uint32_t>[]> tags_;
  Counters counters_;
  std::unique_ptr<RunState> run_;
  std::unique_ptr<FramePath> path_;
  RingView ring_;
  std::vector<std::unique_ptr<uint8_t[]>> there_;
  std::vector<std::string> sent_;
};

bool counts_to(const std::vector<size_t>& ordinals, size_t last) {
  for (size_t i = 0; i < ordinals.size(); i++) {
    if (ordinals[i] != i + 1) return false;
  }
  return ordinals.size() == last;
}

}  // namespace

TEST(bytes_may_go_after_a_batch) {
  Bench bench;
  size_t sent = 0;
  for (size_t size = 0; size < 12; size++) {
    for (size_t i = 0; i < size; i++) {
      sent++;
      CHECK(bench.accept(datagram(static_cast<uint32_t>(sent), 1 + 7 * sent)));
    }
    bench.path().after_batch();
    bench.forget();
  }
  bench.path().finish();
  const Bench::Taken taken = bench.taken();
  CHECK(counts_to(taken.ordinals, sent) && taken.are_whole);
}

TEST(bytes_may_go_before_a_wait) {
  Bench bench;
  for (uint32_t i = 1; i <= 10; i++) {
    CHECK(bench.accept(datagram(i, 100)));
    if (i % 2 == 0) bench.path().before_wait();
    else bench.path().before_open_wait();
    bench.forget();
    CHECK(counts_to(bench.taken().ordinals, i));
  }
  CHECK(bench.taken().are_whole);
}

TEST(bytes_may_go_when_no_more_is_wanted) {
  for (uint64_t count = 1; count < 8; count++) {
    EngineOptions options;
    options.count = count;
    Bench bench(options);
    for (uint32_t i = 1; i <= count; i++) CHECK(bench.accept(datagram(i, 50)) == (i < count));
    bench.forget();
    CHECK(!bench.accept(datagram(99, 50)));
    bench.forget();
    bench.path().finish();
    const Bench::Taken taken = bench.taken();
    CHECK(counts_to(taken.ordinals, count) && taken.are_whole);
  }
}

TEST(bytes_may_go_when_the_filter_fails) {
  constexpr uint16_t kRawIp = 101;
  EngineOptions options;
  options.filter = "ether src 02:02:02:02:02:02";
  Bench bench(options);
  for (uint32_t i = 1; i <= 2; i++) CHECK(bench.accept(datagram(i, 50)));
  CHECK(!bench.accept(datagram(3, 50).substr(kEthernetHeader), kRawIp));
  bench.forget();
  bench.path().finish();
  const Bench::Taken taken = bench.taken();
  CHECK(counts_to(taken.ordinals, 2) && taken.are_whole);
}

TEST(what_is_not_decoded_goes_in_its_order) {
  Bench bench;
  for (uint32_t i = 1; i <= 40; i++) {
    const std::string bytes = datagram(i, 30);
    CHECK(bench.accept(i % 3 == 0 ? bytes.substr(0, 20 + i % 10) : bytes));
    if (i % 7 != 0) continue;
    bench.path().after_batch();
    bench.forget();
  }
  bench.path().settle_waiting();
  bench.forget();
  bench.path().finish();
  const Bench::Taken taken = bench.taken();
  EQ(taken.ordinals.size(), 27);
  CHECK(taken.are_whole);
  for (size_t i = 1; i < taken.ordinals.size(); i++) CHECK(taken.ordinals[i] > taken.ordinals[i - 1]);
}
