// The receiver where it changes packets: what goes back is changed, what the flows are made of is not.
#include "../../../native/capture/windivert_receiver.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include "../decode/check.h"
#include "syn_packet.h"

namespace {

using namespace weir;
using syn::Bytes;

enum : uint8_t { kTcpChecksumThere = 0x40, kTcpChecksumLater = 0 };

struct Handed {
  Bytes bytes;
  uint8_t flags = kTcpChecksumThere;
};

// Hands out its packets in calls of three, and fails the second packet of the second call once.
struct Driver {
  std::vector<Handed> packets;
  size_t next = 0;
  bool refused = false;
  std::vector<Handed> back;
} g_driver;
uint32_t g_error = 0;

int fail_with(uint32_t error) {
  g_error = error;
  return 0;
}

int receive(void*, void* into, unsigned, unsigned* received, uint64_t, DivertAddress* addresses, unsigned* address_bytes, void*) {
  if (g_driver.next == g_driver.packets.size()) return fail_with(kErrorNoData);
  unsigned used = 0;
  unsigned count = 0;
  while (count < 3 && g_driver.next < g_driver.packets.size()) {
    const Handed& packet = g_driver.packets[g_driver.next++];
    std::memcpy(static_cast<uint8_t*>(into) + used, packet.bytes.data(), packet.bytes.size());
    used += static_cast<unsigned>(packet.bytes.size());
    addresses[count] = DivertAddress{};
    addresses[count++].flags = packet.flags;
  }
  *received = used;
  *address_bytes = count * static_cast<unsigned>(sizeof(DivertAddress));
  return 1;
}

int send(void*, const void* from, unsigned size, unsigned* sent, uint64_t, const DivertAddress* addresses, unsigned address_bytes, void*) {
  const unsigned count = address_bytes / static_cast<unsigned>(sizeof(DivertAddress));
  std::vector<uint8_t> bytes(static_cast<const uint8_t*>(from), static_cast<const uint8_t*>(from) + size);
  std::vector<DivertedPacket> packets(count);
  split_batch(bytes.data(), size, count, packets.data());
  unsigned at = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (g_driver.back.size() == 4 && !g_driver.refused) {
      g_driver.refused = true;
      *sent = at;
      return fail_with(kErrorInvalidParameter);
    }
    g_driver.back.push_back({Bytes(packets[i].bytes, packets[i].bytes + packets[i].size), addresses[i].flags});
    at += packets[i].size;
  }
  if (sent != nullptr) *sent = at;
  return 1;
}

ClockSample still() { return {0, 0, 0}; }

// A SYN at every even place; at every fourth, its checksum is the driver's to compute; one is of the loopback interface.
std::vector<Handed> some_packets() {
  std::vector<Handed> packets;
  for (uint32_t i = 0; i < 24; ++i) {
    syn::Shape shape;
    shape.ipv6 = i % 3 == 0;
    shape.flags = i % 2 == 0 ? 0x02 : 0x18;
    shape.urgent = static_cast<uint16_t>(i);
    packets.push_back({syn::make(shape).bytes, i % 4 == 0 ? kTcpChecksumLater : kTcpChecksumThere});
  }
  packets[10].flags |= kDivertLoopback;
  packets.push_back({Bytes{0x45, 1, 2, 3}});  // not whole, alone at the end
  return packets;
}

void run_receiver(uint16_t clamp_mss, PacketQueue& queue, Counters& counters) {
  DivertApi api{};
  api.receive = receive;
  api.send = send;
  api.shutdown = [](void*, int) { return 1; };
  api.close = [](void*) { return 1; };
  api.last_error = [] { return g_error; };
  g_driver = {};
  g_driver.packets = some_packets();
  DivertOptions options;
  options.inline_mode = true;
  options.clamp_mss = clamp_mss;
  DivertReceiver receiver(api, &g_driver, PacketHandover(options, queue, counters, 65'535), DivertClock(10'000'000, still), true);
  std::thread thread([&receiver] { receiver.run(); });
  thread.join();
}

void check_copies(PacketQueue& queue) {
  for (const Handed& packet : g_driver.packets) {
    const QueuedPacket* const copy = queue.front();
    CHECK(copy != nullptr && copy->captured == packet.bytes.size());
    if (copy == nullptr) return;
    CHECK(std::memcmp(copy + 1, packet.bytes.data(), copy->captured) == 0);
    queue.pop();
  }
}

TEST(syns_go_back_changed_in_order_and_the_copies_are_of_what_came) {
  PacketQueue queue(1 << 16);
  Counters counters;
  run_receiver(1000, queue, counters);
  EQ(g_driver.back.size(), g_driver.packets.size());
  CHECK(g_driver.refused);
  for (size_t i = 0; i < std::min(g_driver.back.size(), g_driver.packets.size()); ++i) {
    const Handed& came = g_driver.packets[i];
    const Handed& went = g_driver.back[i];
    EQ(went.flags, came.flags);
    const bool changed = i < 24 && i % 2 == 0 && i != 10;
    EQ(went.bytes == came.bytes, !changed);
    if (!changed || went.bytes.size() != came.bytes.size()) continue;
    syn::Packet packet{went.bytes, i % 3 == 0 ? 40U : 20U};
    EQ(syn::get16(packet.bytes.data() + packet.tcp_at + 22), 1000U);
    // Where the driver computes it, the field is as it was.
    EQ(syn::is_valid(packet), i % 4 != 0);
  }
  EQ(counters.read(kInlineSent), uint64_t{25});
  EQ(counters.read(kInlineModified), uint64_t{11});
  EQ(counters.read(kInlineFailed), uint64_t{0});
  check_copies(queue);
}

TEST(without_a_limit_nothing_is_changed) {
  PacketQueue queue(1 << 16);
  Counters counters;
  run_receiver(0, queue, counters);
  for (size_t i = 0; i < g_driver.packets.size(); ++i) CHECK(i < g_driver.back.size() && g_driver.back[i].bytes == g_driver.packets[i].bytes);
  EQ(counters.read(kInlineModified), uint64_t{0});
  check_copies(queue);
}

}  // namespace
