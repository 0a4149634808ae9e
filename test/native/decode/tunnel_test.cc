#include "../../../native/decode/tunnel_registry.h"
#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::RecordFlag;
using weir::RecordKind;
using weir::TunnelType;

namespace {

const Bytes kInner = ipv4(6, tcp(1025, 80, 0x18, {}, text("hello")), {0xc0a80001, 0xc0a80002, 1, 0, 64, {}, -1});
const Bytes kInner6 = ipv6(17, udp(1025, 53, text("q")), 7, 8);
const Bytes kInnerFrame = ethernet(0x0800, kInner);

Bytes vxlan(int vni, const Bytes& frame) { return Bytes{0x08, 0, 0, 0} + b24(vni) + b8(0) + frame; }
Bytes geneve(int vni, int type, const Bytes& payload) { return Bytes{0x01, 0} + b16(type) + b24(vni) + b8(0) + zeros(4) + payload; }
Bytes gtp(int flags, const Bytes& payload) {
  return b8(flags) + b8(0xff) + b16(static_cast<int>(payload.size())) + b32(0xdeadbeef) + payload;
}

// One tunnel around kInner: the inner flow is accounted, the outer an annotation.
void unwraps(const Bytes& outer_packet, TunnelType type, uint32_t scope, bool has_scope, int protocol = 6) {
  Bench bench;
  const weir::Decoded& out = bench.feed(ethernet(0x0800, outer_packet));
  CHECK(is_flow(out));
  EQ(out.count, 2);
  if (out.count != 2) return;
  const weir::PacketRecord& inner = out.records[0].record;
  const weir::PacketRecord& outer = out.records[1].record;
  EQ(inner.kind, static_cast<int>(RecordKind::kPacket));
  EQ(inner.layer, 1);
  EQ(inner.protocol, protocol);
  EQ(inner.srcPort, 1025);
  EQ(inner.wireLen, outer.wireLen);
  EQ(inner.scopeId, scope);
  EQ(inner.parentScope, 1);
  CHECK(has(inner, RecordFlag::kTunneled));
  EQ(outer.kind, static_cast<int>(RecordKind::kOuter));
  EQ(outer.layer, 0);
  EQ(outer.parentScope, 1);
  EQ(outer.scopeId, 0);
  CHECK(!has(outer, RecordFlag::kTunneled));
  std::vector<weir::Tunnel> tunnels;
  bench.decoder.tunnels().copy_after(0, tunnels);
  EQ(tunnels.size(), 1);
  EQ(tunnels[0].id, 1);
  EQ(static_cast<int>(tunnels[0].type), static_cast<int>(type));
  EQ(tunnels[0].scope, scope);
  EQ(tunnels[0].has_scope, has_scope);
  EQ(tunnels[0].source_port, outer.srcPort);
  CHECK(std::memcmp(tunnels[0].source, outer.srcAddr, 16) == 0);
}

// The frame is one plain flow of the outer tuple.
void stays_plain(const Bytes& outer_packet) {
  Bench bench;
  const weir::Decoded& out = bench.feed(ethernet(0x0800, outer_packet));
  CHECK(is_flow(out));
  EQ(out.count, 1);
  EQ(out.records[0].record.layer, 0);
  EQ(out.records[0].record.kind, static_cast<int>(RecordKind::kPacket));
  CHECK(!has(out.records[0].record, RecordFlag::kTunneled));
}

}  // namespace

TEST(ip_in_ip) {
  unwraps(ipv4(4, kInner), TunnelType::kIpip, 0, false);
  unwraps(ipv4(41, kInner6), TunnelType::kIpip, 0, false, 17);
  unwraps(ipv4(97, Bytes{0x30, 0} + kInnerFrame), TunnelType::kEtherip, 0, false);
  unwraps(ipv4(137, b32(0x00064140) + kInner), TunnelType::kIpip, 0, false);
  unwraps(ipv4(103, Bytes{0x21, 0} + zeros(6) + kInner), TunnelType::kPim, 0, false);
  stays_plain(ipv4(4, zeros(40)));
  stays_plain(ipv4(103, Bytes{0x20, 0} + zeros(30)));
}

