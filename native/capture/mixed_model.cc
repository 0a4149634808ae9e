// The mixed profile: a little of many protocols, to show a decoder and a flow table what a real link may bring.
#include <algorithm>
#include <array>
#include <cstring>

#include "../base/byte_order.h"
#include "../base/random.h"
#include "packet_builder.h"
#include "traffic_model.h"

namespace weir {
namespace {

constexpr size_t kMinimum = 64;
constexpr size_t kWritten = 512;  // no frame of this profile is longer

class MixedModel final : public TrafficModel {
 public:
  explicit MixedModel(const GeneratorSpec& spec) : flows_(static_cast<uint32_t>(std::min<uint64_t>(spec.flows, 1 << 20))), random_(spec.seed) {}

  size_t next(uint64_t index, uint8_t* frame) override {
    std::memset(frame, 0, kWritten);
    using Maker = size_t (MixedModel::*)(uint8_t*);
    static constexpr std::array<Maker, 12> kMakers = {
        &MixedModel::dns,  &MixedModel::tcp,   &MixedModel::vlan, &MixedModel::qinq,     &MixedModel::udp6, &MixedModel::echo,
        &MixedModel::sctp, &MixedModel::vxlan, &MixedModel::gre,  &MixedModel::fragment, &MixedModel::arp,  &MixedModel::lldp};
    // Half of the flows start a pair of packets that goes there and back.
    reply_ = index / kMakers.size() % 2 == 1;
    const uint32_t flow = static_cast<uint32_t>(index / (2 * kMakers.size()) % flows_);
    client_ = 0x0a010000 + flow % 65'000;
    port_ = static_cast<uint16_t>(20'000 + flow / 65'000);
    number_ = static_cast<uint16_t>(index);
    return std::max((this->*kMakers[index % kMakers.size()])(frame), kMinimum);
  }

 private:
  static constexpr uint32_t kServer = 0xc6330a01;  // 198.51.10.1

  uint32_t source() const { return reply_ ? kServer : client_; }
  uint32_t destination() const { return reply_ ? client_ : kServer; }

  size_t dns_message(uint8_t* p) const {
    static constexpr uint8_t kQuestion[] = {3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1, 0, 1};
    static constexpr uint8_t kAnswer[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 198, 51, 100, 7};
    store_be16(p, number_);
    store_be16(p + 2, reply_ ? 0x8180 : 0x0100);
    store_be16(p + 4, 1);
    store_be16(p + 6, reply_ ? 1 : 0);
    std::memcpy(p + 12, kQuestion, sizeof kQuestion);
    if (!reply_) return 12 + sizeof kQuestion;
    std::memcpy(p + 12 + sizeof kQuestion, kAnswer, sizeof kAnswer);
    return 12 + sizeof kQuestion + sizeof kAnswer;
  }

  // An IPv4 UDP packet with a DNS message; `shift` tells connections of different kinds apart.
  size_t dns_packet(uint8_t* ip, uint16_t shift) const {
    const size_t message = dns_message(ip + 28);
    const uint16_t client_port = static_cast<uint16_t>(port_ + shift);
    put_ipv4(ip, source(), destination(), 17, 8 + message, number_);
    put_udp(ip + 20, reply_ ? 53 : client_port, reply_ ? client_port : 53, message);
    set_transport_checksum(ip, 8 + message);
    return 28 + message;
  }

  size_t dns(uint8_t* p) { return 14 + (put_ethernet(p, source(), destination(), kEtherIpv4), dns_packet(p + 14, 0)); }

  size_t tcp(uint8_t* p) {
    Segment segment{};
    segment.source = source();
    segment.destination = destination();
    segment.source_port = reply_ ? 443 : port_;
    segment.destination_port = reply_ ? port_ : 443;
    segment.seq = reply_ ? 9000 : 1000;
    segment.ack = reply_ ? 1001 : 0;
    segment.flags = reply_ ? kTcpSyn | kTcpAck : kTcpSyn;
    segment.window = 65535;
    segment.window_scale = true;
    return put_tcp_frame(p, segment, kMinimum);
  }

  size_t vlan(uint8_t* p) {
    put_ethernet(p, source(), destination(), 0x8100);
    put_vlan(p + 14, 100, kEtherIpv4);
    return 18 + dns_packet(p + 18, 100);
  }

