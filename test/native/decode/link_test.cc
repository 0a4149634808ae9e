#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::Disposition;
using weir::NotFlow;
using weir::RecordFlag;
using weir::Reject;

namespace {

const Bytes kIp = ipv4(6, tcp(1025, 80));

bool finds_tcp(const Bytes& frame, int link_type) {
  Bench bench;
  const weir::Decoded& out = bench.feed(frame, link_type);
  const weir::PacketRecord& r = out.records[0].record;
  return is_flow(out) && r.protocol == 6 && r.srcPort == 1025 && r.dstPort == 80 && r.wireLen == frame.size() && r.linkType == link_type;
}

NotFlow kind_of(const Bytes& frame, int link_type = 1) {
  Bench bench;
  const weir::Decoded& out = bench.feed(frame, link_type);
  CHECK(out.disposition == Disposition::kNotFlow);
  return out.not_flow;
}

Reject reason_of(const Bytes& frame, int link_type = 1) {
  Bench bench;
  const weir::Decoded& out = bench.feed(frame, link_type);
  CHECK(out.disposition == Disposition::kRejected);
  return out.reason;
}

Bytes llc_snap(int oui, int type, const Bytes& payload) { return Bytes{0xaa, 0xaa, 0x03} + b24(oui) + b16(type) + payload; }

Bytes ieee8023(const Bytes& llc) { return ethernet(static_cast<int>(llc.size()), llc); }

}  // namespace

TEST(link_types_with_ip) {
  CHECK(finds_tcp(ethernet(0x0800, kIp), 1));
  for (int raw : {12, 14, 101, 228, 229}) CHECK(finds_tcp(kIp, raw));
  CHECK(finds_tcp(Bytes{2, 0, 0, 0} + kIp, 0));  // NULL in both byte orders
  CHECK(finds_tcp(Bytes{0, 0, 0, 2} + kIp, 0));
  CHECK(finds_tcp(Bytes{0, 0, 0, 2} + kIp, 108));
  CHECK(finds_tcp(b16(0) + b16(1) + b16(6) + zeros(8) + b16(0x0800) + kIp, 113));
  CHECK(finds_tcp(b16(0x0800) + zeros(6) + b16(1) + b8(0) + b8(6) + zeros(8) + kIp, 276));
  CHECK(finds_tcp(Bytes{0xff, 0x03, 0x00, 0x21} + kIp, 9));
  CHECK(finds_tcp(Bytes{0x21} + kIp, 9));  // compressed protocol field
  CHECK(finds_tcp(Bytes{0xff, 0x03, 0x00, 0x21} + kIp, 50));
  CHECK(finds_tcp(Bytes{0x0f, 0x00, 0x08, 0x00} + kIp, 50));
  CHECK(finds_tcp(Bytes{0x0f, 0x00, 0x08, 0x00} + kIp, 104));
  CHECK(finds_tcp(Bytes{0x18, 0x41, 0x03, 0xcc} + kIp, 107));
  CHECK(finds_tcp(Bytes{0x18, 0x41, 0x03, 0x00, 0x80, 0, 0, 0, 0x08, 0x00} + kIp, 107));
}

TEST(ipv6_families_of_null) {
  const Bytes packet = ipv6(6, tcp(1025, 80));
  for (int family : {10, 24, 28, 30}) {
    CHECK(finds_tcp(Bytes{static_cast<uint8_t>(family), 0, 0, 0} + packet, 0));
    CHECK(finds_tcp(Bytes{0, 0, 0, static_cast<uint8_t>(family)} + packet, 108));
  }
}

TEST(unknown_link_types_are_never_ethernet) {
  for (int wlan : {105, 119, 127, 163, 192}) CHECK(reason_of(ethernet(0x0800, kIp), wlan) == Reject::kLinkUndecodedWlan);
  for (int unknown : {2, 147, 195, 239, 258, 0xffff}) CHECK(reason_of(ethernet(0x0800, kIp), unknown) == Reject::kLinkUnknownType);
}