TEST(gre) {
  unwraps(ipv4(47, b16(0) + b16(0x0800) + kInner), TunnelType::kGre, 0, false);
  unwraps(ipv4(47, b16(0) + b16(0x86dd) + kInner6), TunnelType::kGre, 0, false, 17);
  unwraps(ipv4(47, b16(0xb000) + b16(0x0800) + zeros(4) + b32(42) + b32(1) + kInner), TunnelType::kGre, 42, true);
  unwraps(ipv4(47, b16(0x2000) + b16(0x6558) + b32(42) + kInnerFrame), TunnelType::kGre, 42, true);
  unwraps(ipv4(47, b16(0x2000) + b16(0x6558) + b32(0x123456aa) + kInnerFrame), TunnelType::kNvgre, 0x123456, true);
  const Bytes pptp = b16(0x3081) + b16(0x880b) + b16(7) + b16(1) + b32(1) + b32(2) + Bytes{0xff, 0x03, 0, 0x21};
  unwraps(ipv4(47, pptp + kInner), TunnelType::kPptp, 0, false);
  unwraps(ipv4(47, b16(0) + b16(0x88be) + kInnerFrame), TunnelType::kErspan, 0, false);
  unwraps(ipv4(47, b16(0x1000) + b16(0x88be) + b32(1) + b32(0x10000155) + zeros(4) + kInnerFrame), TunnelType::kErspan, 0x155, true);
  unwraps(ipv4(47, b16(0x1000) + b16(0x22eb) + b32(1) + b32(0x20000155) + zeros(8) + kInnerFrame), TunnelType::kErspan, 0x155, true);
  unwraps(ipv4(47, b16(0x1000) + b16(0x22eb) + b32(1) + b32(0x20000155) + zeros(7) + b8(1) + zeros(8) + kInnerFrame), TunnelType::kErspan,
          0x155, true);
  stays_plain(ipv4(47, b16(0) + b16(0)));                       // keep-alive
  stays_plain(ipv4(47, b16(0) + b16(0x0806) + zeros(28)));      // ARP inside
  stays_plain(ipv4(47, b16(0x0007) + b16(0x0800) + kInner));    // no such version
  stays_plain(ipv4(47, b16(0x0000)));
}

TEST(vxlan_by_port_and_shape) {
  unwraps(ipv4(17, udp(50000, 4789, vxlan(77, kInnerFrame))), TunnelType::kVxlan, 77, true);
  unwraps(ipv4(17, udp(50000, 8472, vxlan(77, kInnerFrame))), TunnelType::kVxlan, 77, true);
  unwraps(ipv4(17, udp(50000, 4790, Bytes{0x0c, 0, 0, 1} + b24(77) + b8(0) + kInner)), TunnelType::kVxlan, 77, true);
  unwraps(ipv4(17, udp(50000, 4789, vxlan(77, ethernet(0x8100, vlan(3, 0x0800, kInner))))), TunnelType::kVxlan, 77, true);
  stays_plain(ipv4(17, udp(50000, 4788, vxlan(77, kInnerFrame))));                   // another port
  stays_plain(ipv4(17, udp(50000, 4789, text("a decoy that is long enough to hold a header and more"))));
  stays_plain(ipv4(17, udp(50000, 4789, vxlan(77, ethernet(0x0806, zeros(28))))));    // ARP inside
  stays_plain(ipv4(17, udp(50000, 4789, vxlan(77, {}))));
}

