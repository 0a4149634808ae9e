// Flows over records that lie, and rows that change behind them: whoever reads too far is seen by the sanitizers.
#include "../decode/check.h"
#include "app_flows_bench.h"

namespace weir {
namespace {

constexpr size_t kFlows = 12;
constexpr uint16_t kPorts[] = {kSshPort, kHttpPort, 443, kDnsPort, 9};

const std::string kHello = std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11);

// What may be next at that port, or anything.
std::string some_payload(Random& random, uint16_t port, size_t role, bool is_first) {
  const std::string body = "Content-Length: " + std::to_string(random.below(40'000)) + "\r\n\r\n" + std::string(random.below(1200), 'x');
  if (random.below(6) == 0) return std::string(random.below(random.below(8) == 0 ? 66'000 : 1500), 'x');
  if (random.below(6) == 0) port = 443;
  switch (port) {
    case kSshPort: return (is_first ? (role == kClient ? kClientBanner : kServerBanner) : "") + (random.below(3) > 0 ? ssh_offer() : "");
    case kHttpPort: return (role == kClient ? "GET / HTTP/1.1\r\nHost: a.example\r\n" : "HTTP/1.1 200 OK\r\n") + body;
    case kDnsPort: return dns_message(role == kServer, random.below(5));
    default: return kHello + std::string(random.below(600), '\0');
  }
}

// Any field says anything; the memory is as long as `length` says or longer.
void lie(PacketRecord& record, Random& random) {
  const uint32_t length = record.length;
  const auto any32 = [&] { return random.below(3) == 0 ? UINT32_MAX - random.below(100) : random.below(70'000); };
  for (uint32_t lies = 1 + random.below(3); lies > 0; lies--) {
    switch (random.below(10)) {
      case 0: record.carried = any32(); break;
      case 1: record.payloadOff = static_cast<uint16_t>(any32()); break;
      case 2: record.l3Off = static_cast<uint16_t>(any32()); break;
      case 3: record.payloadLen = any32(); break;
      case 4: record.sackCount = static_cast<uint8_t>(any32()); break;
      case 5: record.length = random.below(length + 1); break;
      case 6: record.seq = random.below(2) == 0 ? any32() : record.seq + random.below(5) - 2; break;
      case 7: record.protocol = random.below(2) == 0 ? kProtoTcp : kProtoUdp; break;
      case 8: record.tcpFlags = static_cast<uint8_t>(any32()); break;
      default: record.flags = static_cast<uint16_t>(any32());
    }
  }
}

// A flow of its own, or a row of anything.
void refill(FlowBench& bench, size_t slot, Random& random) {
  if (bench.states[slot] == 0) bench.open(slot, kPorts[random.below(5)], random.below(2) == 0 ? kProtoTcp : kProtoUdp, random.below(2));
  if (random.below(10) > 0) return;
  for (size_t i = 0; i < kHotBytes; i++) bench.hot[slot * kHotBytes + i] = static_cast<uint8_t>(random.below(256));
  for (size_t i = 0; i < kColdBytes; i++) bench.cold[slot * kColdBytes + i] = static_cast<uint8_t>(random.below(256));
}

void finish(FlowBench& bench, size_t slot, Random& random) {
  if (random.below(2) == 0 || bench.flows->conclude(slot) == Offered::kOdd) {
    const FlowBench::Given given = bench.release(slot);
    CHECK(!given.is_open || given.is_sound);
  }
  CHECK((bench.note(slot).empty()) == ((bench.states[slot] & kAppStateClosed) == 0));
  bench.flows->forget(slot);
  CHECK(bench.note(slot).empty());
}

TEST(records_that_lie) {
  FlowBench bench(kFlows);
  Random random(17);
  size_t sent[kFlows][2] = {};
  bool is_stale[kFlows] = {};
  size_t answers[4] = {};
  for (int round = 0; round < 60'000; round++) {
    const size_t slot = random.below(kFlows);
    const uint32_t side = random.below(2);
    if (random.below(is_stale[slot] ? 2 : 20) == 0) {
      finish(bench, slot, random);
      refill(bench, slot, random);
      sent[slot][0] = sent[slot][1] = 0;
    }
    if (random.below(500) == 0) bench.flows->take_names();
    const uint32_t seq = kFirst[side] + static_cast<uint32_t>(sent[slot][side]);
    const bool is_lie = random.below(5) == 0;
    const Row row = bench.row(slot);
    const uint8_t protocol = row.hot[kRowProtocol];
    const uint32_t client = bench.flags(slot) & kRowFlagClientIsB;
    const uint16_t port = get<uint16_t>(row.hot, client == 0 ? kRowPortB : kRowPortA);
    Packet packet{some_payload(random, port, side == client ? kClient : kServer, sent[slot][side] == 0), seq, 20 + random.below(30), random.below(3), [&](PacketRecord& record) {
                    record.protocol = protocol;
                    if (protocol != kProtoTcp) record.tcpFlags = 0;
                    if (is_lie) lie(record, random);
                  }};
    const Offered answer = bench.send(slot, side, packet, random.below(2) == 0);
    answers[static_cast<size_t>(answer)]++;
    if (answer == Offered::kTaken) sent[slot][side] += packet.payload.size();
    is_stale[slot] = answer == Offered::kDeclined;
    if (answer == Offered::kOdd && random.below(4) > 0) {
      CHECK(bench.release(slot).is_sound);
    }
    if (random.below(300) == 0) {
      ExactRecord record(packet);
      CHECK(bench.flows->offer(kFlows + random.below(UINT32_MAX), side, record.get()) == Offered::kDeclined);
    }
  }
  for (size_t slot = 0; slot < kFlows; slot++) finish(bench, slot, random);
  EQ(bench.held(), 0);
  EQ(bench.counted(kShardCounterAppOpen), 0);
  for (const size_t count : answers) CHECK(count > 200);
}

TEST(records_of_anything) {
  FlowBench bench(kFlows);
  Random random(19);
  for (int round = 0; round < 60'000; round++) {
    const size_t slot = random.below(kFlows);
    if (random.below(6) == 0) {
      finish(bench, slot, random);
      refill(bench, slot, random);
    }
    const size_t size = kRecordBytes + random.below(400);
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
    for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(random.below(3) == 0 ? random.below(256) : 0);
    PacketRecord& record = *reinterpret_cast<PacketRecord*>(bytes.get());
    record.length = static_cast<uint32_t>(size);
    record.protocol = bench.row(slot).hot[kRowProtocol];
    // Some of them are next in line.
    if (random.below(2) == 0) {
      const size_t payload = random.below(size - kRecordBytes);
      record.flags = 0;
      record.tcpFlags = 0;
      record.sackCount = 0;
      record.l3Off = record.payloadOff = 0;
      record.carried = record.payloadLen = static_cast<uint32_t>(payload);
      record.seq = kFirst[0];
    }
    const uint32_t side = random.below(2);
    if (bench.flows->may_take(slot, side, record)) bench.flows->take(slot, side, record);
    else bench.flows->offer(slot, side, record);
  }
  for (size_t slot = 0; slot < kFlows; slot++) finish(bench, slot, random);
  EQ(bench.held(), 0);
  EQ(bench.counted(kShardCounterAppOpen), 0);
}

}  // namespace
}  // namespace weir
