#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::RecordFlag;
using weir::RecordKind;
using weir::Reject;
using weir::TcpOption;

namespace {

Bytes pad4(Bytes options) {
  while (options.size() % 4 != 0) options.push_back(1);
  return options;
}

Bytes with_tcp(const Bytes& options, int flags = 0x02) { return ethernet(0x0800, ipv4(6, tcp(1025, 80, flags, options, text("xyz")))); }

}  // namespace

TEST(tcp_header) {
  Bench bench;
  const weir::PacketRecord& r = bench.flow(with_tcp({}, 0xff));
  EQ(r.seq, 1000);
  EQ(r.ack, 2000);
  EQ(r.tcpFlags, 0xff);
  EQ(r.window, 8192);
  EQ(r.wscale, 255);
  EQ(r.optBits, 0);
  EQ(r.mss, 0);
  EQ(r.payloadLen, 3);
  EQ(r.payloadOff, 54);
}

TEST(tcp_options) {
  Bench bench;
  const Bytes options = Bytes{2, 4, 0x05, 0xb4} + Bytes{4, 2} + Bytes{8, 10} + b32(77) + b32(66) + Bytes{1} + Bytes{3, 3, 7};
  const weir::PacketRecord& r = bench.flow(with_tcp(options));
  EQ(r.mss, 1460);
  EQ(r.wscale, 7);
  EQ(r.tsVal, 77);
  EQ(r.tsEcr, 66);
  CHECK(has(r, TcpOption::kMss) && has(r, TcpOption::kWscale) && has(r, TcpOption::kSackPermitted) && has(r, TcpOption::kTimestamps));
  CHECK(!has(r, TcpOption::kSack) && !has(r, TcpOption::kMalformed));
  EQ(r.payloadLen, 3);
}

TEST(tcp_sack_blocks) {
  Bench bench;
  Bytes sack = {1, 1, 5, 34};
  for (uint32_t i = 0; i < 4; ++i) sack = sack + b32(100 * i) + b32(100 * i + 50);
  const weir::PacketRecord& r = bench.flow(with_tcp(sack, 0x10));
  EQ(r.sackCount, 4);
  CHECK(has(r, TcpOption::kSack));
  EQ(bench.out->records[0].sack[3].left, 300);
  EQ(bench.out->records[0].sack[3].right, 350);
  CHECK(has(bench.flow(with_tcp(pad4(Bytes{5, 9} + zeros(7)), 0x10)), TcpOption::kMalformed));
}

TEST(tcp_extensions_are_marked) {
  Bench bench;
  CHECK(has(bench.flow(with_tcp(pad4(Bytes{30, 12, 0, 0x81} + zeros(8)))), TcpOption::kMptcp));
  CHECK(has(bench.flow(with_tcp(pad4({34, 2}))), TcpOption::kFastOpen));
  CHECK(has(bench.flow(with_tcp(pad4({254, 4, 0xf9, 0x89}))), TcpOption::kFastOpen));
}

TEST(malformed_options_are_flagged_and_end) {
  Bench bench;
  for (const Bytes& options : {Bytes{2, 0, 0, 0}, Bytes{8, 60, 0, 0}, Bytes{2, 3, 0, 1}, Bytes{1, 1, 1, 8}, Bytes{3, 4, 0, 0}}) {
    const weir::PacketRecord& r = bench.flow(with_tcp(options));
    CHECK(is_flow(*bench.out) && has(r, TcpOption::kMalformed));
    EQ(r.payloadLen, 3);
  }
  CHECK(!has(bench.flow(with_tcp({0, 9, 9, 9})), TcpOption::kMalformed));  // nothing counts after the end of the list
  Bytes cut = with_tcp(Bytes{8, 10} + b32(77) + b32(66) + Bytes{1, 1});
  const int wire = static_cast<int>(cut.size());
  cut.resize(14 + 20 + 20 + 5);
  CHECK(!has(bench.flow(cut, 1, wire), TcpOption::kMalformed));
}

TEST(tcp_with_a_wrong_offset_is_a_packet_of_its_flow) {
  Bench bench;
  Bytes frame = with_tcp({});
  frame[46] = 0x40;
  const weir::PacketRecord& r = bench.flow(frame);
  CHECK(is_flow(*bench.out) && has(r, RecordFlag::kNoTransport));
  EQ(r.decodeStatus, static_cast<int>(Reject::kTcpBadOffset));
  EQ(r.srcPort, 1025);
}

