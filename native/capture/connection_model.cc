// The imix and small profiles: many connections, interleaved at random.
//
// A TCP connection of n packets is a handshake (3), data and acknowledgements (n - 6), and its end (3); shorter ones stop
// on the way, as real ones do. About 1.5 % of the data segments are impaired, in equal parts:
//   retransmitted   sent again after the next packet
//   lost, resent    not seen at first, its bytes follow after later ones
//   lost for good   acknowledged, but never seen: a gap
//   reordered       seen after the segment that follows it
#include <algorithm>
#include <utility>
#include <vector>

#include "../base/random.h"
#include "packet_builder.h"
#include "traffic_model.h"

namespace weir {
namespace {

constexpr double kImpaired = 0.015;
constexpr size_t kSmallFrame = 64;
constexpr size_t kHeaders = 54;  // Ethernet, IPv4, TCP without options
constexpr uint16_t kSmallPayload = kSmallFrame - kHeaders;
constexpr uint16_t kMediumPayload = 570 - kHeaders;
constexpr uint16_t kLargePayload = 1514 - kHeaders;  // 1518 bytes with the frame check sequence
constexpr uint32_t kClosingPackets = 3;

enum class Kind : uint8_t { kTcp, kUdp, kEcho };

struct Connection {
  uint32_t client = 0;
  uint32_t server = 0;
  uint16_t client_port = 0;
  uint16_t server_port = 0;
  Kind kind = Kind::kTcp;
  uint8_t step = 0;  // of the handshake; 3 = established; then of the end
  uint32_t remaining = 0;
  uint32_t seq[2] = {0, 0};      // next sequence number of client, server
  uint32_t acked[2] = {0, 0};    // what each side has acknowledged of the other
  uint32_t late_seq = 0;         // a segment that is still to be sent (again)
  uint16_t late_payload = 0;     // 0 = none
  uint8_t late_side = 0;
};

class ConnectionModel final : public TrafficModel {
 public:
  explicit ConnectionModel(const GeneratorSpec& spec);
  size_t next(uint64_t index, uint8_t* frame) override;

 private:
  void open(Connection& connection);
  size_t tcp(Connection& c, uint8_t* frame);
  size_t established(Connection& c, uint8_t* frame);
  size_t data(Connection& c, int side, uint8_t* frame);
  size_t closing(Connection& c, uint8_t* frame);
  size_t emit(const Connection& c, int side, uint32_t seq, uint8_t flags, uint16_t payload, uint8_t* frame);
  size_t datagram(Connection& c, uint8_t* frame);
  uint16_t data_payload();

