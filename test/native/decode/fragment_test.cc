#include "../../../native/decode/fragments.h"
#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::Disposition;
using weir::RecordFlag;

namespace {

constexpr int kMore = 0x2000;

Bytes first_part(int id, const Bytes& transport) { return ethernet(0x0800, ipv4(17, transport, {1, 2, id, kMore, 64, {}, -1})); }

Bytes later_part(int id, int offset = 10, int protocol = 17) {
  return ethernet(0x0800, ipv4(protocol, zeros(100), {1, 2, id, offset, 64, {}, -1}));
}

}  // namespace

TEST(later_fragments_belong_to_the_flow) {
  Bench bench;
  const weir::PacketRecord first = bench.flow(first_part(5, udp(1000, 2000, zeros(72))));
  CHECK(has(first, RecordFlag::kFragment) && !has(first, RecordFlag::kFragmentLater));
  EQ(first.payloadLen, 72);
  const weir::PacketRecord& later = bench.flow(later_part(5));
  CHECK(is_flow(*bench.out));
  CHECK(has(later, RecordFlag::kFragment) && has(later, RecordFlag::kFragmentLater) && has(later, RecordFlag::kHasPorts));
  EQ(later.srcPort, 1000);
  EQ(later.dstPort, 2000);
  EQ(later.payloadLen, 100);
  EQ(later.fragOff, 10);
  EQ(later.l4Off, 0);
  CHECK(hash(later) == hash(first) && has(later, RecordFlag::kFromA) == has(first, RecordFlag::kFromA));
  CHECK(bench.feed(later_part(6)).disposition == Disposition::kHeld);  // another datagram
}

TEST(later_fragments_that_come_first_wait) {
  Bench bench;
  for (int offset : {20, 10}) CHECK(bench.feed(later_part(5, offset)).disposition == Disposition::kHeld);
  CHECK(bench.out->released.empty() && bench.out->lost.empty());
  const weir::Decoded& out = bench.feed(first_part(5, udp(1000, 2000, zeros(72))));
  CHECK(is_flow(out));
  EQ(out.released.size(), 2);
  EQ(out.released[0].record.fragOff, 20);
  EQ(out.released[0].record.ordinal, 1);
  for (const auto& held : out.released) {
    EQ(held.record.srcPort, 1000);
    CHECK(hash(held.record) == hash(out.records[0].record));
  }
  CHECK(bench.feed(later_part(5, 30)).released.empty());
}

TEST(fragments_time_out) {
  Bench bench;
  bench.feed(later_part(5));
  bench.frame.stream_ns = weir::kFragmentTimeoutNs - 1;
  EQ(bench.feed(later_part(6)).lost.size(), 0);
  bench.frame.stream_ns = weir::kFragmentTimeoutNs;
  const weir::Decoded& out = bench.feed(ethernet(0x0806, zeros(28)));
  EQ(out.lost.size(), 1);
  EQ(out.lost[0].record.ordinal, 1);
  EQ(out.lost[0].record.ipId, 5);
  bench.decoder.advance(3 * weir::kFragmentTimeoutNs, *bench.out);
  EQ(bench.out->lost.size(), 1);
}

TEST(a_known_datagram_times_out_too) {
  Bench bench;
  bench.feed(first_part(5, udp(1000, 2000, zeros(72))));
  bench.frame.stream_ns = weir::kFragmentTimeoutNs;
  CHECK(bench.feed(later_part(5)).disposition == Disposition::kHeld);
}

TEST(the_end_of_input_loses_what_is_held) {
  Bench bench;
  for (int id = 0; id < 10; ++id) bench.feed(later_part(id));
  bench.decoder.flush(*bench.out);
  EQ(bench.out->lost.size(), 10);
  bench.decoder.flush(*bench.out);
  EQ(bench.out->lost.size(), 0);
}

TEST(held_fragments_are_bounded) {
  Bench bench;
  size_t held = 0;
  size_t lost = 0;
  const auto feed = [&](const Bytes& frame) {
    const weir::Decoded& out = bench.feed(frame);
    held += out.disposition == Disposition::kHeld;
    lost += out.lost.size();
  };
  for (int i = 0; i < 100; ++i) feed(later_part(1, 10 + i));
  EQ(lost, 100 - weir::kMaxHeldPerDatagram);
  for (int id = 2; id < 600; ++id) {
    for (int i = 0; i < 30; ++i) feed(later_part(id, 10 + i));
  }
  const size_t sent = 100 + 598 * 30;
  EQ(held, sent);
  EQ(held - lost, weir::kMaxHeld);
  bench.decoder.flush(*bench.out);
  EQ(bench.out->lost.size(), weir::kMaxHeld);
}

