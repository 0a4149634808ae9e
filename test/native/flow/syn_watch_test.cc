// SYNs that carry their bytes: told from the table of answers, or left as they are; and keys of packets of any content, which
// stand in memory that is exactly as long.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "../decode/check.h"
#include "fast_path_bench.h"

using namespace weir_test;
using Packet = std::vector<uint8_t>;

namespace {

constexpr uint32_t kTrials = 50'000;
constexpr uint32_t kAnswer = 1460u << 16 | 80 << 8 | 7;
constexpr uint32_t kAnswered = 1380u << 16 | 60 << 8 | 9;

const Packet kLinux = {2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 1, 2, 3, 0, 0, 0, 0, 1, 3, 3, 7};

// An IP packet with these flags and options.
Packet packet_of(uint8_t flags, const Packet& options, bool v6 = false) {
  Packet packet(v6 ? 40 : 20);
  packet[0] = v6 ? 0x60 : 0x45;
  packet[v6 ? 7 : 8] = 64;
  packet[v6 ? 6 : 9] = kTcp;
  Packet tcp(20);
  tcp[7] = 77;
  tcp[12] = static_cast<uint8_t>((20 + options.size()) / 4 << 4);
  tcp[13] = flags;
  tcp[14] = 0xfa;
  tcp[15] = 0xf0;
  packet.insert(packet.end(), tcp.begin(), tcp.end());
  packet.insert(packet.end(), options.begin(), options.end());
  return packet;
}

// The key of a copy that ends where its memory does.
weir::SynKey key_of(const Packet& packet, uint32_t peer_mss = 0) {
  const std::unique_ptr<uint8_t[]> copy(new uint8_t[packet.size()]);
  std::copy(packet.begin(), packet.end(), copy.get());
  return weir::syn_key(copy.get(), packet.size(), peer_mss);
}

uint64_t number_of(const weir::SynKey& key) { return uint64_t{key.high} << 32 | key.low; }

// As `set` of src/shard/syn-answers.ts.
void teach(Bench& bench, const weir::SynKey& key, uint32_t answer) {
  uint32_t place = (key.low ^ key.high) & (weir::kSynBoundPlaces - 1);
  while (bench.syn_keys[2 * place + 1] != 0) place = (place + 1) & (weir::kSynBoundPlaces - 1);
  bench.syn_keys[2 * place] = key.low;
  bench.syn_keys[2 * place + 1] = key.high;
  bench.syn_answers[place] = answer;
}

// The bytes of the record that was appended last.
void carry(Bench& bench, weir::PacketRecord& record, const Packet& packet) {
  record.payloadLen = 0;
  record.carried = static_cast<uint32_t>(packet.size());
  record.length = weir::kRecordBytes + (record.carried + weir::kRecordAlign - 1) / weir::kRecordAlign * weir::kRecordAlign;
  bench.words.end += record.length - weir::kRecordBytes;
  std::copy(packet.begin(), packet.end(), reinterpret_cast<uint8_t*>(&record) + weir::kRecordBytes);
}

weir::PacketRecord& append_syn(Bench& bench, const Packet& packet) {
  weir::PacketRecord& record = bench.append();
  record.tcpFlags = kSyn;
  carry(bench, record, packet);
  return record;
}

uint16_t mss_of(Bench& bench, uint32_t side) { return weir::get<uint16_t>(bench.cold.data() - weir::kHotBytes, weir::kRowMssA + 2 * side); }
int os_of(Bench& bench, uint32_t side) { return (bench.cold.data() - weir::kHotBytes)[weir::kRowOsA + side]; }
int confidence_of(Bench& bench, uint32_t side) { return (bench.cold.data() - weir::kHotBytes)[weir::kRowOsConfidenceA + side]; }

}  // namespace

