// The portable parts of diverting captures: batches, clock, queue, verdicts, and the receiver against calls of a double.
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "../../../native/capture/packet_queue.h"
#include "../../../native/capture/verdict_table.h"
#include "../../../native/capture/windivert_batch.h"
#include "../../../native/capture/windivert_clock.h"
#include "../../../native/capture/windivert_receiver.h"
#include "../decode/check.h"

namespace {

using namespace weir;
using Bytes = std::vector<uint8_t>;

Bytes udp4(uint8_t last, uint16_t port, size_t payload) {
  Bytes packet(28 + payload, last);
  const size_t total = packet.size();
  const uint8_t head[20] = {0x45, 0, static_cast<uint8_t>(total >> 8), static_cast<uint8_t>(total), 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 10, 192, 0, 2, last};
  std::memcpy(packet.data(), head, sizeof head);
  packet[20] = 0x13;
  packet[21] = 0x88;
  packet[22] = static_cast<uint8_t>(port >> 8);
  packet[23] = static_cast<uint8_t>(port);
  return packet;
}

uint32_t next_random(uint32_t& state) { return state = state * 1664525U + 1013904223U; }

// Any bytes, any count: every byte and every packet is accounted for, and nothing outside is read.
TEST(batches_of_any_bytes_are_cut_without_a_rest) {
  uint32_t seed = 7;
  for (int round = 0; round < 20'000; ++round) {
    const uint32_t size = next_random(seed) >> 24;
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[size + 1]);
    for (uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(next_random(seed) >> 24);
    if (size > 3 && round % 2 == 0) bytes[0] = round % 4 == 0 ? 0x45 : 0x60, bytes[2] = 0, bytes[3] = static_cast<uint8_t>(20 + round % 40);
    const uint32_t count = 1 + (next_random(seed) >> 29);
    std::array<DivertedPacket, 16> packets{};
    split_batch(bytes.get(), size, count, packets.data());
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; ++i) {
      CHECK(packets[i].bytes == bytes.get() + sum);
      sum += packets[i].size;
    }
    EQ(sum, size);
  }
}

TEST(whole_packets_are_told_from_others) {
  Bytes batch = udp4(1, 53, 10);
  const Bytes second = udp4(2, 53, 100);
  batch.insert(batch.end(), second.begin(), second.end());
  std::array<DivertedPacket, 3> packets{};
  split_batch(batch.data(), static_cast<uint32_t>(batch.size()), 2, packets.data());
  CHECK(packets[0].whole && packets[1].whole);
  EQ(packets[0].size, 38U);
  EQ(packets[1].size, 128U);
  batch[3] = 19;  // shorter than a header
  split_batch(batch.data(), static_cast<uint32_t>(batch.size()), 2, packets.data());
  CHECK(!packets[0].whole && !packets[1].whole);
  EQ(packets[0].size, static_cast<uint32_t>(batch.size()));
}

int64_t g_ticks = 0;
int64_t g_wall = 0;
ClockSample fake_clocks() { return {g_ticks, g_wall, g_ticks + 4}; }

