// Datagrams that open flows: whom the row takes for the client, who hears of it, and what becomes of the bytes.
#include <cstring>
#include <string>

#include "../decode/check.h"
#include "fast_path_bench.h"

using namespace weir_test;

namespace {

constexpr uint8_t kUdp = 17;
constexpr uint8_t kDnsReader = 3;
constexpr uint32_t kHeaders = 28;

struct Ports {
  uint16_t from;
  uint16_t to;
};

weir::PacketRecord& datagram(Bench& bench, Ports ports = {40'001, 40'002}) {
  weir::PacketRecord& made = bench.append();
  made.protocol = kUdp;
  made.tcpFlags = 0;
  made.window = 0;
  made.srcPort = ports.from;
  made.dstPort = ports.to;
  return made;
}

// With its bytes behind it.
weir::PacketRecord& carrying(Bench& bench, Ports ports, const std::string& payload) {
  weir::PacketRecord& made = datagram(bench, ports);
  const uint32_t more = (kHeaders + static_cast<uint32_t>(payload.size()) + 15) / 16 * 16;
  std::memcpy(reinterpret_cast<uint8_t*>(&made) + weir::kRecordBytes + kHeaders, payload.data(), payload.size());
  made.length += more;
  bench.words.end += more;
  made.l3Off = 14;
  made.payloadOff = 14 + kHeaders;
  made.payloadLen = static_cast<uint32_t>(payload.size());
  made.carried = kHeaders + made.payloadLen;
  return made;
}

void turn(weir::PacketRecord& record) {
  record.flags = static_cast<uint16_t>(record.flags ^ static_cast<uint16_t>(weir::RecordFlag::kFromA));
  std::swap(record.srcAddr[0], record.dstAddr[0]);
}

// A query for the address of a.example.
const std::string kQuery("\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01" "a\x07" "example\0\0\x01\0\x01", 27);

// The row that is opened first is row 0.
std::string history(const Bench& bench) {
  const uint8_t* const cold = bench.cold.data() - weir::kHotBytes;
  return {reinterpret_cast<const char*>(cold + weir::kRowHistory), cold[weir::kRowHistoryLength]};
}
uint32_t reason(const Bench& bench) { return bench.cold[weir::kRowDirectionReason - weir::kHotBytes]; }
bool client_is_b(const Bench& bench) { return (weir::get<uint32_t>(bench.hot.data(), weir::kRowFlags) & weir::kRowFlagClientIsB) != 0; }

}  // namespace

