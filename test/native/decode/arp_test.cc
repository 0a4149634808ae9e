#include "../../../native/decode/arp.h"
#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::Disposition;
using weir::NotFlow;

namespace {

const Bytes kSender = {0x02, 0, 0, 0, 0, 0x51};
const Bytes kTarget = {0x02, 0, 0, 0, 0, 0x52};

Bytes arp(int operation, int hardware = 1, int protocol = 0x0800, int lengths = 0x0604) {
  return b16(hardware) + b16(protocol) + b16(lengths) + b16(operation) + kSender + b32(0xc0000201) + kTarget + b32(0xc0000202);
}

weir::DecodeOptions telling() {
  weir::DecodeOptions options;
  options.arp = true;
  return options;
}

// How many annotations the frame gives; it is not a flow, and ARP, in any case.
int told(const Bytes& bytes, int link_type = 1, const weir::DecodeOptions& options = telling()) {
  Bench bench(options);
  const weir::Decoded& out = bench.feed(bytes, link_type);
  CHECK(out.disposition == Disposition::kNotFlow && out.not_flow == NotFlow::kArp);
  return out.count;
}

bool says(const weir::PacketRecord& r, int operation) {
  return r.kind == static_cast<uint8_t>(weir::RecordKind::kArp) && r.icmpType == operation && std::memcmp(r.srcAddr, "\xc0\0\2\1\0\0\0\0", 8) == 0 &&
         std::memcmp(r.dstAddr, "\xc0\0\2\2\0\0\0\0", 8) == 0;
}

}  // namespace

TEST(arp_requests_and_replies) {
  for (int operation : {1, 2}) {
    Bench bench(telling());
    const weir::Decoded& out = bench.feed(ethernet(0x0806, arp(operation)) + zeros(18));
    EQ(out.count, 1);
    const weir::PacketRecord& r = out.records[0].record;
    CHECK(says(r, operation));
    EQ(r.l3Off, 14);
    EQ(r.wireLen, 60);
    EQ(r.srcMac[5], 0x0a);
    EQ(r.dstMac[5], 0x0b);
    EQ(hash(r), 0);
  }
}

TEST(arp_only_when_asked_for) {
  weir::DecodeOptions silent;
  EQ(told(ethernet(0x0806, arp(1)), 1, silent), 0);
}

TEST(arp_of_other_kinds) {
  for (int operation : {0, 3, 4, 8, 0x0101, 0x0102}) EQ(told(ethernet(0x0806, arp(operation))), 0);
  EQ(told(ethernet(0x0806, arp(1, 6))), 0);
  EQ(told(ethernet(0x0806, arp(1, 1, 0x86dd))), 0);
  EQ(told(ethernet(0x0806, arp(1, 1, 0x0800, 0x0610))), 0);
  EQ(told(ethernet(0x0806, arp(1, 1, 0x0800, 0x0804))), 0);
  EQ(told(ethernet(0x8035, arp(2))), 0);  // RARP, RFC 903
}

TEST(arp_that_is_cut) {
  const Bytes whole = ethernet(0x0806, arp(2));
  EQ(told(whole), 1);
  for (size_t length = 14; length < whole.size(); ++length) EQ(told(Bytes(whole.begin(), whole.begin() + static_cast<long>(length))), 0);
  // The length of 802.3 ends the message before the frame does.
  const Bytes snap = Bytes{0xaa, 0xaa, 0x03} + b24(0) + b16(0x0806) + arp(2);
  EQ(told(ethernet(static_cast<int>(snap.size()), snap)), 1);
  EQ(told(ethernet(static_cast<int>(snap.size()) - 1, snap)), 0);
}

TEST(arp_behind_tags) {
  Bench bench(telling());
  const weir::Decoded& out = bench.feed(ethernet(0x88a8, vlan(100, 0x8100, vlan(200, 0x0806, arp(1)))));
  EQ(out.count, 1);
  const weir::PacketRecord& tagged = out.records[0].record;
  CHECK(says(tagged, 1));
  EQ(tagged.l3Off, 22);
  EQ(tagged.vlanDepth, 2);
  EQ(tagged.tci0, 100);
  EQ(tagged.tci1, 200);
  bench.frame.stripped_vlan = 0x81000005;
  const weir::PacketRecord& restored = bench.flow(ethernet(0x8100, vlan(7, 0x0806, arp(2))));
  CHECK(says(restored, 2));
  EQ(restored.vlanDepth, 2);
  EQ(restored.tci0, 5);
  EQ(restored.tci1, 7);
}

TEST(arp_on_cooked_links) {
  Bench bench(telling());
  const Bytes source = Bytes{0x02, 0, 0, 0, 0, 0x0c};
  const weir::PacketRecord& first = bench.flow(b16(0) + b16(1) + b16(6) + source + b16(0) + b16(0x0806) + arp(1), 113);
  CHECK(says(first, 1));
  EQ(first.srcMac[5], 0x0c);
  EQ(first.dstMac[5], 0);
  const weir::PacketRecord& second = bench.flow(b16(0x0806) + zeros(6) + b16(1) + b8(0) + b8(6) + source + b16(0) + arp(2), 276);
  CHECK(says(second, 2));
  EQ(second.l3Off, 20);
}

// The datagram around it is the flow, and addresses of the network inside are no claims on this one.
TEST(arp_inside_a_tunnel_is_not_told) {
  Bench bench(telling());
  const Bytes vxlan = Bytes{8, 0, 0, 0, 0, 0, 5, 0} + ethernet(0x0806, arp(1));
  const weir::Decoded& out = bench.feed(ethernet(0x0800, ipv4(17, udp(50000, 4789, vxlan))));
  CHECK(is_flow(out));
  EQ(out.count, 1);
  CHECK(out.records[0].record.kind == static_cast<uint8_t>(weir::RecordKind::kPacket));
}