TEST(the_clock_follows_the_wall_clock_in_small_steps_and_says_how_far_it_is_off) {
  constexpr int64_t kFrequency = 10'000'000;
  g_ticks = 1000;
  g_wall = 1'700'000'000'000'000'000;
  DivertClock clock(kFrequency, fake_clocks);
  EQ(clock.epoch_ns(1002), 1'700'000'000'000'000'000);
  EQ(clock.epoch_ns(1002 + kFrequency), 1'700'000'001'000'000'000);
  EQ(clock.error_ns(), 200);
  // Ten days: beyond what ticks times 1e9 would hold.
  EQ(clock.epoch_ns(1002 + 864'000 * kFrequency), 1'700'864'000'000'000'000);
  g_ticks = 1002 + 10 * kFrequency;
  g_wall += 10'000'000'200 + 20'000'000;  // set forward by 20 ms
  clock.follow(g_ticks);
  EQ(clock.epoch_ns(g_ticks + 2), 1'700'000'010'000'000'200 + DivertClock::kMostStepNs);
  EQ(clock.error_ns(), 200 + 15'000'000);
  const int64_t before = clock.epoch_ns(g_ticks + 100);
  clock.follow(g_ticks + 100);  // not due
  EQ(clock.epoch_ns(g_ticks + 100), before);
}

// Positions start shortly before 4 GiB, where 32 bits would wrap.
TEST(the_queue_gives_every_packet_once_in_order_past_4_gib) {
  PacketQueue queue(1 << 16, 0xffffff00ULL);
  constexpr uint32_t kPackets = 50'000;
  std::thread writer([&queue] {
    Bytes bytes(1500);
    for (uint32_t i = 0; i < kPackets; ++i) {
      QueuedPacket packet{};
      packet.captured = i * 7 % 1500;
      packet.wire = i;
      std::memcpy(bytes.data(), &i, sizeof i);
      while (!queue.push(packet, bytes.data())) std::this_thread::yield();
    }
    queue.close();
  });
  uint32_t expected = 0;
  for (;;) {
    const QueuedPacket* const packet = queue.front();
    if (packet == nullptr) {
      if (queue.closed() && queue.front() == nullptr) break;
      queue.wait_ns(1'000'000);
      continue;
    }
    uint32_t number = expected;
    if (packet->captured >= sizeof number) std::memcpy(&number, packet + 1, sizeof number);
    EQ(packet->wire, expected);
    EQ(number, expected);
    ++expected;
    queue.pop();
  }
  writer.join();
  EQ(expected, kPackets);
}

// One slot is written again and again while it is read: a reader sees one of its keys or none, and other keys are not disturbed.
TEST(verdicts_are_read_while_they_are_written) {
  constexpr uint32_t kSlots = 1;
  std::vector<std::atomic<uint32_t>> words(VerdictTable::kHeaderWords + kSlots * VerdictTable::kSlotWords);
  words[0] = VerdictTable::kMagic;
  words[1] = VerdictTable::kVersion;
  words[2] = kSlots;
  words[4] = 1;  // ports are held
  CHECK(VerdictTable::check(words.data(), words.size() * 4) == nullptr);
  CHECK(VerdictTable::check(words.data(), words.size() * 4 - 4) != nullptr);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    std::atomic<uint32_t>* const slot = &words[VerdictTable::kHeaderWords];
    for (uint32_t i = 0; i < 100'000; ++i) {
      slot[0].fetch_add(1);
      slot[1].store(2);
      slot[2].store(17U | (i % 2 == 0 ? 53U : 99U) << 16);
      slot[0].fetch_add(1);
    }
    done.store(true);
  });
  VerdictTable table(words.data());
  const Bytes dns = udp4(1, 53, 4);
  const Bytes other = udp4(1, 80, 4);
  uint64_t denied = 0;
  while (!done.load()) {
    if (table.judge(dns.data(), dns.size(), false, false) == Verdict::kDenied) ++denied;
    CHECK(table.judge(other.data(), other.size(), false, false) == Verdict::kPass);
  }
  writer.join();
  words[VerdictTable::kHeaderWords + 2].store(17U | 53U << 16);
  CHECK(table.judge(dns.data(), dns.size(), false, false) == Verdict::kDenied);
  CHECK(denied > 0 || done.load());
}

TEST(any_bytes_get_a_verdict) {
  std::vector<std::atomic<uint32_t>> words(VerdictTable::kHeaderWords + VerdictTable::kSlotWords);
  words[0] = VerdictTable::kMagic;
  words[1] = VerdictTable::kVersion;
  words[2] = 1;
  words[3] = 1;  // quarantine, and nothing is let through
  for (uint32_t at : {4U, 5U, 8U, 9U, 10U, 14U}) words[at] = 0xffffffff;
  VerdictTable table(words.data());
  uint32_t seed = 3;
  uint64_t quarantined = 0;
  for (int round = 0; round < 20'000; ++round) {
    const uint32_t size = next_random(seed) >> 25;
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[size + 1]);
    for (uint32_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(next_random(seed) >> 24);
    if (size > 6) bytes[0] = round % 2 == 0 ? 0x45 : 0x60, bytes[6] = static_cast<uint8_t>(round % 3 == 0 ? 44 : 0);
    if (table.judge(bytes.get(), size, true, false) == Verdict::kQuarantined) ++quarantined;
    CHECK(table.judge(bytes.get(), size, true, true) == Verdict::kPass);
  }
  CHECK(quarantined > 1000);
}

