// The carry gate: which packets take their bytes along, and which tags stop that.
#include "../../../native/capture/carry_gate.h"

#include <array>
#include <atomic>

#include "../decode/check.h"

namespace {

constexpr uint32_t kPlaces = 16;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kSyn = 2;
constexpr uint8_t kAck = 16;
constexpr uint32_t kHashHi = 0xabcd1234;

struct Bench {
  std::array<std::atomic<uint32_t>, kPlaces> tags{};
  weir::CarryOptions options;
  weir::CarryGate gate;

  explicit Bench(uint32_t bytes = 65535) : options(make(bytes)), gate(options) {}

  weir::CarryOptions make(uint32_t bytes) {
    weir::CarryOptions made;
    made.bytes = bytes;
    made.tags = tags.data();
    made.places = kPlaces;
    made.idle_ms = 30'000;
    return made;
  }

  // What the shard writes when it wants no more of the record's flow, or of its sides: 1 = A, 2 = B.
  void done(const weir::PacketRecord& record, uint32_t sides = 3) {
    tags[record.hashLo & (kPlaces - 1)] = (record.hashHi & 0xffff0000u) | static_cast<uint32_t>(record.fragOff) << 2 | sides;
  }
};

// IPv4 without options behind Ethernet; `payload` bytes of transport payload.
weir::PacketRecord packet(uint8_t protocol, uint32_t payload, uint8_t tcp_flags = kAck) {
  weir::PacketRecord record{};
  record.protocol = protocol;
  record.l3Off = 14;
  record.l4Off = 34;
  record.payloadOff = protocol == kTcp ? 54 : 42;
  record.payloadLen = payload;
  record.tcpFlags = protocol == kTcp ? tcp_flags : 0;
  record.hashLo = 5;
  record.hashHi = kHashHi;
  return record;
}

uint32_t carry(Bench& bench, weir::PacketRecord& record, uint32_t missing = 0) {
  return bench.gate.bytes_of(record, record.payloadOff + record.payloadLen - missing);
}

uint32_t carry(Bench& bench, weir::PacketRecord&& record, uint32_t missing = 0) { return carry(bench, record, missing); }

}  // namespace

TEST(nothing_is_carried_when_nobody_asks) {
  Bench bench(0);
  EQ(carry(bench, packet(kTcp, 100)), 0);
  EQ(carry(bench, packet(kTcp, 0, kSyn)), 0);
}

TEST(payload_and_syns_are_carried_from_the_network_header_on) {
  Bench bench;
  EQ(carry(bench, packet(kTcp, 100)), 140);
  EQ(carry(bench, packet(kUdp, 100)), 128);
  EQ(carry(bench, packet(kTcp, 0, kSyn)), 40);
  EQ(carry(bench, packet(kTcp, 0, kSyn | kAck)), 40);
  EQ(carry(bench, packet(kTcp, 0)), 0);
  EQ(carry(bench, packet(kUdp, 0)), 0);
}

TEST(padding_and_what_was_not_captured_are_not_carried) {
  Bench bench;
  weir::PacketRecord padded = packet(kTcp, 1);
  EQ(bench.gate.bytes_of(padded, 60), 41);
  EQ(carry(bench, packet(kTcp, 100), 30), 110);
  EQ(carry(bench, packet(kTcp, 100), 100), 0);
}

TEST(no_more_is_carried_than_asked_for) {
  Bench bench(96);
  EQ(carry(bench, packet(kTcp, 1400)), 96);
  EQ(carry(bench, packet(kTcp, 10)), 50);
}

TEST(fragments_and_packets_without_transport_are_not_carried) {
  Bench bench;
  for (const auto flag : {weir::RecordFlag::kFragment, weir::RecordFlag::kFragmentLater, weir::RecordFlag::kNoTransport}) {
    weir::PacketRecord record = packet(kUdp, 100);
    record.flags = static_cast<uint16_t>(flag);
    EQ(carry(bench, record), 0);
  }
}

TEST(a_tag_ends_the_carrying_of_its_flow) {
  Bench bench;
  weir::PacketRecord first = packet(kTcp, 100);
  EQ(carry(bench, first), 140);
  CHECK(first.fragOff != 0);
  bench.done(first);
  EQ(carry(bench, packet(kTcp, 100)), 0);
  EQ(carry(bench, packet(kTcp, 100)), 0);
}