  const uint64_t packets_;
  const uint64_t flows_;
  const bool small_;
  Random random_;
  uint64_t opened_ = 0;
  uint64_t budgeted_ = 0;
  uint16_t ip_id_ = 0;
  std::vector<Connection> active_;
};

ConnectionModel::ConnectionModel(const GeneratorSpec& spec)
    : packets_(spec.packets), flows_(std::min(spec.flows, std::max<uint64_t>(spec.packets, 1))), small_(spec.profile == Profile::kSmall), random_(spec.seed) {
  // An eighth of the connections at a time: enough to make every packet meet a cold table entry, as on a busy link.
  active_.resize(static_cast<size_t>(std::clamp<uint64_t>(flows_ / 8, std::min<uint64_t>(flows_, 64), 1 << 20)));
  for (Connection& connection : active_) open(connection);
}

// Packets are shared out so that after the last connection exactly `packets_` have been: equal parts, moved by up to a
// quarter of a part.
void ConnectionModel::open(Connection& c) {
  const uint64_t part = packets_ / flows_;
  const uint64_t i = opened_++;
  uint64_t until = static_cast<uint64_t>(static_cast<unsigned __int128>(packets_) * (i + 1) / flows_);
  if (i + 1 < flows_ && part >= 4) until += random_.below(static_cast<uint32_t>(part / 2)) - part / 4;
  c = Connection{};
  c.remaining = static_cast<uint32_t>(std::max(until, budgeted_ + 1) - budgeted_);
  budgeted_ += c.remaining;
  const uint32_t kind = random_.below(100);
  c.kind = kind < 88 ? Kind::kTcp : kind < 98 ? Kind::kUdp : Kind::kEcho;
  // The number of the connection is in the client's address and port, so that no two share a tuple.
  c.client = 0x0a000000 + static_cast<uint32_t>(i / 60'000 * 251 + i % 251);
  c.client_port = static_cast<uint16_t>(1024 + i % 60'000);
  c.server = 0xc6120000 + random_.below(4096);
  static constexpr uint16_t kPorts[] = {443, 80, 53, 22, 8080, 993, 3306, 5222};
  c.server_port = kPorts[random_.below(8)];
  c.seq[0] = static_cast<uint32_t>(random_.next());
  c.seq[1] = static_cast<uint32_t>(random_.next());
}

size_t ConnectionModel::next(uint64_t, uint8_t* frame) {
  const size_t slot = random_.below(static_cast<uint32_t>(active_.size()));
  Connection& c = active_[slot];
  --c.remaining;
  const size_t length = c.kind == Kind::kTcp ? tcp(c, frame) : datagram(c, frame);
  if (c.remaining != 0) return length;
  if (opened_ < flows_) {
    open(c);
  } else if (active_.size() > 1) {
    c = active_.back();
    active_.pop_back();
  } else {
    c.remaining = 1;  // asked for more than was planned: the last one goes on
  }
  return length;
}

size_t ConnectionModel::emit(const Connection& c, int side, uint32_t seq, uint8_t flags, uint16_t payload, uint8_t* frame) {
  Segment segment{};
  segment.source = side == 0 ? c.client : c.server;
  segment.destination = side == 0 ? c.server : c.client;
  segment.source_port = side == 0 ? c.client_port : c.server_port;
  segment.destination_port = side == 0 ? c.server_port : c.client_port;
  segment.seq = seq;
  segment.ack = (flags & kTcpAck) != 0 ? c.acked[side] : 0;
  segment.flags = flags;
  segment.window = 64240;
  segment.payload = payload;
  segment.ip_id = ip_id_ + 0;
  segment.window_scale = !small_;
  return put_tcp_frame(frame, segment, kSmallFrame);
}

size_t ConnectionModel::tcp(Connection& c, uint8_t* frame) {
  ++ip_id_;
  switch (c.step) {
    case 0:
      ++c.step;
      return emit(c, 0, c.seq[0]++, kTcpSyn, 0, frame);
    case 1:
      ++c.step;
      c.acked[1] = c.seq[0];
      return emit(c, 1, c.seq[1]++, kTcpSyn | kTcpAck, 0, frame);
    case 2:
      ++c.step;
      c.acked[0] = c.seq[1];
      return emit(c, 0, c.seq[0], kTcpAck, 0, frame);
    default:
      return c.remaining >= kClosingPackets && c.step == 3 ? established(c, frame) : closing(c, frame);
  }
}

size_t ConnectionModel::established(Connection& c, uint8_t* frame) {
  if (c.late_payload != 0) {
    const uint16_t payload = std::exchange(c.late_payload, uint16_t{0});
    return emit(c, c.late_side, c.late_seq, kTcpAck | kTcpPsh, payload, frame);
  }
  // The side that owes an acknowledgement gives it in most cases; a 64-byte frame either way.
  for (const int side : {0, 1}) {
    if (c.acked[side] != c.seq[1 - side] && random_.below(4) != 0) {
      c.acked[side] = c.seq[1 - side];
      return emit(c, side, c.seq[side], kTcpAck, 0, frame);
    }
  }
  return data(c, random_.below(4) == 0 ? 0 : 1, frame);
}

// 64 : 570 : 1518 bytes come out as about 7 : 4 : 1 over all packets, acknowledgements included.
uint16_t ConnectionModel::data_payload() {
  if (small_) return kSmallPayload;
  const uint32_t choice = random_.below(20);
  return choice < 15 ? kMediumPayload : choice < 19 ? kLargePayload : kSmallPayload;
}

size_t ConnectionModel::data(Connection& c, int side, uint8_t* frame) {
  const uint16_t payload = data_payload();
  const uint32_t seq = c.seq[side];
  c.seq[side] += payload;
  if (!random_.chance(kImpaired)) return emit(c, side, seq, kTcpAck | kTcpPsh, payload, frame);
  const uint32_t impairment = random_.below(4);
  if (impairment == 0) {
    c.late_seq = seq;
    c.late_payload = payload;
    c.late_side = static_cast<uint8_t>(side);
    return emit(c, side, seq, kTcpAck | kTcpPsh, payload, frame);
  }
  // The next segment is seen first.
  const uint16_t following = data_payload();
  c.seq[side] += following;
  if (impairment != 1) {
    c.late_seq = seq;
    c.late_payload = payload;
    c.late_side = static_cast<uint8_t>(side);
  }
  return emit(c, side, seq + payload, kTcpAck | kTcpPsh, following, frame);
}

// FIN, FIN, ACK.
size_t ConnectionModel::closing(Connection& c, uint8_t* frame) {
  switch (c.step++) {
    case 3:
      return emit(c, 0, c.seq[0]++, kTcpFin | kTcpAck, 0, frame);
    case 4:
      c.acked[1] = c.seq[0];
      return emit(c, 1, c.seq[1]++, kTcpFin | kTcpAck, 0, frame);
    default:
      c.acked[0] = c.seq[1];
      return emit(c, 0, c.seq[0], kTcpAck, 0, frame);
  }
}

size_t ConnectionModel::datagram(Connection& c, uint8_t* frame) {
  const bool reply = (c.step++ & 1) != 0;
  const uint32_t source = reply ? c.server : c.client;
  const uint32_t destination = reply ? c.client : c.server;
  if (c.kind == Kind::kEcho) return put_echo_frame(frame, source, destination, reply, c.client_port, c.step / 2, kSmallPayload, kSmallFrame);
  const size_t payload = small_ ? 22 : data_payload();
  return put_udp_frame(frame, source, destination, reply ? c.server_port : c.client_port, reply ? c.client_port : c.server_port, payload, kSmallFrame);
}

}  // namespace

std::unique_ptr<TrafficModel> make_connection_model(const GeneratorSpec& spec) { return std::make_unique<ConnectionModel>(spec); }

}  // namespace weir