TEST(ethernet_tags) {
  Bench bench;
  const uint64_t untagged = hash(bench.flow(ethernet(0x0800, kIp)));
  const weir::PacketRecord& r = bench.flow(ethernet(0x88a8, vlan(0x2064, 0x8100, vlan(0x00c8, 0x0800, kIp))));
  EQ(r.vlanDepth, 2);
  EQ(r.tci0, 0x2064);
  EQ(r.tci1, 0x00c8);
  EQ(r.l3Off, 22);
  CHECK(hash(r) == untagged);
  for (int type : {0x8100, 0x88a8, 0x9100, 0x9200}) CHECK(finds_tcp(ethernet(type, vlan(5, 0x0800, kIp)), 1));
  Bytes deep = vlan(7, 0x0800, kIp);
  for (int i = 0; i < 7; ++i) deep = vlan(7, 0x8100, deep);
  CHECK(finds_tcp(ethernet(0x8100, deep), 1));
  CHECK(reason_of(ethernet(0x8100, vlan(7, 0x8100, deep))) == Reject::kLinkTooManyTags);
}

TEST(vlan_is_part_of_the_key_only_when_asked) {
  weir::DecodeOptions options;
  options.vlan_aware = true;
  Bench bench(options);
  const uint64_t five = hash(bench.flow(ethernet(0x8100, vlan(5, 0x0800, kIp))));
  CHECK(five != hash(bench.flow(ethernet(0x8100, vlan(6, 0x0800, kIp)))));
  CHECK(five != hash(bench.flow(ethernet(0x0800, kIp))));
  CHECK(five == hash(bench.flow(ethernet(0x8100, vlan(0xe005, 0x0800, kIp)))));  // priority is not identity
}

TEST(stripped_vlan_is_put_back_in_front) {
  Bench bench;
  bench.frame.stripped_vlan = 0x88a80000u | 100;
  const weir::PacketRecord& r = bench.flow(ethernet(0x8100, vlan(200, 0x0800, kIp)));
  EQ(r.vlanDepth, 2);
  EQ(r.tci0, 100);
  EQ(r.tci1, 200);
}

TEST(llc_and_snap) {
  CHECK(finds_tcp(ieee8023(llc_snap(0, 0x0800, kIp)), 1));
  CHECK(finds_tcp(ieee8023(Bytes{0x06, 0x06, 0x03} + kIp), 1));
  CHECK(kind_of(ieee8023(Bytes{0x42, 0x42, 0x03} + zeros(35))) == NotFlow::kStp);
  CHECK(kind_of(ieee8023(Bytes{0xfe, 0xfe, 0x03, 0x83} + zeros(35))) == NotFlow::kIsis);
  CHECK(kind_of(ieee8023(llc_snap(0x00000c, 0x2000, zeros(10)))) == NotFlow::kCdp);
  CHECK(kind_of(ieee8023(llc_snap(0x00000c, 0x010b, zeros(10)))) == NotFlow::kStp);
  CHECK(kind_of(ieee8023(Bytes{0xe0, 0xe0, 0x03} + zeros(30))) == NotFlow::kLlcOther);
  CHECK(reason_of(ethernet(0x05f0, zeros(40))) == Reject::kLinkBadHeader);
  // The 802.3 length keeps padding out of the packet.
  Bench bench;
  EQ(bench.flow(ieee8023(llc_snap(0, 0x0800, kIp)) + zeros(30)).payloadLen, 0);
}

TEST(kinds_that_are_no_flow) {
  CHECK(kind_of(ethernet(0x0806, zeros(28))) == NotFlow::kArp);
  CHECK(kind_of(ethernet(0x88cc, zeros(28))) == NotFlow::kLldp);
  CHECK(kind_of(ethernet(0x888e, zeros(28))) == NotFlow::kEapol);
  CHECK(kind_of(ethernet(0x9000, zeros(28))) == NotFlow::kLoopbackTest);
  CHECK(kind_of(ethernet(0x8809, zeros(28))) == NotFlow::kSlowProtocols);
  CHECK(kind_of(ethernet(0x8863, zeros(28))) == NotFlow::kPppoeDiscovery);
  CHECK(kind_of(ethernet(0x88e5, Bytes{0x2c, 0} + zeros(28))) == NotFlow::kMacsec);
  CHECK(kind_of(ethernet(0x8892, zeros(28))) == NotFlow::kProfinet);
  CHECK(kind_of(ethernet(0x0842, zeros(28))) == NotFlow::kWakeOnLan);
  CHECK(kind_of(ethernet(0x1234, zeros(28))) == NotFlow::kEthertypeOther);
  CHECK(kind_of(Bytes{0xff, 0x03, 0xc0, 0x21} + zeros(20), 9) == NotFlow::kPppControl);
  CHECK(kind_of(ethernet(0x8100, vlan(3, 0x0806, zeros(28)))) == NotFlow::kArp);
}

