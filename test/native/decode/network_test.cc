#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::Disposition;
using weir::RecordFlag;
using weir::Reject;

namespace {

Bytes extension(int next, size_t words = 0) {
  // PadN fills the header.
  const int pad = static_cast<int>(words * 8 + 4);
  return b8(next) + b8(static_cast<int>(words)) + b8(1) + b8(pad) + zeros(static_cast<size_t>(pad));
}

Bytes fragment_header(int next, int field, uint32_t id = 99) { return b8(next) + b8(0) + b16(field) + b32(id); }

Reject reason_of(const Bytes& packet) {
  Bench bench;
  const weir::Decoded& out = bench.feed(packet, 101);
  CHECK(out.disposition == Disposition::kRejected);
  return out.reason;
}

}  // namespace

TEST(ipv4_fields) {
  Bench bench;
  Ipv4 ip;
  ip.options = {0x94, 0x04, 0, 0};
  const Bytes frame = ethernet(0x0800, ipv4(17, udp(5000, 53, text("hello")), ip));
  const weir::PacketRecord& r = bench.flow(frame);
  EQ(r.ttl, 64);
  EQ(r.tos, 0x2e);
  EQ(r.ipId, 0x1234);
  EQ(r.ipLen, 24 + 13);
  EQ(r.payloadLen, 5);
  EQ(r.l3Off, 14);
  EQ(r.l4Off, 38);
  EQ(r.payloadOff, 46);
  EQ(r.srcAddr[3], 1);
  EQ(r.srcAddr[4], 0);
  EQ(r.srcMac[5], 0x0a);
  EQ(r.dstMac[5], 0x0b);
  CHECK(!has(r, RecordFlag::kBadIpChecksum) && !has(r, RecordFlag::kIpv6));
  CHECK(bench.out->network_decoded && bench.out->transport_decoded);
}

TEST(ipv4_checksum) {
  Bench bench;
  Bytes frame = ethernet(0x0800, ipv4(6, tcp(1, 2)));
  CHECK(!has(bench.flow(frame), RecordFlag::kBadIpChecksum));
  frame[24] ^= 1;
  CHECK(has(bench.flow(frame), RecordFlag::kBadIpChecksum));
  frame = ethernet(0x8100, vlan(1, 0x0800, ipv4(6, tcp(1, 2))));
  CHECK(!has(bench.flow(frame), RecordFlag::kBadIpChecksum));
  frame[28] ^= 1;
  CHECK(has(bench.flow(frame), RecordFlag::kBadIpChecksum));
}

TEST(padding_is_not_payload) {
  Bench bench;
  EQ(bench.flow(ethernet(0x0800, ipv4(6, tcp(1, 2))) + zeros(6)).payloadLen, 0);
  EQ(bench.flow(ethernet(0x86dd, ipv6(6, tcp(1, 2))) + zeros(6)).payloadLen, 0);
}

TEST(length_zero_is_segmentation_offload) {
  Bench bench;
  Ipv4 ip;
  ip.total = 0;
  const weir::PacketRecord& r = bench.flow(ethernet(0x0800, ipv4(6, tcp(1, 2, 0x10, {}, zeros(3000)), ip)));
  EQ(r.ipLen, 3040);
  EQ(r.payloadLen, 3000);
  EQ(bench.flow(ethernet(0x86dd, ipv6(6, tcp(1, 2, 0x10, {}, zeros(3000)), 1, 2, 0))).payloadLen, 3000);
}

TEST(ipv4_errors) {
  Ipv4 ip;
  ip.total = 19;
  CHECK(reason_of(ipv4(6, tcp(1, 2), ip)) == Reject::kIpBadTotalLength);
  Bytes packet = ipv4(6, tcp(1, 2));
  packet[0] = 0x44;
  CHECK(reason_of(packet) == Reject::kIpBadHeaderLength);
  packet[0] = 0x55;
  CHECK(reason_of(packet) == Reject::kIpBadVersion);
  CHECK(reason_of(Bytes{0x45, 0, 0}) == Reject::kIpTruncated);
  ip = {};
  ip.total = 4000;  // longer than the frame: the packet is as long as what was sent
  Bench bench;
  EQ(bench.flow(ipv4(6, tcp(1, 2, 0x10, {}, zeros(10)), ip), 101).payloadLen, 10);
}

TEST(a_frame_cut_behind_the_headers_keeps_its_lengths) {
  Bench bench;
  Bytes frame = ethernet(0x0800, ipv4(6, tcp(1, 2, 0x10, {}, zeros(1000))));
  const int wire = static_cast<int>(frame.size());
  frame.resize(60);
  const weir::PacketRecord& r = bench.flow(frame, 1, wire);
  CHECK(is_flow(*bench.out) && has(r, RecordFlag::kSnaplenCut) && !has(r, RecordFlag::kNoTransport));
  EQ(r.wireLen, wire);
  EQ(r.capLen, 60);
  EQ(r.payloadLen, 1000);
  EQ(r.ipLen, 1040);
}