TEST(udp_lengths) {
  Bench bench;
  Bytes frame = ethernet(0x0800, ipv4(17, udp(1, 2, zeros(100))));
  EQ(bench.flow(frame).payloadLen, 100);
  frame[39] = 50;
  EQ(bench.flow(frame).payloadLen, 42);
  frame[39] = 7;
  const weir::PacketRecord& r = bench.flow(frame);
  CHECK(is_flow(*bench.out) && has(r, RecordFlag::kNoTransport));
  EQ(r.decodeStatus, static_cast<int>(Reject::kUdpBadLength));
  frame[38] = 0xff;
  EQ(bench.flow(frame).payloadLen, 100);
}

TEST(protocols_with_ports) {
  Bench bench;
  for (int protocol : {6, 17, 33, 132, 136}) {
    const Bytes header = protocol == 6 ? tcp(700, 800) : udp(700, 800) + zeros(8);
    const weir::PacketRecord& r = bench.flow(ethernet(0x0800, ipv4(protocol, header)));
    CHECK(is_flow(*bench.out) && has(r, RecordFlag::kHasPorts));
    EQ(r.protocol, protocol);
    EQ(r.srcPort, 700);
    EQ(r.dstPort, 800);
  }
  EQ(bench.flow(ethernet(0x0800, ipv4(132, b16(1) + b16(2) + zeros(8) + zeros(16)))).payloadLen, 16);
}

TEST(protocols_without_ports) {
  Bench bench;
  for (int protocol : {2, 46, 50, 88, 89, 103, 112, 253}) {
    const weir::PacketRecord& r = bench.flow(ethernet(0x0800, ipv4(protocol, zeros(24))));
    CHECK(is_flow(*bench.out) && !has(r, RecordFlag::kHasPorts));
    EQ(r.srcPort, 0);
    EQ(r.dstPort, 0);
    EQ(r.payloadLen, 24);
  }
}

TEST(icmp_pairs) {
  Bench bench;
  const struct {
    int protocol, type, counterpart;
  } pairs[] = {{1, 8, 0},    {1, 13, 14},    {1, 15, 16},    {1, 10, 9},     {1, 17, 18},
               {58, 128, 129}, {58, 133, 134}, {58, 135, 136}, {58, 130, 131}, {58, 139, 140}};
  for (const auto& pair : pairs) {
    const auto frame = [&](int type, int from, int to) {
      if (pair.protocol == 58) return ethernet(0x86dd, ipv6(58, icmp(type, 0), from, to));
      Ipv4 ip;
      ip.source = static_cast<uint32_t>(from);
      ip.destination = static_cast<uint32_t>(to);
      return ethernet(0x0800, ipv4(1, icmp(type, 0), ip));
    };
    const weir::PacketRecord request = bench.flow(frame(pair.type, 1, 2));
    const weir::PacketRecord reply = bench.flow(frame(pair.counterpart, 2, 1));
    EQ(request.srcPort, pair.type);
    EQ(request.dstPort, pair.counterpart);
    EQ(request.icmpType, pair.type);
    CHECK(!has(request, RecordFlag::kOneWay) && !has(request, RecordFlag::kHasPorts));
    CHECK(hash(request) == hash(reply));
    CHECK(has(request, RecordFlag::kFromA) && !has(reply, RecordFlag::kFromA));
  }
}

TEST(one_way_icmp_keeps_its_source_first) {
  Bench bench;
  Ipv4 ip;
  ip.source = 0x0a000009;
  const weir::PacketRecord& r = bench.flow(ethernet(0x0800, ipv4(1, icmp(3, 1), ip)));
  CHECK(has(r, RecordFlag::kOneWay) && has(r, RecordFlag::kFromA));
  EQ(r.srcPort, 3);
  EQ(r.dstPort, 1);
  EQ(r.icmpCode, 1);
}

