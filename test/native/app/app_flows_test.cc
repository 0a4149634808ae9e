// Flows that native readers keep: what is taken, what is declined, and that nothing of them is left when they are over.
#include "app_flows_bench.h"
#include "tls_bytes.h"

#include <list>

#include "../decode/check.h"

namespace weir {
namespace {

constexpr uint8_t kOpenSsh = kAppStateOpen | static_cast<uint8_t>(AppProtocol::kSsh);
constexpr uint8_t kClosedSsh = kAppStateClosed | static_cast<uint8_t>(AppProtocol::kSsh);
const std::string kRequest = "GET /a HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: curl/8.5.0\r\n\r\n";
const std::string kLongResponse =
    "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n" + std::string(1300, 'b');

constexpr auto kTaken = Offered::kTaken;
constexpr auto kDeclined = Offered::kDeclined;

// Its first bytes; more is wanted.
void begin(FlowBench& bench, size_t slot) {
  bench.open(slot, kSshPort);
  CHECK(bench.segment(slot, 0, 0, kClientBanner) == kTaken);
}

void check_empty(FlowBench& bench) {
  EQ(bench.held(), 0);
  EQ(bench.counted(kShardCounterAppOpen), 0);
  EQ(bench.flows->oldest(), -1);
}

TEST(a_flow_is_read_to_its_end) {
  for (const bool offered : {false, true}) {
    for (const uint32_t client : {0u, 1u}) {
      FlowBench bench;
      bench.open(3, kSshPort, kProtoTcp, client);
      CHECK(bench.segment(3, client, 0, kClientBanner, offered) == kTaken);
      EQ(bench.states[3], kOpenSsh);
      EQ(bench.flows->oldest(), 3);
      CHECK(bench.segment(3, 1 - client, 0, kServerBanner, offered) == kTaken);
      const std::string offer = ssh_offer();
      CHECK(bench.segment(3, client, kClientBanner.size(), offer, offered) == kTaken);
      CHECK(bench.segment(3, 1 - client, kServerBanner.size(), offer.substr(0, 20), offered) == kTaken);
      EQ(bench.tags[5], 0);
      CHECK(bench.note(3).empty());
      CHECK(bench.segment(3, 1 - client, kServerBanner.size() + 20, offer.substr(20), offered) == Offered::kDone);
      const std::string begins = "\"service\":\"ssh\",";
      const std::string says = "\"client\":\"SSH-2.0-OpenSSH_9.6\",\"server\":\"SSH-2.0-dropbear_2022.83\",";
      CHECK(bench.note(3).substr(1, begins.size()) == begins && bench.note(3).find(says) != std::string::npos);
      EQ(bench.states[3], kClosedSsh);
      EQ(bench.flags(3), kRowFlagAppDone | kRowFlagAppLabel | (client == 0 ? 0 : kRowFlagClientIsB));
      EQ(bench.row(3).cold[kRowDirectionReason], kReasonSyn);
      EQ(static_cast<uint32_t>(bench.tags[5]), 0xabcd0000u | 0x123 << 2 | 3);
      EQ(bench.counted(kShardCounterAppPackets), 5);
      EQ(bench.counted(kShardCounterAppFlows), 1);
      EQ(bench.counted(kShardCounterAppClosed), 1);
      check_empty(bench);
      CHECK(bench.flows->conclude(3) == kDeclined);
      CHECK(!bench.release(3).is_open);
      bench.flows->forget(3);
      EQ(bench.states[3], 0);
      CHECK(bench.note(3).empty());
    }
  }
}

// A server's flight in segments of that size, then the client's end.
Offered shake_hands(FlowBench& bench, size_t slot, size_t segment) {
  const Parts parts = tls13();
  const std::string& flight = parts[1].bytes;
  CHECK(bench.segment(slot, 0, 0, parts[0].bytes) == kTaken);
  for (size_t at = 0; at < flight.size(); at += segment) CHECK(bench.segment(slot, 1, at, flight.substr(at, segment)) == kTaken);
  return bench.segment(slot, 0, parts[0].bytes.size(), parts[2].bytes);
}

TEST(what_is_under_a_cipher_is_not_kept) {
  const std::string flight = tls13()[1].bytes;
  const size_t data = flight.find(std::string("\x17\x03\x03", 3)) + 5;
  std::string notes[2];
  for (const size_t segment : {flight.size(), size_t{400}}) {
    FlowBench bench;
    bench.open(3, 443);
    CHECK(shake_hands(bench, 3, segment) == Offered::kDone);
    notes[segment == 400 ? 1 : 0] = bench.note(3);
    check_empty(bench);
  }
  CHECK(!notes[0].empty() && notes[0] == notes[1]);
  // Of the first record neither what came before the reader saw that it is one, nor what came then.
  FlowBench bench;
  bench.open(3, 443);
  CHECK(bench.segment(3, 0, 0, tls13()[0].bytes) == kTaken);
  for (size_t at = 0; at < 800; at += 400) CHECK(bench.segment(3, 1, at, flight.substr(at, 400)) == kTaken);
  // It has come before.
  CHECK(bench.segment(3, 1, 400, flight.substr(400, 400)) == kTaken);
  const FlowBench::Given given = bench.release(3);
  CHECK(given.is_sound && data < 400);
  CHECK(given.heads[1] == flight.substr(0, data));
  check_empty(bench);
}

TEST(the_next_flow_of_a_row_begins_anew) {
  FlowBench bench(1);
  std::string first;
  for (int round = 0; round < 20; round++) {
    begin(bench, 0);
    CHECK(bench.segment(0, 1, 0, kServerBanner) == kTaken);
    // A host that says less is concluded with less.
    if (round % 2 == 0) CHECK(bench.segment(0, 0, kClientBanner.size(), ssh_offer()) == kTaken);
    CHECK(bench.flows->conclude(0) == Offered::kDone);
    if (round < 2) first = round == 0 ? bench.note(0) : first;
    CHECK((bench.note(0) == first) == (round % 2 == 0));
    // Nobody has sent anything behind which a tag would be written.
    EQ(bench.tags[5], 0);
    check_empty(bench);
    bench.flows->forget(0);
  }
  EQ(bench.counted(kShardCounterAppFlows), 20);
  EQ(bench.counted(kShardCounterAppClosed), 20);
}

TEST(a_flow_that_is_not_plain_is_odd_with_all_of_its_bytes) {
  FlowBench bench;
  begin(bench, 2);
  CHECK(bench.segment(2, 1, 0, "HTTP/1.1 400 Bad Request\r\n\r\n") == Offered::kOdd);
  EQ(bench.states[2], kOpenSsh);
  EQ(bench.counted(kShardCounterAppPackets), 2);
  const FlowBench::Given given = bench.release(2);
  CHECK(given.is_open && given.is_sound && given.heads[0] == kClientBanner && given.heads[1] == "HTTP/1.1 400 Bad Request\r\n\r\n");
  EQ(given.client, 0);
  // The last event was not told of.
  EQ(given.reported, 1);
  EQ(given.events.size(), 2u);
  EQ(given.events[1].side, kServer);
  EQ(given.events[1].seconds, 1'700'000'000u);
  CHECK(given.events[1].now_ns == 7e9);
  EQ(bench.states[2], 0);
  EQ(bench.flags(2), 0u);
  EQ(bench.counted(kShardCounterAppFlows), 0);
  EQ(bench.counted(kShardCounterAppClosed), 0);
  check_empty(bench);
  // What follows is not its beginning.
  CHECK(bench.segment(2, 1, 28, "x") == kDeclined);
  CHECK(bench.segment(2, 0, kClientBanner.size(), "x") == kDeclined);
}

TEST(a_flow_that_ends_too_early_is_odd) {
  FlowBench bench;
  bench.open(1, 443);
  CHECK(bench.segment(1, 0, 0, std::string("\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11) + std::string(60, '\0')) == kTaken);
  CHECK(bench.flows->conclude(1) == Offered::kOdd);
  EQ(bench.states[1], kAppStateOpen | static_cast<uint8_t>(AppProtocol::kTls));
  CHECK(bench.release(1).is_sound);
  check_empty(bench);
}

TEST(a_flow_begins_with_its_first_bytes_only) {
  using Change = std::function<void(FlowBench&, Packet&)>;
  const auto record = [](void (*change)(PacketRecord&)) { return [change](FlowBench&, Packet& packet) { packet.change = change; }; };
  std::vector<Change> changes = {
      [](FlowBench& b, Packet&) { b.words[kAppWordEnabled] = 0; },
      [](FlowBench& b, Packet&) { b.streams[kSshPort] = 0; },
      [](FlowBench& b, Packet&) { b.row(2).hot[kRowRole] = kRoleOuter; },
      [](FlowBench& b, Packet&) { b.row(2).hot[kRowProtocol] = 132; },
      [](FlowBench& b, Packet&) { b.row(2).hot[kRowProtocol] = kProtoUdp; },
      [](FlowBench& b, Packet&) { b.row(2).cold[kRowDirectionReason] = kReasonFirstPacket; },
      [](FlowBench& b, Packet&) { b.row(2).cold[kRowDirectionReason] = kReasonPortPrior; },
      [](FlowBench& b, Packet&) { b.set_flags(2, kRowFlagClientIsB); },
      [](FlowBench& b, Packet&) { b.set_flags(2, kRowFlagAppDone); },
      [](FlowBench& b, Packet&) { b.set_flags(2, kRowFlagAppFullA); },
      [](FlowBench& b, Packet&) { b.set_flags(2, kRowFlagAppFullB); },
      [](FlowBench& b, Packet&) { b.states[2] = kClosedSsh; },
      [](FlowBench& b, Packet&) { put<double>(b.row(2).hot, kRowPayloadA, 1); },
      [](FlowBench& b, Packet&) { put<double>(b.row(2).hot, kRowPayloadB, 1); },
      [](FlowBench&, Packet& p) { p.seq++; },
      [](FlowBench&, Packet& p) { p.seq--; },
      [](FlowBench&, Packet& p) { p.payload.clear(); },
      [](FlowBench&, Packet& p) { p.payload.resize(16384, 'x'); },
      record([](PacketRecord& r) { r.tcpFlags |= kTcpSyn; }),
      record([](PacketRecord& r) { r.carried--; }),
      record([](PacketRecord& r) { r.carried++; }),
      record([](PacketRecord& r) { r.carried = 39; }),
      record([](PacketRecord& r) { r.length--; }),
      record([](PacketRecord& r) { r.sackCount++; }),
      record([](PacketRecord& r) { r.l3Off = r.payloadOff + 1; }),
      record([](PacketRecord& r) { r.payloadLen = UINT32_MAX; }),
  };
  for (const RecordFlag unusual : {RecordFlag::kFragment, RecordFlag::kFragmentLater, RecordFlag::kSnaplenCut, RecordFlag::kDenied,
                                   RecordFlag::kBadL4Checksum})
    changes.push_back([unusual](FlowBench&, Packet& p) { p.change = [unusual](PacketRecord& r) { r.flags |= static_cast<uint16_t>(unusual); }; });
  for (const bool offered : {false, true}) {
    for (const Change& change : changes) {
      FlowBench bench;
      bench.open(2, kSshPort);
      Packet packet{kClientBanner, kFirst[0]};
      change(bench, packet);
      CHECK(bench.send(2, 0, packet, offered) == kDeclined);
      EQ(bench.counted(kShardCounterAppFlows) + bench.counted(kShardCounterAppPackets), 0);
      check_empty(bench);
    }
  }
  FlowBench bench;
  for (const uint8_t reason : {kReasonSyn, kReasonSynAck}) {
    bench.open(reason, kSshPort);
    bench.row(reason).cold[kRowDirectionReason] = reason;
    // Sequence numbers of the other side are others.
    CHECK(bench.segment(reason, 1, 0, kServerBanner) == kTaken);
    CHECK(bench.segment(reason, 0, 0, kClientBanner) == kTaken);
  }
}

TEST(bytes_come_in_order_or_are_there_already) {
  FlowBench bench;
  begin(bench, 0);
  const size_t there = kClientBanner.size();
  // Of another side, nothing is there.
  CHECK(bench.segment(0, 1, 1, "x") == kDeclined);
  CHECK(bench.segment(0, 0, there + 1, "x") == kDeclined);
  CHECK(bench.segment(0, 0, there - 1, "xy") == kDeclined);
  CHECK(bench.segment(0, 0, SIZE_MAX, "x") == kDeclined);
  CHECK(bench.segment(0, 0, size_t{1} << 31, "x") == kDeclined);
  CHECK(bench.segment(0, 0, 0, kClientBanner + "x") == kDeclined);
  CHECK(bench.send(0, 0, {"x", kFirst[0] + static_cast<uint32_t>(there), 40, 0, [](PacketRecord& r) { r.tcpFlags |= kTcpSyn; }}) == kDeclined);
  EQ(bench.counted(kShardCounterAppPackets), 1);
  // Other bytes than those that came first do not count.
  CHECK(bench.segment(0, 0, 0, std::string(there, 'x')) == kTaken);
  CHECK(bench.segment(0, 0, there - 1, "x") == kTaken);
  CHECK(bench.segment(0, 0, 3, "xyz", true) == kTaken);
  EQ(bench.counted(kShardCounterAppPackets), 4);
  CHECK(bench.segment(0, 0, there, be(80, 4)) == kTaken);
  CHECK(bench.segment(0, 1, 0, "SSH-2.0-") == kTaken);
  // A retransmitted SYN could have changed it.
  put<uint32_t>(bench.row(0).cold, kRowIsnB, 77);
  CHECK(bench.segment(0, 1, 8, "y\n") == kTaken);
  const FlowBench::Given given = bench.release(0);
  CHECK(given.is_sound && given.heads[0].substr(0, there) == kClientBanner && given.heads[1] == "SSH-2.0-y\n");
  EQ(given.events.size(), 4u);
}

TEST(a_side_that_is_full_is_marked) {
  for (const uint32_t client : {0u, 1u}) {
    FlowBench bench;
    bench.open(1, kHttpPort, kProtoTcp, client);
    const uint32_t direction = client == 0 ? 0 : kRowFlagClientIsB;
    const uint32_t full = client == 0 ? kRowFlagAppFullB : kRowFlagAppFullA;
    CHECK(bench.segment(1, client, 0, kRequest) == kTaken);
    EQ(bench.flags(1), direction);
    CHECK(bench.segment(1, 1 - client, 0, kLongResponse) == kTaken);
    EQ(bench.flags(1), direction | full);
    EQ(static_cast<uint32_t>(bench.tags[5]), 0xabcd0000u | 0x123 << 2 | (client == 0 ? 2 : 1));
    // The mark is set again by whatever comes, wherever it belongs.
    bench.set_flags(1, direction);
    bench.tags[5] = 0;
    CHECK(bench.segment(1, 1 - client, 60'000, "abc") == kTaken);
    EQ(bench.flags(1), direction | full);
    CHECK(bench.tags[5] != 0);
    bench.set_flags(1, direction);
    CHECK(bench.segment(1, client, kRequest.size(), "GET ") == kTaken);
    EQ(bench.flags(1), direction);
    EQ(bench.counted(kShardCounterAppPackets), 4);
    const FlowBench::Given given = bench.release(1);
    // Of the body no more than is looked at.
    CHECK(given.is_sound && given.heads[kServer] == kLongResponse.substr(0, kLongResponse.find("\r\n\r\n") + 4 + 16));
    CHECK(given.heads[kClient] == kRequest + "GET ");
    EQ(given.client, client);
  }
}

TEST(only_an_open_flow_is_asked_about_again) {
  FlowBench bench;
  CHECK(bench.flows->again(0) == Offered::kDeclined);
  CHECK(bench.flows->again(SIZE_MAX) == Offered::kDeclined);
  bench.open(1, kHttpPort, kProtoTcp, 0);
  CHECK(bench.segment(1, 0, 0, kRequest) == kTaken);
  CHECK(bench.flows->again(1) == kTaken);
}

TEST(a_flow_with_a_full_side_is_concluded_with_its_host) {
  FlowBench bench;
  bench.open(1, kHttpPort);
  CHECK(bench.segment(1, 0, 0, kRequest) == kTaken);
  CHECK(bench.segment(1, 1, 0, kLongResponse) == kTaken);
  CHECK(bench.flows->conclude(1) == Offered::kDone);
  CHECK(bench.note(1).find(",\"host\":\"www.example.org\",\"host_source\":\"http_host\",\"http\":") != std::string::npos);
  EQ(bench.flags(1), kRowFlagAppFullB | kRowFlagAppDone | kRowFlagAppLabel | kRowFlagAppHost);
  check_empty(bench);
}

TEST(tags_are_written_for_records_that_have_one) {
  FlowBench bench;
  bench.open(0, kHttpPort);
  CHECK(bench.segment(0, 0, 0, kRequest) == kTaken);
  const auto untagged = [](PacketRecord& record) { record.fragOff = 0; };
  CHECK(bench.send(0, 1, {kLongResponse, kFirst[1], 40, 0, untagged}) == kTaken);
  EQ(bench.flags(0), kRowFlagAppFullB);
  for (const int32_t tag : bench.tags) EQ(tag, 0);
}

TEST(names_are_told_with_who_asked) {
  for (const bool is_ipv6 : {false, true}) {
    for (const uint32_t client : {0u, 1u}) {
      FlowBench bench;
      bench.open(4, kDnsPort, kProtoUdp, client);
      if (is_ipv6) bench.row(4).hot[kRowRole] = kRoleIpv6;
      CHECK(bench.datagram(4, client, dns_message(false, 0)) == kTaken);
      EQ(bench.row(4).cold[kRowDirectionReason], kReasonDnsQuery);
      CHECK(bench.flows->take_names().empty());
      CHECK(bench.datagram(4, 1 - client, dns_message(true, 2), 9e9) == kTaken);
      std::vector<ToldName> names = bench.flows->take_names();
      EQ(names.size(), 2u);
      CHECK(names[0].learned.name == "www.example.org" && names[1].learned.address == std::string("\xc0\x00\x02\x01", 4));
      EQ(names[0].learned.ttl, 300u);
      CHECK(names[0].at_ns == 9e9);
      EQ(names[0].client_bytes, is_ipv6 ? 16 : 4);
      CHECK(std::memcmp(names[0].client, bench.row(4).hot + (client == 0 ? kRowAddrA : kRowAddrB), names[0].client_bytes) == 0);
      CHECK(bench.flows->take_names().empty());
      // What ends the flow tells nothing again.
      CHECK(bench.flows->conclude(4) == Offered::kDone);
      CHECK(bench.flows->take_names().empty());
      EQ(bench.flags(4) & ~kRowFlagClientIsB, kRowFlagAppDone | kRowFlagAppLabel | kRowFlagAppHost);
    }
  }
}

TEST(names_of_a_flow_that_became_odd_were_told) {
  FlowBench bench;
  bench.open(4, kDnsPort, kProtoUdp);
  CHECK(bench.datagram(4, 0, dns_message(false, 0)) == kTaken);
  CHECK(bench.datagram(4, 1, dns_message(true, 1)) == kTaken);
  CHECK(bench.datagram(4, 1, dns_message(true, 3) + "x") == Offered::kOdd);
  EQ(bench.flows->take_names().size(), 1u);
  EQ(bench.release(4).reported, 2);
  // Who began a stream is known.
  bench.open(5, kDnsPort, kProtoUdp);
  CHECK(bench.datagram(5, 0, "x") == Offered::kOdd);
  EQ(bench.row(5).cold[kRowDirectionReason], kReasonFirstPacket);
}

TEST(flows_are_kept_in_the_order_in_which_they_began) {
  constexpr size_t kRows = 40;
  FlowBench bench(kRows);
  std::list<size_t> model;
  Random random(11);
  for (int round = 0; round < 3000; round++) {
    const size_t slot = random.below(kRows);
    const auto found = std::find(model.begin(), model.end(), slot);
    if (found == model.end()) {
      begin(bench, slot);
      model.push_back(slot);
    } else if (random.below(3) == 0) {
      CHECK(bench.segment(slot, 0, 0, kClientBanner) == kTaken);
    } else {
      const bool concludes = random.below(2) == 0;
      CHECK(concludes ? bench.flows->conclude(slot) == Offered::kDone : bench.release(slot).is_sound);
      bench.flows->forget(slot);
      model.erase(found);
    }
    EQ(bench.flows->oldest(), model.empty() ? -1 : static_cast<int64_t>(model.front()));
    EQ(bench.counted(kShardCounterAppOpen), model.size());
  }
  while (bench.flows->oldest() >= 0) bench.release(static_cast<size_t>(bench.flows->oldest()));
  check_empty(bench);
}

TEST(nothing_is_taken_while_bytes_are_not_wanted) {
  FlowBench bench;
  begin(bench, 0);
  bench.words[kAppWordEnabled] = 0;
  CHECK(bench.segment(0, 0, kClientBanner.size(), "x") == kDeclined);
  CHECK(bench.segment(0, 1, 0, kServerBanner, true) == kDeclined);
  CHECK(bench.flows->conclude(0) == Offered::kDone);
}

TEST(slots_that_are_none_are_left_alone) {
  FlowBench bench(2);
  for (const size_t slot : {size_t{2}, size_t{UINT32_MAX}, SIZE_MAX}) {
    ExactRecord record({kClientBanner, kFirst[0]});
    CHECK(bench.flows->offer(slot, 0, record.get()) == kDeclined);
    CHECK(bench.flows->conclude(slot) == kDeclined);
    CHECK(bench.flows->release(slot) == nullptr);
    bench.flows->forget(slot);
  }
}

}  // namespace
}  // namespace weir
