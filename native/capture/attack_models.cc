// The flood and collision profiles: traffic that is made to hurt a flow table.
#include <algorithm>

#include "generator.h"
#include "packet_builder.h"
#include "traffic_model.h"

namespace weir {
namespace {

constexpr size_t kFrame = 64;
constexpr uint16_t kPayload = 10;
constexpr uint32_t kVictim = 0xc0000201;  // 192.0.2.1

// Every kEstablishedEvery-th packet belongs to one connection that was there before the flood and lives through it.
class FloodModel final : public TrafficModel {
 public:
  explicit FloodModel(const GeneratorSpec& spec) : spec_(spec) {}

  size_t next(uint64_t index, uint8_t* frame) override {
    if (index < 3 || index % kEstablishedEvery == 0) return established(frame);
    Segment syn{};
    const uint64_t tuple = flooded_++ % spec_.flows;
    // 61 ports per address; a multiplicative step visits the addresses out of order, and each one once.
    const uint32_t host = static_cast<uint32_t>(tuple / kPortsPerHost) * 2654435761U;
    syn.source = 0x0b000000 + (host & 0x0fffffff);
    syn.destination = kVictim;
    syn.source_port = static_cast<uint16_t>(1024 + tuple % kPortsPerHost * 1000);
    syn.destination_port = 80;
    syn.seq = host;
    syn.flags = kTcpSyn;
    syn.window = 1024;
    return put_tcp_frame(frame, syn, kFrame);
  }

 private:
  static constexpr uint64_t kEstablishedEvery = 1000;
  static constexpr uint64_t kPortsPerHost = 61;

  size_t established(uint8_t* frame) {
    const uint32_t client = 0xc6336402;  // 198.51.100.2
    const uint64_t step = step_++;
    const bool from_server = step == 1 || (step > 2 && step % 2 == 0);
    Segment segment{};
    segment.source = from_server ? kVictim : client;
    segment.destination = from_server ? client : kVictim;
    segment.source_port = from_server ? 22 : 40'000;
    segment.destination_port = from_server ? 40'000 : 22;
    segment.window = 64240;
    segment.seq = seq_[from_server];
    segment.ack = seq_[!from_server];
    segment.flags = step == 0 ? kTcpSyn : step == 1 ? kTcpSyn | kTcpAck : step == 2 ? kTcpAck : kTcpAck | kTcpPsh;
    segment.payload = step > 2 ? kPayload : 0;
    if (step == 0) segment.ack = 0;
    seq_[from_server] += segment.payload + (step < 2 ? 1U : 0U);
    return put_tcp_frame(frame, segment, kFrame);
  }

  const GeneratorSpec spec_;
  uint64_t flooded_ = 0;
  uint64_t step_ = 0;
  uint32_t seq_[2] = {1000, 5000};
};

// Tuple k has the source address base + k and the source port 65535 - k: the sum of all fields is the same for all.
class CollisionModel final : public TrafficModel {
 public:
  explicit CollisionModel(const GeneratorSpec& spec) : tuples_(std::clamp<uint64_t>(spec.flows, 1, kCollisionTuples)) {}

  size_t next(uint64_t index, uint8_t* frame) override {
    const uint32_t k = static_cast<uint32_t>(index % tuples_);
    const uint32_t round = static_cast<uint32_t>(index / tuples_);
    const bool from_server = round % 2 == 1;
    const uint32_t client = 0x0a000000 + k;
    const uint16_t client_port = static_cast<uint16_t>(65'535 - k);
    Segment segment{};
    segment.source = from_server ? kVictim : client;
    segment.destination = from_server ? client : kVictim;
    segment.source_port = from_server ? 80 : client_port;
    segment.destination_port = from_server ? client_port : 80;
    segment.window = 64240;
    segment.flags = round == 0 ? kTcpSyn : round == 1 ? kTcpSyn | kTcpAck : kTcpAck;
    segment.payload = round > 2 ? kPayload : 0;
    // After the handshake (rounds 0 to 2) each side sends one segment every second round, and acknowledges the other's.
    const uint32_t client_sent = round < 4 ? 0 : (round - 4) / 2 + 1;
    const uint32_t server_sent = round < 3 ? 0 : (round - 3) / 2 + (from_server ? 0 : 1);
    const uint32_t client_seq = 1000 + (round > 0) + (from_server ? client_sent : client_sent - (round >= 4)) * kPayload;
    const uint32_t server_seq = 5000 + (round > 1) + server_sent * kPayload;
    segment.seq = from_server ? server_seq : client_seq;
    segment.ack = round == 0 ? 0 : from_server ? client_seq : server_seq;
    return put_tcp_frame(frame, segment, kFrame);
  }

 private:
  const uint64_t tuples_;
};

}  // namespace

std::unique_ptr<TrafficModel> make_flood_model(const GeneratorSpec& spec) { return std::make_unique<FloodModel>(spec); }

std::unique_ptr<TrafficModel> make_collision_model(const GeneratorSpec& spec) { return std::make_unique<CollisionModel>(spec); }

}  // namespace weir
