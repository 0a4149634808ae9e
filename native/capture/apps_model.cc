// The apps profile: what people do, so that the application layer has something to read.
//
// Every fourth flow is a DNS query with its answer. The others begin with the dialogue of their protocol
// (app_payloads.h), each turn acknowledged, and go on with bulk data: two full packets, then an acknowledgement. TCP ends
// with FIN, FIN, ACK. One flow of eight carries half of their packets, as on real links; flows too short for their
// dialogue stop on the way. Nothing is lost or reordered here: imix has that.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "../base/random.h"
#include "app_payloads.h"
#include "packet_builder.h"
#include "traffic_model.h"

namespace weir {
namespace {

constexpr size_t kMinimum = 60;
constexpr size_t kTcpHeaders = 54;
constexpr size_t kUdpHeaders = 42;
constexpr uint32_t kSegment = 1460;
constexpr uint32_t kQuicPacket = 1250;
constexpr uint32_t kClosingPackets = 3;
// Packets of an HTTP connection that carry no body: handshake, request and header with their acknowledgements, end.
constexpr uint64_t kHttpOtherPackets = 3 + 4 + kClosingPackets;
constexpr uint64_t kLeastPackets = 2;
constexpr uint32_t kNameServer = 0xc6130035;
constexpr int kNobody = -1;

// Shares of the packets, in turn. The last one is half of their sum.
constexpr std::array<uint64_t, 8> kWeights = {1, 1, 2, 1, 4, 1, 2, 12};
constexpr uint64_t kShare = 64;  // parts of a weight, by which the bounds between flows are moved at random

// Of `packets` bulk packets every third one is an acknowledgement.
constexpr uint64_t data_packets(uint64_t packets) { return packets - packets / 3; }

struct AppFlow {
  AppDialogue dialogue;
  uint32_t client = 0;
  uint32_t server = 0;
  uint16_t client_port = 0;
  uint16_t server_port = 0;
  uint8_t step = 0;  // of the handshake; 3 = established; then of the end
  bool bulk = false;
  int owed = kNobody;        // the side that is to acknowledge a turn
  uint32_t turn = 0;
  uint32_t offset = 0;       // bytes of the turn that have been sent
  uint32_t seq[2] = {0, 0};  // next sequence number of client, server
  uint64_t remaining = 0;    // packets
  uint64_t bulk_packet = 0;  // number of the next one
  uint64_t data_left = 0;    // bulk packets with data
  uint64_t unit_bytes = 0;   // the TLS record, HTTP body or mail being sent, and how far it has come
  uint64_t unit_sent = 0;
};

bool is_datagrams(const AppFlow& f) { return f.dialogue.app == App::kDns || f.dialogue.app == App::kQuic; }

uint16_t port_of(App app) {
  switch (app) {
    case App::kHttp: return 80;
    case App::kDns: return 53;
    case App::kSsh: return 22;
    case App::kSmtp: return 25;
    default: return 443;
  }
}

class AppsModel final : public TrafficModel {
 public:
  explicit AppsModel(const GeneratorSpec& spec);
  size_t next(uint64_t index, uint8_t* frame) override;

 private:
  void open(AppFlow& flow);
  uint64_t budget();
  App choose();
  size_t tcp(AppFlow& f, uint8_t* frame);
  size_t established(AppFlow& f, uint8_t* frame);
  size_t bulk(AppFlow& f, uint8_t* frame);
  uint32_t next_piece(AppFlow& f);
  void begin_unit(AppFlow& f);
  size_t udp(AppFlow& f, uint8_t* frame);
  size_t closing(AppFlow& f, uint8_t* frame);
  size_t segment(AppFlow& f, int side, uint8_t flags, const uint8_t* payload, size_t bytes, uint8_t* frame);
  size_t datagram(const AppFlow& f, int side, const uint8_t* payload, size_t bytes, uint8_t* frame) const;
  const uint8_t* noise() { return noise_.data() + random_.below(kNoise); }