  size_t qinq(uint8_t* p) {
    put_ethernet(p, source(), destination(), 0x88a8);
    put_vlan(p + 14, 200, 0x8100);
    put_vlan(p + 18, 0x2000 | 201, kEtherIpv4);
    return 22 + dns_packet(p + 22, 200);
  }

  size_t udp6(uint8_t* p) {
    put_ethernet(p, source(), destination(), kEtherIpv6);
    put_ipv6(p + 14, source(), destination(), 17, 8 + 40);
    put_udp(p + 54, reply_ ? 5353 : port_, reply_ ? port_ : 5353, 40);
    set_transport_checksum(p + 14, 8);
    return 54 + 48;
  }

  size_t echo(uint8_t* p) { return put_echo_frame(p, source(), destination(), reply_, port_, number_, 56, kMinimum); }

  // An INIT chunk; the CRC32c is left at zero, which nothing here verifies.
  size_t sctp(uint8_t* p) {
    put_ethernet(p, source(), destination(), kEtherIpv4);
    put_ipv4(p + 14, source(), destination(), 132, 12 + 20, number_);
    store_be16(p + 34, reply_ ? 3868 : port_);
    store_be16(p + 36, reply_ ? port_ : 3868);
    p[46] = reply_ ? 2 : 1;
    store_be16(p + 48, 20);
    return 66;
  }

  // The inner frame is a DNS exchange of its own.
  size_t vxlan(uint8_t* p) {
    const size_t inner = 14 + (put_ethernet(p + 50, source(), destination(), kEtherIpv4), dns_packet(p + 64, 300));
    put_ethernet(p, 1, 2, kEtherIpv4);
    put_ipv4(p + 14, reply_ ? 0xac100002 : 0xac100001, reply_ ? 0xac100001 : 0xac100002, 17, 16 + inner, number_);
    put_udp(p + 34, static_cast<uint16_t>(49'152 + port_ % 1000), 4789, 8 + inner);
    p[42] = 0x08;
    store_be32(p + 46, 42 << 8);
    return 50 + inner;
  }

  size_t gre(uint8_t* p) {
    const size_t inner = dns_packet(p + 38, 400);
    put_ethernet(p, 1, 2, kEtherIpv4);
    put_ipv4(p + 14, reply_ ? 0xac100004 : 0xac100003, reply_ ? 0xac100003 : 0xac100004, 47, 4 + inner, number_);
    store_be16(p + 36, kEtherIpv4);
    return 38 + inner;
  }

  // A datagram in two fragments, the first one in the packets there, the second in those that would go back.
  size_t fragment(uint8_t* p) {
    put_ethernet(p, client_, kServer, kEtherIpv4);
    const uint16_t id = static_cast<uint16_t>(number_ / 24);
    put_ipv4(p + 14, client_, kServer, 17, 64, id, reply_ ? 64 / 8 : 0x2000);
    if (!reply_) put_udp(p + 34, static_cast<uint16_t>(port_ + 500), 514, 120);
    return 14 + 20 + 64;
  }

  size_t arp(uint8_t* p) {
    put_ethernet(p, source(), destination(), 0x0806);
    store_be16(p + 14, 1);
    store_be16(p + 16, kEtherIpv4);
    store_be16(p + 18, 0x0604);
    store_be16(p + 20, reply_ ? 2 : 1);
    std::memcpy(p + 22, p + 6, 6);
    store_be32(p + 28, source());
    store_be32(p + 38, destination());
    return 42;
  }

  // Chassis id, port id, time to live, end.
  size_t lldp(uint8_t* p) {
    static constexpr uint8_t kUnits[] = {2, 7, 4, 2, 0, 10, 1, 0, 1, 4, 3, 5, 'p', '1', 6, 2, 0, 120, 0, 0};
    static constexpr uint8_t kNearestBridge[] = {1, 0x80, 0xc2, 0, 0, 0x0e};
    put_ethernet(p, client_, kServer, 0x88cc);
    std::memcpy(p, kNearestBridge, sizeof kNearestBridge);
    std::memcpy(p + 14, kUnits, sizeof kUnits);
    return 14 + sizeof kUnits;
  }

  const uint32_t flows_;
  Random random_;
  bool reply_ = false;
  uint32_t client_ = 0;
  uint16_t port_ = 0;
  uint16_t number_ = 0;
};

}  // namespace

std::unique_ptr<TrafficModel> make_mixed_model(const GeneratorSpec& spec) { return std::make_unique<MixedModel>(spec); }

}  // namespace weir
