// Flows over rows, each array as long as it has to be; records in memory of exactly their size.
#pragma once
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/app/app_flows.h"
#include "../../../native/decode/protocols.h"
#include "exact_flow.h"

namespace weir {

constexpr size_t kColdBytes = kRowIsnB + 4 - kHotBytes;
constexpr uint16_t kSshPort = 22, kHttpPort = 80, kDnsPort = 53;
constexpr uint32_t kFirst[2] = {0xffffff00, 5000};  // sequence numbers of the first bytes; A's pass zero
constexpr uint32_t kTags = 16;

// A record with its payload behind two SACK blocks and `before` bytes of headers.
struct Packet {
  std::string payload;
  uint32_t seq = 0;
  size_t before = 40;
  size_t sacks = 2;
  std::function<void(PacketRecord&)> change = [](PacketRecord&) {};
};

// The record is the only thing in its memory.
class ExactRecord {
 public:
  explicit ExactRecord(const Packet& packet) {
    const size_t start = kRecordBytes + 8 * packet.sacks + packet.before;
    bytes_.reset(new uint8_t[start + packet.payload.size()]());
    std::memcpy(bytes_.get() + start, packet.payload.data(), packet.payload.size());
    PacketRecord& record = get();
    record.length = static_cast<uint32_t>(start + packet.payload.size());
    record.carried = static_cast<uint32_t>(packet.before + packet.payload.size());
    record.payloadLen = static_cast<uint32_t>(packet.payload.size());
    record.sackCount = static_cast<uint8_t>(packet.sacks);
    record.l3Off = 14;
    record.payloadOff = static_cast<uint16_t>(14 + packet.before);
    record.protocol = kProtoTcp;
    record.tcpFlags = 16;
    record.seq = packet.seq;
    record.rawSec = 1'700'000'000;
    record.streamNs = 7e9;
    record.hashLo = 0x12345675;
    record.hashHi = 0xabcd9999;
    record.fragOff = 0x123;
    packet.change(record);
  }
  PacketRecord& get() { return *reinterpret_cast<PacketRecord*>(bytes_.get()); }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
};

struct FlowBench {
  size_t rows;
  std::vector<uint8_t> hot, cold, states;
  std::vector<double> tally = std::vector<double>(kShardCounterSlots);
  std::vector<uint8_t> streams = std::vector<uint8_t>(65536), datagrams = std::vector<uint8_t>(65536);
  std::vector<int32_t> words = std::vector<int32_t>(kAppWords), tags = std::vector<int32_t>(kTags);
  std::unique_ptr<AppFlows> flows;

  explicit FlowBench(size_t count = 8) : rows(count), hot(count * kHotBytes), cold(count * kColdBytes), states(count) {
    streams[kSshPort] = static_cast<uint8_t>(AppProtocol::kSsh);
    streams[kHttpPort] = static_cast<uint8_t>(AppProtocol::kHttp);
    streams[443] = static_cast<uint8_t>(AppProtocol::kTls);
    datagrams[kDnsPort] = static_cast<uint8_t>(AppProtocol::kDns);
    datagrams[443] = static_cast<uint8_t>(AppProtocol::kQuic);
    words[kAppWordEnabled] = 1;
    flows = std::make_unique<AppFlows>(all_rows(), AppFlowsMemory{tally.data(), states.data(), streams.data(), datagrams.data(), words.data(),
                                                                  tags.data(), kTags - 1});
  }

  Rows all_rows() {
    Rows all;
    all.hot = hot.data();
    all.cold = cold.data();
    all.cold_bytes = kColdBytes;
    all.count = rows;
    return all;
  }
  Row row(size_t slot) { return all_rows().at(slot); }
  uint32_t flags(size_t slot) { return get<uint32_t>(row(slot).hot, kRowFlags); }
  void set_flags(size_t slot, uint32_t value) { put<uint32_t>(row(slot).hot, kRowFlags, value); }