TEST(other_udp_tunnels) {
  unwraps(ipv4(17, udp(50000, 6081, geneve(9, 0x6558, kInnerFrame))), TunnelType::kGeneve, 9, true);
  unwraps(ipv4(17, udp(50000, 6081, geneve(9, 0x0800, kInner))), TunnelType::kGeneve, 9, true);
  unwraps(ipv4(17, udp(50000, 2152, gtp(0x30, kInner))), TunnelType::kGtpu, 0, false);
  unwraps(ipv4(17, udp(50000, 2152, gtp(0x34, Bytes{0, 0, 0, 0x85, 1, 0, 0, 0} + kInner))), TunnelType::kGtpu, 0, false);
  unwraps(ipv4(17, udp(50000, 3544, kInner6)), TunnelType::kTeredo, 0, false, 17);
  unwraps(ipv4(17, udp(50000, 3544, Bytes{0, 1, 0, 0} + zeros(9) + Bytes{0, 0} + zeros(6) + kInner6)), TunnelType::kTeredo, 0, false, 17);
  unwraps(ipv4(17, udp(1701, 1701, b16(0x0002) + zeros(4) + Bytes{0xff, 0x03, 0, 0x21} + kInner)), TunnelType::kL2tp, 0, false);
  unwraps(ipv4(17, udp(50000, 4754, b16(0x2000) + b16(0x0800) + b32(9) + kInner)), TunnelType::kGre, 9, true);
  unwraps(ipv4(17, udp(50000, 6635, b32(0x00064140) + kInner)), TunnelType::kMplsUdp, 0, false);
  const Bytes ayiya = Bytes{0x44, 0x52, 0x11, 41} + zeros(4) + zeros(16) + zeros(20);
  unwraps(ipv4(17, udp(50000, 5072, ayiya + kInner6)), TunnelType::kAyiya, 0, false, 17);
  const Bytes wlan = Bytes{0x08, 0x01} + zeros(22) + Bytes{0xaa, 0xaa, 3, 0, 0, 0, 8, 0} + kInner;
  unwraps(ipv4(17, udp(50000, 5247, Bytes{0, 0x10, 0x03, 0} + zeros(4) + wlan)), TunnelType::kCapwap, 0, false);
  stays_plain(ipv4(17, udp(50000, 2152, gtp(0x30, zeros(20)))));
  stays_plain(ipv4(17, udp(50000, 2152, b8(0x30) + b8(1) + zeros(10))));  // echo request
  stays_plain(ipv4(17, udp(50000, 3544, kInner)));                          // Teredo carries IPv6 only
  stays_plain(ipv4(17, udp(1701, 1701, b16(0xc802) + zeros(10))));          // control message
}

TEST(gtp_endpoint_ids_are_no_part_of_the_key) {
  Bench bench;
  Bytes frame = ethernet(0x0800, ipv4(17, udp(2152, 2152, gtp(0x30, kInner))));
  const uint64_t first = hash(bench.flow(frame));
  frame[14 + 20 + 8 + 4] ^= 0x55;
  CHECK(hash(bench.flow(frame)) == first);
}

TEST(the_network_id_is_part_of_the_key) {
  Bench bench;
  const auto flow = [&](int vni) { return hash(bench.flow(ethernet(0x0800, ipv4(17, udp(50000, 4789, vxlan(vni, kInnerFrame)))))); };
  CHECK(flow(1) == flow(1));
  CHECK(flow(1) != flow(2));
  CHECK(flow(1) != hash(bench.flow(kInnerFrame)));
  EQ(bench.flow(kInnerFrame).parentScope, 0);
}

TEST(the_outer_flow_is_another_one_than_the_plain_flow_of_its_tuple) {
  Bench bench;
  const Bytes tunnel = ethernet(0x0800, ipv4(17, udp(50000, 4789, vxlan(5, kInnerFrame))));
  const uint64_t outer = hash(bench.feed(tunnel).records[1].record);
  const Bytes decoy = ethernet(0x0800, ipv4(17, udp(50000, 4789, text("keep-alive"))));
  CHECK(hash(bench.flow(decoy)) != outer);
}

TEST(both_directions_are_one_tunnel) {
  Bench bench;
  const Ipv4 back = {0x0a000002, 0x0a000001, 1, 0, 64, {}, -1};
  bench.feed(ethernet(0x0800, ipv4(4, kInner)));
  bench.feed(ethernet(0x0800, ipv4(4, kInner, back)));
  EQ(bench.out->records[0].record.parentScope, 1);
  CHECK(!has(bench.out->records[1].record, RecordFlag::kFromA));
  bench.feed(ethernet(0x0800, ipv4(47, b16(0) + b16(0x0800) + kInner)));
  EQ(bench.out->records[0].record.parentScope, 2);
}