TEST(a_syn_and_its_answer_tell_their_systems) {
  Bench bench;
  append_syn(bench, packet_of(kSyn, kLinux));
  const Packet answer = packet_of(kSyn | kAck, {2, 4, 0x05, 0x64});
  carry(bench, bench.append_answer(), answer);
  teach(bench, key_of(packet_of(kSyn, kLinux)), kAnswer);
  // What is asked for is told by the MSS of who asked.
  teach(bench, key_of(answer), 1);
  teach(bench, key_of(answer, 1460), kAnswered);
  EQ(bench.run(), 2u);
  EQ(mss_of(bench, 0), 1460);
  EQ(mss_of(bench, 1), 1380);
  EQ(os_of(bench, 0), 7);
  EQ(os_of(bench, 1), 9);
  EQ(confidence_of(bench, 0), 80);
  EQ(confidence_of(bench, 1), 60);
}

TEST(an_answer_stands_behind_others) {
  const weir::SynKey key = key_of(packet_of(kSyn, kLinux));
  for (const uint32_t others : {1u, weir::kSynBoundProbes - 1, weir::kSynBoundProbes}) {
    Bench bench;
    append_syn(bench, packet_of(kSyn, kLinux));
    for (uint32_t i = 1; i <= others; i++) teach(bench, {key.low ^ weir::kSynBoundPlaces * i, key.high}, 1);
    teach(bench, key, kAnswer);
    const bool found = others < weir::kSynBoundProbes;
    EQ(bench.run(), found ? 1u : 0u);
    EQ(static_cast<int>(mss_of(bench, 0)), found ? 1460 : 0);
  }
}

TEST(a_syn_that_is_not_known_opens_nothing) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench& b, weir::PacketRecord&) { std::fill(b.syn_keys.begin(), b.syn_keys.end(), 0); },
      [](Bench&, weir::PacketRecord& r) { r.payloadLen = 1; },
      // Bytes that are not there.
      [](Bench&, weir::PacketRecord& r) { r.carried = 1000; },
      [](Bench&, weir::PacketRecord& r) { r.sackCount = 8; },
      // Another window, and another option.
      [](Bench&, weir::PacketRecord& r) { reinterpret_cast<uint8_t*>(&r)[weir::kRecordBytes + 34]++; },
      [](Bench&, weir::PacketRecord& r) { reinterpret_cast<uint8_t*>(&r)[weir::kRecordBytes + 59]++; },
  };
  for (const Change change : changes) {
    Bench bench;
    weir::PacketRecord& record = append_syn(bench, packet_of(kSyn, kLinux));
    teach(bench, key_of(packet_of(kSyn, kLinux)), kAnswer);
    change(bench, record);
    const auto table = bench.table;
    EQ(bench.run(), 0u);
    CHECK(bench.table == table && bench.index[2 * 7 + 1] == 0 && bench.tally[weir::kShardCounterFlowsCreated] == 0);
  }
}

TEST(a_syn_that_tells_nothing_is_counted) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      // Nobody is asked in an emergency, nor about headers that are cut.
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableEmergency] = 1; },
      [](Bench&, weir::PacketRecord& r) { r.carried = 59; },
      [](Bench&, weir::PacketRecord& r) { r.carried = 1; },
      [](Bench&, weir::PacketRecord& r) { reinterpret_cast<uint8_t*>(&r)[weir::kRecordBytes] = 0x15; },
  };
  for (const Change change : changes) {
    Bench bench;
    change(bench, append_syn(bench, packet_of(kSyn, kLinux)));
    EQ(bench.run(), 1u);
    EQ(mss_of(bench, 0), 0);
    EQ(os_of(bench, 0), 0);
  }
}

TEST(an_answer_of_a_known_flow_is_left_as_it_is_until_it_is_known) {
  Bench bench;
  bench.connect();
  bench.row()[weir::kRowSideA] = bench.row()[weir::kRowSideB] = 0;
  bench.cold_row()[weir::kRowDirectionReason] = weir::kReasonSyn;
  weir::put<uint16_t>(bench.cold_row(), weir::kRowMssA, 1300);
  const Packet answer = packet_of(kSyn | kAck, kLinux);
  carry(bench, bench.append_answer(), answer);
  const std::vector<uint8_t> hot = bench.hot;
  const std::vector<uint8_t> cold = bench.cold;
  EQ(bench.run(), 0u);
  CHECK(bench.hot == hot && bench.cold == cold);
  teach(bench, key_of(answer, 1300), kAnswer);
  EQ(bench.run(), 1u);
  EQ(weir::get<uint16_t>(bench.cold_row(), weir::kRowMssB), 1460);
  EQ(weir::get<uint16_t>(bench.cold_row(), weir::kRowMssA), 1300);
}