TEST(a_tag_for_one_side_lets_the_other_go_on) {
  Bench bench;
  const auto from_a = [] {
    weir::PacketRecord record = packet(kTcp, 100);
    record.flags = static_cast<uint16_t>(weir::RecordFlag::kFromA);
    return record;
  };
  weir::PacketRecord first = packet(kTcp, 100);
  carry(bench, first);
  bench.done(first, 1);
  EQ(carry(bench, from_a()), 0);
  EQ(carry(bench, packet(kTcp, 100)), 140);
  bench.done(first, 2);
  EQ(carry(bench, from_a()), 140);
  EQ(carry(bench, packet(kTcp, 100)), 0);
}

TEST(generations_begin_again_after_the_last_one) {
  Bench bench;
  weir::PacketRecord record = packet(kTcp, 0, kSyn);
  for (int i = 0; i < 0x3fff; ++i) {
    record = packet(kTcp, 0, kSyn);
    carry(bench, record);
    CHECK(record.fragOff != 0);
  }
  bench.done(record);
  EQ(carry(bench, packet(kTcp, 100)), 0);
  record = packet(kTcp, 0, kSyn);
  carry(bench, record);
  EQ(record.fragOff, 1);
  EQ(carry(bench, packet(kTcp, 100)), 140);
}

TEST(syns_are_carried_whatever_the_tag) {
  Bench bench;
  weir::PacketRecord first = packet(kTcp, 100);
  carry(bench, first);
  bench.done(first);
  EQ(carry(bench, packet(kTcp, 0, kSyn | kAck)), 40);
  EQ(carry(bench, packet(kTcp, 100)), 0);
}

TEST(a_syn_begins_a_generation_that_the_old_tag_does_not_stop) {
  Bench bench;
  weir::PacketRecord first = packet(kTcp, 100);
  carry(bench, first);
  bench.done(first);
  weir::PacketRecord syn = packet(kTcp, 0, kSyn);
  EQ(carry(bench, syn), 40);
  CHECK(syn.fragOff != first.fragOff);
  EQ(carry(bench, packet(kTcp, 100)), 140);
  // The shard's word on the flow before, which comes late.
  bench.done(first);
  EQ(carry(bench, packet(kTcp, 100)), 140);
  bench.done(syn);
  EQ(carry(bench, packet(kTcp, 100)), 0);
}

TEST(a_silence_begins_a_generation) {
  Bench bench;
  weir::PacketRecord first = packet(kTcp, 100);
  carry(bench, first);
  bench.done(first);
  weir::PacketRecord soon = packet(kTcp, 100);
  soon.streamNs = 29'999e6;
  EQ(carry(bench, soon), 0);
  // The silence counts from the last packet of the flow, carried or not.
  weir::PacketRecord later = packet(kTcp, 100);
  later.streamNs = 59'998e6;
  EQ(carry(bench, later), 0);
  later.streamNs = 89'998e6;
  EQ(carry(bench, later), 140);
}

TEST(flows_that_share_a_place_do_not_share_a_tag) {
  Bench bench;
  weir::PacketRecord first = packet(kTcp, 100);
  carry(bench, first);
  bench.done(first);
  weir::PacketRecord other = packet(kTcp, 100);
  other.hashHi = 0x11112222;
  EQ(carry(bench, other), 140);
  CHECK(other.fragOff != first.fragOff);
  // The first has lost its place: it is carried again until its shard says so again.
  weir::PacketRecord again = packet(kTcp, 100);
  EQ(carry(bench, again), 140);
  bench.done(again);
  EQ(carry(bench, packet(kTcp, 100)), 0);
  weir::PacketRecord elsewhere = packet(kTcp, 100);
  elsewhere.hashLo = 6;
  EQ(carry(bench, elsewhere), 140);
}

TEST(generations_wrap_past_none) {
  Bench bench;
  for (int i = 0; i < 70'000; ++i) {
    weir::PacketRecord syn = packet(kTcp, 0, kSyn);
    carry(bench, syn);
    if (syn.fragOff == 0) {
      CHECK(syn.fragOff != 0);
      break;
    }
  }
}

TEST(without_tags_every_payload_is_carried) {
  weir::CarryOptions options;
  options.bytes = 65535;
  weir::CarryGate gate(options);
  for (int i = 0; i < 3; ++i) {
    weir::PacketRecord record = packet(kTcp, 100);
    record.fragOff = 99;
    EQ(gate.bytes_of(record, 154), 140);
    EQ(record.fragOff, 0);
  }
}