TEST(tunnels_in_tunnels) {
  Bench bench;
  const Bytes inside = ipv4(17, udp(50000, 4789, vxlan(7, kInnerFrame)), {0xac100001, 0xac100002, 1, 0, 64, {}, -1});
  const weir::Decoded& out = bench.feed(ethernet(0x0800, ipv4(47, b16(0x2000) + b16(0x0800) + b32(3) + inside)));
  EQ(out.count, 3);
  EQ(out.records[0].record.layer, 2);
  EQ(out.records[0].record.scopeId, 7);
  EQ(out.records[0].record.parentScope, 2);
  EQ(out.records[1].record.layer, 0);
  EQ(out.records[1].record.protocol, 47);
  EQ(out.records[1].record.parentScope, 1);
  EQ(out.records[2].record.layer, 1);
  EQ(out.records[2].record.scopeId, 3);
  EQ(out.records[2].record.parentScope, 2);
  CHECK(has(out.records[2].record, RecordFlag::kTunneled));
  std::vector<weir::Tunnel> tunnels;
  bench.decoder.tunnels().copy_after(1, tunnels);
  EQ(tunnels.size(), 1);
  EQ(tunnels[0].parent, 1);
}

TEST(unwrapping_stops_at_eight_layers) {
  Bench bench;
  Bytes packet = kInner;
  for (int i = 0; i < 8; ++i) packet = ipv4(4, packet);
  EQ(bench.feed(packet, 101).count, 9);
  EQ(bench.out->records[0].record.protocol, 6);
  for (int i = 0; i < 4; ++i) packet = ipv4(4, packet);
  EQ(bench.feed(packet, 101).count, 9);
  EQ(bench.out->records[0].record.protocol, 4);
}

TEST(unwrapping_can_be_turned_off) {
  weir::DecodeOptions options;
  options.tunnels = false;
  Bench bench(options);
  const weir::Decoded& out = bench.feed(ethernet(0x0800, ipv4(17, udp(50000, 4789, vxlan(77, kInnerFrame)))));
  EQ(out.count, 1);
  EQ(out.records[0].record.dstPort, 4789);
  EQ(bench.feed(ethernet(0x0800, ipv4(4, kInner))).records[0].record.protocol, 4);
}

TEST(icmp_errors_inside_tunnels) {
  Bench bench;
  const auto wrap = [](const Bytes& packet) { return ethernet(0x0800, ipv4(17, udp(50000, 4789, vxlan(6, ethernet(0x0800, packet))))); };
  const uint64_t flow = hash(bench.flow(wrap(kInner)));
  const weir::Decoded& out = bench.feed(wrap(ipv4(1, icmp(3, 3, kInner))));
  EQ(out.count, 3);
  EQ(out.records[2].record.kind, static_cast<int>(RecordKind::kIcmpInner));
  CHECK(hash(out.records[2].record) == flow);
  EQ(out.records[2].record.layer, 1);
  EQ(out.records[2].record.scopeId, 6);
}

TEST(the_tunnel_table_is_bounded) {
  weir::TunnelRegistry registry;
  weir::Tunnel tunnel = {};
  tunnel.type = TunnelType::kGre;
  for (uint32_t i = 0; i < weir::kMaxTunnels; ++i) {
    tunnel.scope = i;
    if (registry.number(1, tunnel) != i + 1) check::fail(__FILE__, __LINE__, "numbers are not in order");
  }
  EQ(registry.full(), 0);
  tunnel.scope = 70000;
  EQ(registry.number(1, tunnel), 0);
  EQ(registry.full(), 1);
  tunnel.scope = 5;
  EQ(registry.number(1, tunnel), 6);
  uint32_t counts[16];
  registry.count_types(counts);
  EQ(counts[static_cast<int>(TunnelType::kGre)], weir::kMaxTunnels);
}