TEST(a_syn_of_a_flow_whose_bytes_nobody_wants_tells_nothing) {
  const auto taken = [](uint32_t sequence) {
    Bench bench;
    bench.connect();
    weir::put<uint32_t>(bench.row(), weir::kRowFlags, weir::kRowFlagSeenA | weir::kRowFlagSeenB | weir::kRowFlagAppDone);
    bench.row()[weir::kRowSideB] = 0;
    bench.cold_row()[weir::kRowDirectionReason] = weir::kReasonSyn;
    weir::PacketRecord& record = bench.append_answer();
    carry(bench, record, packet_of(kSyn | kAck, kLinux));
    record.ringSeq = bench.words.sequence = sequence;
    teach(bench, key_of(packet_of(kSyn | kAck, kLinux)), kAnswer);
    const uint32_t count = bench.run();
    EQ(static_cast<int>(weir::get<uint16_t>(bench.cold_row(), weir::kRowMssB)), 0);
    return count;
  };
  EQ(taken(1), 1u);
  EQ(taken(16), 0u);
}

TEST(keys_are_those_of_the_table) {
  // As src/fingerprint/syn-key.ts has them, without the bit that says that they are there.
  const auto key = [](const Packet& packet, uint32_t peer_mss) { return number_of(key_of(packet, peer_mss)) & 0x1fffffffffffffull; };
  EQ(key(packet_of(kSyn, kLinux), 0), 0xd49c0a80a630bull);
  EQ(key(packet_of(kSyn | kAck, kLinux), 1460), 0x1a330f9e49ee9bull);
  EQ(key(packet_of(kSyn, {2, 4, 0x05, 0xa0, 1, 3, 3, 6, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true), 0), 0x1cdcd5beb1e2dcull);
  EQ(key(packet_of(kSyn, {2, 4, 0x05, 0xb4, 4, 2, 0, 9}), 0), 0xa74590573ff5bull);
}

TEST(what_a_key_must_tell_apart) {
  const Packet plain = packet_of(kSyn, kLinux);
  // Every byte but length, protocol, checksums, addresses, ports, and all but zeros of numbers.
  const size_t looked_at[] = {0, 1, 4, 5, 6, 8, 32, 33, 34, 35, 38, 39, 40, 43, 44, 46, 56, 57, 59};
  std::vector<uint64_t> keys = {number_of(key_of(plain)), number_of(key_of(plain, 1460))};
  for (const size_t at : looked_at) {
    Packet other = plain;
    other[at] ^= at == 0 ? 0 : at == 1 ? 1 : at == 6 ? 0x40 : at == 32 ? 1 : 5;
    if (at == 5) other[4] = 0;
    keys.push_back(number_of(key_of(other)));
  }
  Packet reserved = plain;
  reserved[6] ^= 0x80;
  keys.push_back(number_of(key_of(reserved)));
  Packet longer = plain;
  longer.push_back(0);
  keys.push_back(number_of(key_of(longer)));
  std::sort(keys.begin(), keys.end());
  // The byte that was left as it is, identification (twice) and urgent pointer (twice) of any number.
  EQ(static_cast<size_t>(std::unique(keys.begin(), keys.end()) - keys.begin()), keys.size() - 3);
}

TEST(keys_of_any_content_stay_in_its_memory) {
  uint32_t with_key = 0;
  for (uint32_t trial = 0; trial < kTrials; trial++) {
    Packet packet = packet_of(static_cast<uint8_t>(any()), kLinux, any() % 2 == 0);
    const uint32_t header = packet[0] == 0x60 ? 40 : 20;
    if (any() % 2 == 0) fill(packet.data() + header + 20, packet.size() - header - 20);
    for (uint32_t i = any() % 4; i > 0; i--) packet[any() % packet.size()] = static_cast<uint8_t>(any());
    packet.resize(any() % 3 == 0 ? any() % (packet.size() + 1) : packet.size());
    with_key += key_of(packet, any()).exists() ? 1 : 0;
  }
  CHECK(with_key > kTrials / 2 && with_key < kTrials);
}