TEST(a_datagram_opens_a_row_for_whoever_is_likely_to_have_asked) {
  struct Case {
    Ports ports;
    bool is_first_server;
    uint32_t reason;
  };
  const Case cases[] = {
      {{40'001, 40'002}, false, weir::kReasonFirstPacket}, {{53, 53}, false, weir::kReasonFirstPacket},
      {{40'001, 53}, false, weir::kReasonPortPrior},       {{53, 40'001}, true, weir::kReasonPortPrior},
      {{5353, 53}, false, weir::kReasonPortPrior},         {{53, 5353}, true, weir::kReasonPortPrior},
      {{1900, 40'001}, true, weir::kReasonPortPrior},      {{55'553, 65'535}, true, weir::kReasonPortPrior},
      {{0, 40'001}, true, weir::kReasonPortPrior},         {{0, 5353}, false, weir::kReasonPortPrior},
      {{1023, 1024}, true, weir::kReasonPortPrior},        {{1024, 1025}, false, weir::kReasonFirstPacket},
  };
  for (const Case& given : cases) {
    for (const bool from_b : {false, true}) {
      Bench bench;
      weir::PacketRecord& first = datagram(bench, given.ports);
      if (from_b) turn(first);
      EQ(bench.run(), 1u);
      CHECK(history(bench) == (given.is_first_server ? "^d" : "D"));
      EQ(reason(bench), given.reason);
      CHECK(client_is_b(bench) == (from_b != given.is_first_server));
      EQ(bench.table[weir::kTableListHeads + weir::kListNewUdp], 0);
      EQ(weir::get<double>(bench.hot.data(), weir::kRowPayloadA + (from_b ? 8 : 0)), 100.0);
      EQ(bench.protocols[2 * kUdp], 1.0);
      weir::PacketRecord& answer = datagram(bench, {given.ports.to, given.ports.from});
      if (!from_b) turn(answer);
      EQ(bench.run(), 1u);
      CHECK(history(bench) == (given.is_first_server ? "^dD" : "Dd"));
      EQ(bench.table[weir::kTableListTails + weir::kListUdp], 0);
    }
  }
}

TEST(a_datagram_that_is_not_whole_or_finds_no_room_opens_nothing) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableCredits] = 0; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableFreshRows] = kRows; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableIndexTaken] = kPlaces / 2; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableOpensPerEpoch] = 1; },
      [](Bench& b, weir::PacketRecord&) { b.times.due = 5e9; },
      [](Bench&, weir::PacketRecord& r) { r.flags = static_cast<uint16_t>(weir::RecordFlag::kFromA); },
      [](Bench&, weir::PacketRecord& r) { r.flags |= static_cast<uint16_t>(weir::RecordFlag::kNoTransport); },
      [](Bench&, weir::PacketRecord& r) { r.flags |= static_cast<uint16_t>(weir::RecordFlag::kFragment); },
      [](Bench&, weir::PacketRecord& r) { r.flags |= static_cast<uint16_t>(weir::RecordFlag::kBadL4Checksum); },
      [](Bench&, weir::PacketRecord& r) { r.scopeId = 1; },
      [](Bench&, weir::PacketRecord& r) { r.protocol = 136; },
      // Bytes that nobody takes here.
      [](Bench&, weir::PacketRecord& r) { r.carried = 128; },
  };
  for (const Change change : changes) {
    Bench bench;
    change(bench, datagram(bench));
    const auto table = bench.table;
    EQ(bench.run(), 0u);
    CHECK(bench.table == table && bench.index[2 * 7 + 1] == 0 && bench.tally[weir::kShardCounterFlowsCreated] == 0);
  }
}