TEST(datagrams_are_bounded_and_the_oldest_goes) {
  Bench bench;
  size_t lost = 0;
  for (uint32_t id = 0; id < weir::kMaxFragmentDatagrams + 10; ++id) {
    lost += bench.feed(later_part(static_cast<int>(id))).lost.size();
  }
  EQ(lost, 10);
  EQ(bench.feed(first_part(9, udp(1, 2, zeros(8)))).released.size(), 0);
  EQ(bench.feed(first_part(11, udp(1, 2, zeros(8)))).released.size(), 1);
}

TEST(protocols_without_ports_need_no_first_fragment) {
  Bench bench;
  const weir::PacketRecord& r = bench.flow(later_part(5, 10, 89));
  CHECK(is_flow(*bench.out) && has(r, RecordFlag::kFragmentLater));
  EQ(r.protocol, 89);
}

TEST(ipv6_fragments) {
  Bench bench;
  const auto part = [](int next, int field, const Bytes& payload) {
    return ethernet(0x86dd, ipv6(44, b8(next) + b8(0) + b16(field) + b32(77) + payload));
  };
  const weir::PacketRecord first = bench.flow(part(60, 1, b8(17) + b8(0) + Bytes{1, 4, 0, 0, 0, 0} + udp(1000, 2000, zeros(16))));
  EQ(first.protocol, 17);
  EQ(first.payloadLen, 16);
  const weir::PacketRecord& later = bench.flow(part(60, 4 << 3, zeros(24)));
  CHECK(is_flow(*bench.out) && has(later, RecordFlag::kFragmentLater));
  EQ(later.protocol, 17);
  EQ(later.dstPort, 2000);
  EQ(later.ipId, 77);
  CHECK(hash(later) == hash(first));
}

TEST(fragments_of_icmp_follow_their_message) {
  Bench bench;
  const weir::PacketRecord first = bench.flow(ethernet(0x0800, ipv4(1, icmp(8, 0, zeros(64)), {1, 2, 9, kMore, 64, {}, -1})));
  const weir::PacketRecord& later = bench.flow(later_part(9, 10, 1));
  CHECK(hash(later) == hash(first));
  EQ(later.icmpType, 8);
  EQ(later.srcPort, 8);
}

TEST(a_fragmented_tunnel_counts_its_inner_packet_once) {
  Bench bench;
  const Bytes inner = ipv4(6, tcp(1025, 80, 0x18, {}, zeros(2000)));
  const Bytes outer = udp(50000, 4789, Bytes{0x08, 0, 0, 0} + b24(5) + b8(0) + ethernet(0x0800, inner));
  const Bytes head(outer.begin(), outer.begin() + 1480);
  const weir::Decoded& first = bench.feed(first_part(5, head));
  EQ(first.count, 2);
  EQ(first.records[0].record.protocol, 6);
  EQ(first.records[0].record.payloadLen, 2000);
  CHECK(has(first.records[1].record, RecordFlag::kFragment));
  const weir::Decoded& later = bench.feed(later_part(5, 185));
  CHECK(is_flow(later));
  EQ(later.count, 1);
  EQ(later.records[0].record.dstPort, 4789);
  EQ(later.records[0].record.layer, 0);
  const uint64_t plain = hash(bench.flow(ethernet(0x0800, ipv4(17, udp(50000, 4789), {1, 2, 1, 0, 64, {}, -1}))));
  CHECK(hash(bench.feed(later_part(5, 190)).records[0].record) == plain);
}

TEST(fragments_inside_a_tunnel) {
  Bench bench;
  const auto wrap = [](const Bytes& packet) { return ethernet(0x0800, ipv4(4, packet)); };
  const weir::Decoded& held = bench.feed(wrap(ipv4(17, zeros(100), {1, 2, 5, 10, 64, {}, -1})));
  CHECK(held.disposition == Disposition::kHeld);
  EQ(held.count, 2);
  EQ(held.records[1].record.protocol, 4);
  const weir::Decoded& out = bench.feed(wrap(ipv4(17, udp(1, 2, zeros(72)), {1, 2, 5, kMore, 64, {}, -1})));
  EQ(out.released.size(), 1);
  CHECK(hash(out.released[0].record) == hash(out.records[0].record));
  EQ(out.released[0].record.layer, 1);
}