TEST(mpls) {
  const Bytes one = b32(0x00064140);  // label, bottom of stack
  const Bytes two = b32(0x00064040) + one;
  Bench bench;
  const weir::Decoded& out = bench.feed(ethernet(0x8847, two + kIp));
  CHECK(is_flow(out) && has(out.records[0].record, RecordFlag::kMpls));
  CHECK(finds_tcp(ethernet(0x8847, one + ethernet(0x0800, kIp)), 1));               // pseudowire without control word
  CHECK(finds_tcp(ethernet(0x8847, one + zeros(4) + ethernet(0x0800, kIp)), 1));    // and with one
  CHECK(reason_of(ethernet(0x8847, b32(0x00064040))) == Reject::kMplsTruncated);
  Bytes endless;
  for (int i = 0; i < 40; ++i) endless = endless + b32(0x00064040);
  CHECK(reason_of(ethernet(0x8847, endless)) == Reject::kTooManyLayers);
}

TEST(pppoe) {
  const auto session = [](int length) { return Bytes{0x11, 0x00, 0x00, 0x01} + b16(length) + b16(0x0021); };
  Bench bench;
  const Bytes frame = ethernet(0x8864, session(static_cast<int>(kIp.size()) + 2) + kIp) + zeros(6);
  const weir::PacketRecord& r = bench.flow(frame);
  CHECK(has(r, RecordFlag::kPppoe));
  EQ(r.payloadLen, 0);
  EQ(r.l3Off, 22);
  CHECK(reason_of(ethernet(0x8864, Bytes{0x11, 0})) == Reject::kPppoeTruncated);
  CHECK(reason_of(Bytes{0x00, 0x20, 0x45}, 9) == Reject::kPppBadHeader);
}

TEST(other_encapsulations) {
  CHECK(finds_tcp(ethernet(0x893f, zeros(6) + b16(0x0800) + kIp), 1));            // 802.1BR
  CHECK(finds_tcp(ethernet(0x8926, zeros(4) + b16(0x0800) + kIp), 1));            // VN-Tag
  CHECK(finds_tcp(ethernet(0x88e7, zeros(4) + ethernet(0x0800, kIp)), 1));        // provider backbone bridge
  CHECK(finds_tcp(ethernet(0x894f, Bytes{0, 2, 1, 1} + zeros(4) + kIp), 1));      // service chaining
  CHECK(finds_tcp(ethernet(0x88e5, Bytes{0, 0} + zeros(4) + b16(0x0800) + kIp + zeros(16)), 1));
  CHECK(finds_tcp(ethernet(0xd28b, b16(1) + b16(0x0010) + zeros(8) + b16(0x0800) + kIp), 1));
}

TEST(bridges_in_bridges_end) {
  Bytes frame = ethernet(0x0800, kIp);
  for (int i = 0; i < 100; ++i) frame = ethernet(0x88e7, zeros(4) + frame);
  CHECK(reason_of(frame) == Reject::kTooManyLayers);
}

TEST(truncated_links_say_how_much) {
  Bench bench;
  const weir::Decoded& out = bench.feed(zeros(9));
  CHECK(out.disposition == Disposition::kRejected && out.reason == Reject::kLinkTruncated);
  EQ(out.needed, 14);
  EQ(out.available, 9);
  EQ(out.count, 0);
  CHECK(reason_of({}) == Reject::kLinkTruncated);
  CHECK(reason_of({}, 101) == Reject::kIpTruncated);
}