TEST(whoever_asks_makes_an_attempt_and_whoever_answers_does_not) {
  const auto heard = [](Ports ports, int32_t entries) {
    Bench bench(true, kNewcomers);
    bench.heard->words[weir::kMomentEntries] = entries;
    bench.heard->openers[0] = 7;
    bench.heard->attempts[0] = 7;
    datagram(bench, ports);
    const uint32_t taken = bench.run();
    if (taken == 1) CHECK(bench.words.newcomers == 1 && bench.newcomers[0] == 0);
    return std::to_string(taken) + ' ' + std::to_string(bench.heard->words[weir::kMomentEntries] - entries) + ' ' +
           std::to_string(bench.heard->openers[0]) + ' ' + std::to_string(bench.heard->attempts[0]);
  };
  CHECK(heard({40'001, 53}, 0) == "1 1 1 1");
  CHECK(heard({1023, 53}, 0) == "1 1 1 1");
  CHECK(heard({1024, 40'001}, 0) == "1 1 1 1");
  CHECK(heard({53, 1024}, 0) == "1 0 0 0");
  CHECK(heard({1023, 40'001}, 0) == "1 0 0 0");
  // Without room for an entry, an attempt is left to the table.
  CHECK(heard({40'001, 53}, kEntries) == "0 0 7 7");
  CHECK(heard({53, 1024}, kEntries) == "1 0 0 0");
}

TEST(bytes_are_taken_where_there_is_a_reader) {
  Bench bench(false, kNewcomers, true);
  bench.datagram_ports[53] = kDnsReader;
  carrying(bench, {40'001, 53}, kQuery);
  carrying(bench, {40'003, 53}, "no question").hashLo = 9;
  carrying(bench, {40'004, 53}, kQuery).hashLo = 11;
  EQ(bench.run(), 2u);
  EQ(static_cast<int>(bench.states[0]), weir::kAppStateOpen | kDnsReader);
  EQ(reason(bench), weir::kReasonDnsQuery);
  // The flow that is not plain ends the run, and is there.
  EQ(bench.words.odd, 1u + 1u);
  EQ(bench.words.newcomers, 2u);
  EQ(bench.tally[weir::kShardCounterAppPackets], 2.0);
  EQ(bench.tally[weir::kShardCounterFlowsCreated], 2.0);
  EQ(bench.run(), 1u);
  EQ(bench.words.odd, 0u);
}

TEST(the_reader_is_the_one_of_the_servers_port_whoever_sends_first) {
  const auto taken = [](Ports ports, uint16_t reader) {
    Bench bench(false, 0, true);
    bench.datagram_ports[reader] = kDnsReader;
    carrying(bench, ports, kQuery);
    return bench.run();
  };
  EQ(taken({53, 40'001}, 53), 1u);
  EQ(taken({53, 40'001}, 40'001), 0u);
  EQ(taken({40'001, 53}, 53), 1u);
  EQ(taken({40'001, 53}, 40'001), 0u);
  EQ(taken({40'001, 40'002}, 40'002), 1u);
  EQ(taken({40'001, 40'002}, 40'001), 0u);
}

TEST(bytes_without_a_reader_are_left_to_the_table) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench& b, weir::PacketRecord&) { b.datagram_ports[53] = 0; },
      [](Bench& b, weir::PacketRecord&) { b.app_words[weir::kAppWordEnabled] = 0; },
      [](Bench& b, weir::PacketRecord&) { b.states[0] = weir::kAppStateClosed; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableFreshRows] = kRows; },
      // Only some of the payload was carried, or captured.
      [](Bench&, weir::PacketRecord& r) { r.carried -= 4; },
      [](Bench&, weir::PacketRecord& r) { r.payloadLen += 4; },
      [](Bench&, weir::PacketRecord& r) { r.flags |= static_cast<uint16_t>(weir::RecordFlag::kSnaplenCut); },
      [](Bench&, weir::PacketRecord& r) { r.dstPort = 54; },
      // The server's port is the other one.
      [](Bench&, weir::PacketRecord& r) {
        r.srcPort = 52;
        r.dstPort = 40'001;
      },
      [](Bench&, weir::PacketRecord& r) {
        r.protocol = kTcp;
        r.tcpFlags = kSyn;
        r.window = 500;
      },
  };
  for (const Change change : changes) {
    Bench bench(true, 0, true);
    bench.datagram_ports[53] = kDnsReader;
    change(bench, carrying(bench, {40'001, 53}, kQuery));
    const auto table = bench.table;
    const std::vector<uint8_t> states = bench.states;
    EQ(bench.run(), 0u);
    CHECK(bench.table == table && bench.states == states && bench.tally[weir::kShardCounterAppPackets] == 0);
    EQ(bench.heard->words[weir::kMomentEntries], 0);
  }
}

TEST(openings_in_any_memory_stay_in_it) {
  uint32_t taken = 0;
  uint32_t given_up = 0;
  for (uint32_t round = 0; round < 40; round++) {
    Bench bench(round % 2 == 0, kNewcomers, true);
    for (uint8_t& port : bench.datagram_ports) port = any() % 8 == 0 ? static_cast<uint8_t>(any() % 7) : kDnsReader;
    for (uint32_t trial = 0; trial < 50; trial++) {
      fill(bench.hot.data(), bench.hot.size());
      for (int32_t& word : bench.table) word = static_cast<int32_t>(any() % 64) - 1;
      bench.index.fill(0);
      bench.table[weir::kTableIndexTaken] = 0;
      bench.words.position = bench.words.end = 0;
      bench.words.sequence = bench.appended;
      for (uint32_t i = 0; i < 8; i++) {
        const std::string payload = any() % 4 == 0 ? std::string(any() % 700, 'x') : kQuery;
        weir::PacketRecord& record = carrying(bench, {static_cast<uint16_t>(any()), 53}, payload);
        record.hashLo = any();
        if (any() % 4 == 0) record.payloadLen = any();
        if (any() % 4 == 0) record.carried = any() % 2000;
        if (any() % 8 == 0) record.payloadOff = static_cast<uint16_t>(any());
        if (any() % 8 == 0) fill(record.srcAddr, 36);
      }
      taken += bench.run();
      given_up += bench.words.odd != 0 ? 1 : 0;
      for (size_t slot = 0; slot < kRows; slot++) {
        weir::OpenFlow* const flow = bench.apps->release(slot);
        if (flow != nullptr) bench.apps->recycle(flow);
        bench.apps->forget(slot);
      }
    }
  }
  CHECK(taken > 200 && given_up > 20);
}