  static constexpr uint32_t kNoise = 1 << 16;

  const uint64_t packets_;
  const uint64_t flows_;
  Random random_;
  uint64_t opened_ = 0;
  uint64_t talkers_ = 0;  // flows opened that are not DNS
  uint64_t bound_ = 0;    // where the last talker's share ended
  uint16_t ip_id_ = 0;
  std::vector<uint8_t> noise_;  // what cannot be read looks like this
  std::array<uint8_t, kSegment> piece_{};
  Turn turn_;
  std::vector<AppFlow> active_;
};

AppsModel::AppsModel(const GeneratorSpec& spec)
    : packets_(std::max(spec.packets, kLeastPackets)), flows_(std::min(spec.flows, packets_ / kLeastPackets)), random_(spec.seed), noise_(kNoise + kSegment) {
  for (uint8_t& byte : noise_) byte = static_cast<uint8_t>(random_.below(256));
  // An eighth of the flows at a time, as in the connection model.
  active_.resize(static_cast<size_t>(std::clamp<uint64_t>(flows_ / 8, std::min<uint64_t>(flows_, 64), 1 << 20)));
  for (AppFlow& flow : active_) open(flow);
}

App AppsModel::choose() {
  if (opened_ % 4 == 1) return App::kDns;
  const uint32_t part = random_.below(100);
  if (part < 45) return App::kTls13;
  if (part < 57) return App::kTls12;
  if (part < 72) return App::kHttp;
  if (part < 92) return App::kQuic;
  return part < 96 ? App::kSsh : App::kSmtp;
}

// The packets of the next flow that is not DNS. Together, and with two for each DNS flow, they are exactly `packets_`.
uint64_t AppsModel::budget() {
  const uint64_t talkers = flows_ - (flows_ + 2) / 4;
  const auto weights_before = [](uint64_t talker) {
    uint64_t sum = talker / kWeights.size() * 24;
    for (uint64_t i = 0; i < talker % kWeights.size(); ++i) sum += kWeights[i];
    return sum * kShare;
  };
  static_assert(kWeights[0] + kWeights[1] + kWeights[2] + kWeights[3] + kWeights[4] + kWeights[5] + kWeights[6] + kWeights[7] == 24);
  const uint64_t total = weights_before(talkers);
  const auto packets_before = [&](uint64_t bound) {
    const uint64_t spare = packets_ - kLeastPackets * flows_;
    return static_cast<uint64_t>(static_cast<unsigned __int128>(spare) * bound / total);
  };
  const uint64_t begin = bound_;
  bound_ = ++talkers_ == talkers ? total : weights_before(talkers_) + random_.below(kShare / 2);
  return kLeastPackets + packets_before(bound_) - packets_before(begin);
}

void AppsModel::open(AppFlow& f) {
  f = AppFlow{};
  f.dialogue.app = choose();
  f.remaining = f.dialogue.app == App::kDns ? kLeastPackets : budget();
  f.dialogue.seed = random_.next();
  f.dialogue.host = random_.below(kAppHosts);
  if (f.dialogue.app == App::kHttp && f.remaining > kHttpOtherPackets) {
    f.dialogue.body = data_packets(f.remaining - kHttpOtherPackets) * kSegment - random_.below(1000);
  }
  // The number of the flow is in the client's address and port, so that no two share a tuple.
  const uint64_t i = opened_++;
  f.client = 0x0a000000 + static_cast<uint32_t>(i / 60'000 * 251 + i % 251);
  f.client_port = static_cast<uint16_t>(1024 + i % 60'000);
  f.server = f.dialogue.app == App::kDns ? kNameServer : app_host_address(f.dialogue.host);
  f.server_port = port_of(f.dialogue.app);
  f.seq[0] = static_cast<uint32_t>(random_.next());
  f.seq[1] = static_cast<uint32_t>(random_.next());
}

size_t AppsModel::next(uint64_t, uint8_t* frame) {
  const size_t slot = random_.below(static_cast<uint32_t>(active_.size()));
  AppFlow& f = active_[slot];
  ++ip_id_;
  const size_t length = is_datagrams(f) ? udp(f, frame) : tcp(f, frame);
  if (--f.remaining != 0) return length;
  if (opened_ < flows_) {
    open(f);
  } else if (active_.size() > 1) {
    f = active_.back();
    active_.pop_back();
  } else {
    f.remaining = 1;  // asked for more than was planned: the last one goes on
  }
  return length;
}

size_t AppsModel::segment(AppFlow& f, int side, uint8_t flags, const uint8_t* payload, size_t bytes, uint8_t* frame) {
  Segment segment{};
  segment.source = side == 0 ? f.client : f.server;
  segment.destination = side == 0 ? f.server : f.client;
  segment.source_port = side == 0 ? f.client_port : f.server_port;
  segment.destination_port = side == 0 ? f.server_port : f.client_port;
  segment.seq = f.seq[side];
  segment.ack = (flags & kTcpAck) != 0 ? f.seq[1 - side] : 0;
  segment.flags = flags;
  segment.window = 64240;
  segment.payload = static_cast<uint16_t>(bytes);
  segment.ip_id = ip_id_;
  segment.window_scale = true;
  const size_t length = put_tcp_frame(frame, segment, kMinimum);
  if (bytes != 0) {
    std::memcpy(frame + kTcpHeaders, payload, bytes);
    set_transport_checksum(frame + 14, 20 + bytes);
  }
  f.seq[side] += static_cast<uint32_t>(bytes) + ((flags & (kTcpSyn | kTcpFin)) != 0 ? 1 : 0);
  return length;
}

size_t AppsModel::datagram(const AppFlow& f, int side, const uint8_t* payload, size_t bytes, uint8_t* frame) const {
  const uint32_t source = side == 0 ? f.client : f.server;
  const uint32_t destination = side == 0 ? f.server : f.client;
  const uint16_t source_port = side == 0 ? f.client_port : f.server_port;
  const uint16_t destination_port = side == 0 ? f.server_port : f.client_port;
  const size_t length = put_udp_frame(frame, source, destination, source_port, destination_port, bytes, kMinimum);
  std::memcpy(frame + kUdpHeaders, payload, bytes);
  set_transport_checksum(frame + 14, 8 + bytes);
  return length;
}

size_t AppsModel::tcp(AppFlow& f, uint8_t* frame) {
  switch (f.step) {
    case 0: ++f.step; return segment(f, 0, kTcpSyn, nullptr, 0, frame);
    case 1: ++f.step; return segment(f, 1, kTcpSyn | kTcpAck, nullptr, 0, frame);
    case 2: ++f.step; return segment(f, 0, kTcpAck, nullptr, 0, frame);
    default: return f.step == 3 && f.remaining > kClosingPackets ? established(f, frame) : closing(f, frame);
  }
}

size_t AppsModel::closing(AppFlow& f, uint8_t* frame) {
  switch (f.step++) {
    case 3: return segment(f, 0, kTcpFin | kTcpAck, nullptr, 0, frame);
    case 4: return segment(f, 1, kTcpFin | kTcpAck, nullptr, 0, frame);
    default: return segment(f, 0, kTcpAck, nullptr, 0, frame);
  }
}

size_t AppsModel::established(AppFlow& f, uint8_t* frame) {
  if (f.owed != kNobody) return segment(f, std::exchange(f.owed, kNobody), kTcpAck, nullptr, 0, frame);
  if (f.bulk) return bulk(f, frame);
  if (!make_turn(f.dialogue, f.turn, turn_)) {
    f.bulk = true;
    f.data_left = data_packets(f.remaining - kClosingPackets);
    return bulk(f, frame);
  }
  const size_t bytes = std::min<size_t>(kSegment, turn_.bytes.size() - f.offset);
  const uint8_t* const from = turn_.bytes.data() + f.offset;
  f.offset += static_cast<uint32_t>(bytes);
  if (f.offset == turn_.bytes.size()) {
    ++f.turn;
    f.offset = 0;
    // The same side may go on, as a client that finishes the handshake and then asks.
    f.owed = 1 - turn_.side;
  }
  return segment(f, turn_.side, kTcpAck | kTcpPsh, from, bytes, frame);
}

// A mail goes to the server, everything else comes from it.
size_t AppsModel::bulk(AppFlow& f, uint8_t* frame) {
  const int sender = f.dialogue.app == App::kSmtp ? 0 : 1;
  if (f.bulk_packet++ % 3 == 2) return segment(f, 1 - sender, kTcpAck, nullptr, 0, frame);
  const uint32_t bytes = next_piece(f);
  return segment(f, sender, kTcpAck | kTcpPsh, piece_.data(), bytes, frame);
}

void AppsModel::begin_unit(AppFlow& f) {
  f.unit_sent = 0;
  const uint64_t whole = f.data_left * kSegment;
  switch (f.dialogue.app) {
    case App::kHttp: f.unit_bytes = f.dialogue.body; break;
    case App::kSmtp: f.unit_bytes = whole - random_.below(1000); break;
    // A packet under chacha20-poly1305: length, blocks of 8, tag.
    case App::kSsh: f.unit_bytes = 36 + 8 * random_.below(176); break;
    // A record of up to eleven segments, the most that fit into 16 KiB.
    default: f.unit_bytes = std::min<uint64_t>((1 + random_.below(11)) * kSegment, whole) - random_.below(1000);
  }
}

// The next segment of bulk data, in `piece_`.
uint32_t AppsModel::next_piece(AppFlow& f) {
  if (f.unit_sent == f.unit_bytes) begin_unit(f);
  const uint64_t at = f.unit_sent;
  const uint32_t bytes = static_cast<uint32_t>(std::min<uint64_t>(kSegment, f.unit_bytes - at));
  f.unit_sent += bytes;
  --f.data_left;
  if (f.dialogue.app == App::kSmtp) {
    static constexpr char kLine[] = "V2VpciBjb3VudHMgZXZlcnkgcGFja2V0IGFuZCBldmVyeSBieXRlIHRoYXQgcGFzc2VzIGl0Lg==\r\n";
    for (uint32_t i = 0; i < bytes; ++i) piece_[i] = static_cast<uint8_t>(kLine[(at + i) % (sizeof kLine - 1)]);
    if (f.unit_sent == f.unit_bytes) std::memcpy(piece_.data() + bytes - 5, "\r\n.\r\n", 5);
    return bytes;
  }
  std::memcpy(piece_.data(), noise(), bytes);
  if (at == 0 && (f.dialogue.app == App::kTls13 || f.dialogue.app == App::kTls12)) {
    const uint64_t body = f.unit_bytes - 5;
    const uint8_t header[5] = {23, 3, 3, static_cast<uint8_t>(body >> 8), static_cast<uint8_t>(body)};
    std::memcpy(piece_.data(), header, sizeof header);
  }
  return bytes;
}

size_t AppsModel::udp(AppFlow& f, uint8_t* frame) {
  if (make_turn(f.dialogue, f.turn++, turn_)) return datagram(f, turn_.side, turn_.bytes.data(), turn_.bytes.size(), frame);
  const int side = f.bulk_packet++ % 3 == 2 ? 0 : 1;
  const uint32_t bytes = side == 0 ? 34 + random_.below(12) : kQuicPacket;
  std::memcpy(piece_.data(), noise(), bytes);
  make_quic_short_header(piece_.data(), side);
  return datagram(f, side, piece_.data(), bytes, frame);
}

}  // namespace

std::unique_ptr<TrafficModel> make_apps_model(const GeneratorSpec& spec) { return std::make_unique<AppsModel>(spec); }

}  // namespace weir