TEST(a_frame_cut_inside_the_transport_header) {
  Bench bench;
  Bytes frame = ethernet(0x0800, ipv4(6, tcp(1025, 2, 0x10, {}, zeros(1000))));
  const int wire = static_cast<int>(frame.size());
  frame.resize(14 + 20 + 4);
  const weir::PacketRecord& r = bench.flow(frame, 1, wire);
  CHECK(is_flow(*bench.out) && has(r, RecordFlag::kNoTransport) && has(r, RecordFlag::kHasPorts));
  EQ(r.srcPort, 1025);
  EQ(r.payloadLen, 1000);
  EQ(r.decodeStatus, static_cast<int>(Reject::kTcpTruncated));
  CHECK(!bench.out->transport_decoded);
  frame.resize(14 + 20 + 3);
  const weir::Decoded& out = bench.feed(frame, 1, wire);
  CHECK(out.disposition == Disposition::kRejected && out.reason == Reject::kTcpTruncated);
  EQ(out.needed, 20);
  EQ(out.available, 3);
  CHECK(out.network_decoded);
}

TEST(ipv6_extension_chain) {
  Bench bench;
  const Bytes chain = extension(43) + (b8(60) + b8(0) + zeros(6)) + extension(51, 1) + (b8(6) + b8(4) + zeros(22)) + tcp(1025, 80, 2);
  const weir::PacketRecord& r = bench.flow(ethernet(0x86dd, ipv6(0, chain)));
  CHECK(is_flow(*bench.out) && has(r, RecordFlag::kIpv6) && has(r, RecordFlag::kHasPorts));
  EQ(r.protocol, 6);
  EQ(r.srcPort, 1025);
  EQ(r.ttl, 61);
  EQ(r.tos, 0xa2);
  EQ(r.ipLen, 40 + chain.size());
  EQ(r.payloadLen, 0);
}

TEST(ipv6_chain_is_bounded) {
  Bytes chain = tcp(1, 2);
  int next = 6;
  for (int i = 0; i < 16; ++i) {
    chain = extension(next) + chain;
    next = 60;
  }
  Bench bench;
  CHECK(is_flow(bench.feed(ethernet(0x86dd, ipv6(60, chain)))));
  CHECK(reason_of(ipv6(60, extension(60) + chain)) == Reject::kIpv6TooManyExtensions);
}

TEST(ipv6_errors) {
  CHECK(reason_of(Bytes{0x60, 0, 0, 0, 0, 0}) == Reject::kIpv6Truncated);
  CHECK(reason_of(ipv6(60, b8(6) + b8(9) + zeros(6))) == Reject::kIpv6ExtensionTruncated);
  CHECK(reason_of(ipv6(60, b8(6) + b8(0) + Bytes{5, 200} + zeros(4) + tcp(1, 2))) == Reject::kIpv6ExtensionTruncated);
}

TEST(ipv6_without_transport) {
  Bench bench;
  const weir::PacketRecord& none = bench.flow(ethernet(0x86dd, ipv6(59, {})));
  CHECK(is_flow(*bench.out));
  EQ(none.protocol, 59);
  CHECK(!has(none, RecordFlag::kHasPorts));
  const weir::PacketRecord& mobility = bench.flow(ethernet(0x86dd, ipv6(135, b8(59) + b8(0) + zeros(6))));
  EQ(mobility.protocol, 135);
}

TEST(ipv6_jumbogram) {
  Bench bench;
  const uint32_t length = 8 + 20 + 70000;
  const Bytes hop = b8(6) + b8(0) + Bytes{0xc2, 4} + b32(length);
  const Bytes frame = ethernet(0x86dd, ipv6(0, hop + tcp(1, 2), 1, 2, 0));
  const weir::PacketRecord& r = bench.flow(frame, 1, 54 + static_cast<int>(length));
  EQ(r.ipLen, 40 + length);
  EQ(r.payloadLen, 70000);
}

TEST(atomic_fragments_are_whole) {
  Bench bench;
  const weir::PacketRecord& r = bench.flow(ethernet(0x86dd, ipv6(44, fragment_header(6, 0, 7) + tcp(1025, 80))));
  CHECK(is_flow(*bench.out) && !has(r, RecordFlag::kFragment));
  EQ(r.srcPort, 1025);
  EQ(r.ipId, 7);
}

TEST(authentication_header_over_ipv4) {
  Bench bench;
  const weir::PacketRecord& r = bench.flow(ethernet(0x0800, ipv4(51, b8(6) + b8(4) + zeros(22) + tcp(1025, 80))));
  CHECK(is_flow(*bench.out));
  EQ(r.protocol, 6);
  EQ(r.srcPort, 1025);
  CHECK(reason_of(ipv4(51, b8(6) + b8(40) + zeros(20))) == Reject::kOtherTruncated);
}