  // A new flow in the row: endpoint `client` has begun it.
  void open(size_t slot, uint16_t port, uint8_t protocol = kProtoTcp, uint32_t client = 0) {
    std::memset(hot.data() + slot * kHotBytes, 0, kHotBytes);
    std::memset(cold.data() + slot * kColdBytes, 0, kColdBytes);
    const Row opened = row(slot);
    put<uint16_t>(opened.hot, client == 0 ? kRowPortA : kRowPortB, 40'000);
    put<uint16_t>(opened.hot, client == 0 ? kRowPortB : kRowPortA, port);
    opened.hot[kRowProtocol] = protocol;
    for (uint8_t i = 0; i < 16; i++) {
      opened.hot[kRowAddrA + i] = static_cast<uint8_t>(0x10 + i);
      opened.hot[kRowAddrB + i] = static_cast<uint8_t>(0x20 + i);
    }
    set_flags(slot, client == 0 ? 0 : kRowFlagClientIsB);
    opened.cold[kRowDirectionReason] = protocol == kProtoTcp ? kReasonSyn : kReasonFirstPacket;
    for (const uint32_t side : {0u, 1u}) put<uint32_t>(opened.cold, kRowIsnA + 4 * side, kFirst[side] - 1);
  }

  // As the fast path gives it; `offered`: as the table does, when it was counted.
  Offered send(size_t slot, uint32_t side, const Packet& packet, bool offered = false) {
    ExactRecord record(packet);
    const bool may = offered || flows->may_take(slot, side, record.get());
    if (!may) return Offered::kDeclined;
    add<double>(row(slot).hot, kRowPayloadA + 8 * side, record.get().payloadLen);
    return offered ? flows->offer(slot, side, record.get()) : flows->take(slot, side, record.get());
  }
  // Bytes of a stream from `at` on, of a side whose endpoint is the same number.
  Offered segment(size_t slot, uint32_t side, size_t at, const std::string& payload, bool offered = false) {
    return send(slot, side, {payload, kFirst[side] + static_cast<uint32_t>(at)}, offered);
  }
  Offered datagram(size_t slot, uint32_t side, const std::string& payload, double now = 7e9) {
    return send(slot, side, {payload, 0, 28, 0, [now](PacketRecord& record) {
                               record.protocol = kProtoUdp;
                               record.tcpFlags = 0;
                               record.streamNs = now;
                             }});
  }

  struct Given {
    bool is_open = false;
    uint8_t client = 9, reported = 9;
    std::string heads[2];
    std::vector<AppEvent> events;
    bool is_sound = false;  // the events are the heads, cut up, with what was left out of them
  };
  Given release(size_t slot) {
    Given given;
    OpenFlow* const flow = flows->release(slot);
    if (flow == nullptr) return given;
    given.is_open = true;
    given.client = flow->client;
    given.reported = flow->reported;
    for (const size_t head : {0, 1}) given.heads[head] = flow->heads[head].bytes().text();
    given.events.assign(flow->event_list(), flow->event_list() + flow->event_count());
    size_t lengths[2] = {0, 0};
    for (const AppEvent& event : given.events) lengths[flow->is_stream ? event.side : 0] += event.length;
    given.is_sound = !given.events.empty();
    for (const uint32_t role : {kClient, kServer}) {
      size_t left_out = 0;
      size_t last = 0;
      for (size_t i = 0; i < flow->gap_count(role); i++) {
        const LeftOut& gap = flow->gap_list(role)[i];
        given.is_sound &= gap.length > 0 && gap.at <= given.heads[role].size() && (i == 0 || gap.at > last);
        last = gap.at;
        left_out += gap.length;
      }
      given.is_sound &= left_out == flow->left_out[role] && lengths[role] == given.heads[role].size() + left_out;
    }
    flows->recycle(flow);
    return given;
  }
  std::string note(size_t slot) {
    std::string out;
    flows->append_note(out, slot);
    return out;
  }
  double counted(uint32_t counter) const { return tally[counter]; }
  int32_t held() const { return words[kAppWordHeld]; }
};

inline std::string be(uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; i--) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}

const std::string kClientBanner = "SSH-2.0-OpenSSH_9.6\r\n";
const std::string kServerBanner = "SSH-2.0-dropbear_2022.83\r\n";

inline std::string ssh_offer() {
  std::string payload = "\x14" + std::string(16, 'c');
  for (const char* const list : {"curve25519-sha256", "ssh-ed25519", "aes128-ctr", "aes128-ctr", "hmac-sha1", "hmac-sha1", "none", "none", "", ""})
    payload += be(static_cast<uint32_t>(std::strlen(list)), 4) + list;
  payload += std::string(5, '\0');
  return be(static_cast<uint32_t>(payload.size() + 5), 4) + '\x04' + payload + std::string(4, 'p');
}

inline std::string dns_message(bool is_response, uint32_t answers) {
  std::string out = be(0x1234, 2) + be(is_response ? 0x8180 : 0x0100, 2) + be(1, 2) + be(is_response ? answers : 0, 2) + be(0, 4);
  out += std::string("\3www\7example\3org", 16) + '\0' + be(1, 2) + be(1, 2);
  for (uint32_t i = 0; is_response && i < answers; i++) out += be(0xc00c, 2) + be(1, 2) + be(1, 2) + be(300, 4) + be(4, 2) + be(0xc0000200 + i, 4);
  return out;
}

}  // namespace weir