// The calls of a driver that hands out numbered packets, some of them cut or odd, and refuses some.
struct Driver {
  std::mutex mutex;
  uint32_t next = 0;
  uint32_t packets = 0;
  uint32_t sends = 0;
  bool shut = false;
  bool closed = false;
  std::vector<uint32_t> back;
} g_driver;

uint32_t g_error = 0;
uint32_t last_error() { return g_error; }
int refuse(uint32_t error) {
  g_error = error;
  return 0;
}

int fake_receive(void*, void* into, unsigned size, unsigned* received, uint64_t, DivertAddress* addresses, unsigned* address_bytes, void*) {
  const std::lock_guard lock(g_driver.mutex);
  if (g_driver.next == g_driver.packets) return refuse(kErrorNoData);
  if (g_driver.next == g_driver.packets / 2 && g_error != 31) return refuse(31);
  unsigned used = 0;
  unsigned count = 0;
  while (g_driver.next < g_driver.packets && count < 20) {
    Bytes packet = udp4(5, 1000, 4);
    if (g_driver.next % 17 == 0) packet[0] = 0x25;  // no IP: alone in its batch
    if (g_driver.next % 17 == 0 && count > 0) break;
    std::memcpy(packet.data() + 28, &g_driver.next, 4);
    if (used + packet.size() > size) break;
    std::memcpy(static_cast<uint8_t*>(into) + used, packet.data(), packet.size());
    used += static_cast<unsigned>(packet.size());
    addresses[count++] = DivertAddress{};
    if (g_driver.next++ % 17 == 0) break;
  }
  *received = used;
  *address_bytes = count * static_cast<unsigned>(sizeof(DivertAddress));
  return 1;
}

int fake_send(void*, const void* from, unsigned bytes, unsigned* sent, uint64_t, const DivertAddress*, unsigned address_bytes, void*) {
  const std::lock_guard lock(g_driver.mutex);
  const unsigned count = address_bytes / static_cast<unsigned>(sizeof(DivertAddress));
  for (unsigned i = 0; i < count; ++i) {
    if (count > 1 && ++g_driver.sends % 50 == 0) {
      if (sent != nullptr) *sent = i * 32;
      return refuse(kErrorInvalidParameter);
    }
    uint32_t number;
    std::memcpy(&number, static_cast<const uint8_t*>(from) + i * 32 + 28, 4);
    g_driver.back.push_back(number);
  }
  if (sent != nullptr) *sent = bytes;
  return 1;
}

int fake_close(void*) {
  g_driver.closed = true;
  return 1;
}

// The queue is tiny and nobody reads it: not one packet stays behind, and the order is kept.
TEST(the_receiver_puts_everything_back_in_order_whatever_becomes_of_the_copies) {
  DivertApi api{};
  api.receive = fake_receive;
  api.send = fake_send;
  api.shutdown = [](void*, int) { return 1; };
  api.close = fake_close;
  api.last_error = last_error;
  g_driver.packets = 5000;
  PacketQueue queue(1 << 12);
  Counters counters;
  {
    g_ticks = 0;
    DivertOptions options;
    options.inline_mode = true;
    DivertReceiver receiver(api, &g_driver, PacketHandover(options, queue, counters, 65'535), DivertClock(10'000'000, fake_clocks), true);
    std::thread thread([&receiver] { receiver.run(); });
    thread.join();
    CHECK(receiver.failure().code.empty());
  }
  CHECK(g_driver.closed);
  EQ(g_driver.back.size(), size_t{5000});
  for (uint32_t i = 0; i < g_driver.back.size(); ++i) EQ(g_driver.back[i], i);
  EQ(counters.read(kDiverted), uint64_t{5000});
  EQ(counters.read(kInlineSent), uint64_t{5000});
  EQ(counters.read(kInlineFailed), uint64_t{0});
  CHECK(counters.read(kHandoverDropped) > 4000);
}

}  // namespace