TEST(icmp_errors_quote_their_flow) {
  Bench bench;
  const Bytes original = ipv4(6, tcp(4000, 443, 0x10, {}, zeros(50)));
  const weir::PacketRecord flow = bench.flow(ethernet(0x0800, original));
  for (int type : {3, 4, 5, 11, 12}) {
    Ipv4 router;
    router.source = 0x0afffffe;
    router.destination = 0x0a000001;
    const Bytes quote(original.begin(), original.begin() + 28);
    const weir::Decoded& out = bench.feed(ethernet(0x0800, ipv4(1, icmp(type, 0, quote), router)));
    EQ(out.count, 2);
    const weir::PacketRecord& inner = out.records[1].record;
    EQ(inner.kind, static_cast<int>(RecordKind::kIcmpInner));
    CHECK(hash(inner) == hash(flow));
    CHECK(has(inner, RecordFlag::kFromA) == has(flow, RecordFlag::kFromA) && has(inner, RecordFlag::kHasPorts));
    EQ(inner.srcPort, 4000);
    EQ(inner.wireLen, out.records[0].record.wireLen);
  }
  EQ(bench.feed(ethernet(0x0800, ipv4(1, icmp(8, 0, original)))).count, 1);
  EQ(bench.feed(ethernet(0x0800, ipv4(1, icmp(3, 0, zeros(28))))).count, 1);
}

TEST(icmpv6_errors_quote_their_flow) {
  Bench bench;
  const Bytes original = ipv6(17, udp(4000, 53, zeros(9)));
  const weir::PacketRecord flow = bench.flow(ethernet(0x86dd, original));
  for (int type : {1, 2, 3, 4}) {
    const weir::Decoded& out = bench.feed(ethernet(0x86dd, ipv6(58, icmp(type, 0, original), 77, 1)));
    EQ(out.count, 2);
    CHECK(hash(out.records[1].record) == hash(flow));
  }
}

TEST(transport_checksums) {
  weir::DecodeOptions options;
  options.verify_checksums = true;
  Bench bench(options);
  // 10.0.0.1:1 → 10.0.0.2:2, "abc"; the right checksum computed by hand: pseudo header and datagram sum to 0xffff.
  Bytes datagram = udp(1, 2, text("abc"));
  uint32_t sum = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 11 + 1 + 2 + 11 + 0x6162 + 0x6300;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  datagram[6] = static_cast<uint8_t>(~sum >> 8);
  datagram[7] = static_cast<uint8_t>(~sum);
  CHECK(!has(bench.flow(ethernet(0x0800, ipv4(17, datagram))), RecordFlag::kBadL4Checksum));
  datagram[10] ^= 1;
  Bytes bad = ethernet(0x0800, ipv4(17, datagram));
  CHECK(has(bench.flow(bad), RecordFlag::kBadL4Checksum));
  const int wire = static_cast<int>(bad.size());
  bad.pop_back();
  CHECK(!has(bench.flow(bad, 1, wire), RecordFlag::kBadL4Checksum));  // nothing can be said about a cut payload
  datagram[6] = datagram[7] = 0;
  CHECK(!has(bench.flow(ethernet(0x0800, ipv4(17, datagram))), RecordFlag::kBadL4Checksum));  // UDP without a checksum
  CHECK(has(bench.flow(with_tcp({})), RecordFlag::kBadL4Checksum));
  CHECK(has(bench.flow(ethernet(0x0800, ipv4(1, icmp(8, 0, text("q"))))), RecordFlag::kBadL4Checksum));
}

TEST(the_plain_path_and_the_layered_path_agree) {
  weir::DecodeOptions slow;
  slow.verify_checksums = true;  // takes decode_layers() for every frame
  Bench plain;
  Bench layered(slow);
  const Bytes options = Bytes{8, 10} + b32(77) + b32(66) + Bytes{1, 1};
  const Bytes payloads[] = {
      ipv4(6, tcp(1, 2)), ipv4(6, tcp(3000, 80, 0x18, options, text("GET /"))), ipv4(17, udp(53, 999, text("abcdef"))),
      ipv4(6, tcp(9, 9, 0x02, {2, 0, 0, 0})), ipv4(17, udp(1, 2)), ipv4(17, udp(4789, 4789, text("no tunnel")))};
  for (const Bytes& payload : payloads) {
    for (size_t padding : {0, 6, 20}) {
      const Bytes frame = ethernet(0x0800, payload) + zeros(padding);
      weir::PacketRecord a = plain.flow(frame);
      weir::PacketRecord b = layered.flow(frame);
      b.flags = static_cast<uint16_t>(b.flags & ~static_cast<uint16_t>(RecordFlag::kBadL4Checksum));
      CHECK(std::memcmp(&a, &b, sizeof a) == 0);
    }
  }
}
