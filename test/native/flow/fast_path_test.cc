// The fast path over memory of any content: it stays inside the rows, ends, and takes what is usual only.
#include <cstring>
#include <string>
#include <vector>

#include "../decode/check.h"
#include "fast_path_bench.h"

using namespace weir_test;

namespace {

constexpr uint8_t kFin = 1;
constexpr uint32_t kTrials = 20'000;

}  // namespace

TEST(usual_segments_are_counted) {
  Bench bench;
  bench.connect();
  bench.append();
  weir::PacketRecord& second = bench.append();
  second.seq = 100;
  second.payloadLen = 50;
  EQ(bench.run(), 2u);
  EQ(bench.words.position, bench.words.end);
  EQ(bench.words.sequence, 2u);
  EQ(weir::get<double>(bench.row(), weir::kRowPacketsA), 2.0);
  EQ(weir::get<double>(bench.row(), weir::kRowBytesA), 308.0);
  EQ(weir::get<double>(bench.row(), weir::kRowPayloadA), 150.0);
  EQ(weir::get<uint32_t>(bench.row(), weir::kRowNextSeqA), 150u);
  EQ(weir::get<double>(bench.row(), weir::kRowLastSeen), 5e9);
  EQ(bench.tally[weir::kShardCounterAccounted], 2.0);
  EQ(bench.protocols[2 * kTcp + 1], 308.0);
  // The letter of the first data, once.
  EQ(static_cast<int>(bench.cold_row()[weir::kRowHistoryLength]), 1);
  EQ(static_cast<char>(bench.cold_row()[weir::kRowHistory]), 'D');
}

TEST(an_answer_in_time_is_an_rtt_sample) {
  Bench bench;
  bench.connect();
  bench.append();
  weir::PacketRecord& answer = bench.append();
  answer.flags = static_cast<uint16_t>(weir::RecordFlag::kHasPorts);
  std::swap(answer.srcPort, answer.dstPort);
  std::swap(answer.srcAddr[0], answer.dstAddr[0]);
  answer.ack = 100;
  answer.payloadLen = 0;
  answer.rawNsec = 2'500'000;
  EQ(bench.run(), 2u);
  EQ(weir::get<uint32_t>(bench.cold_row(), weir::kRowRttSamples), 1u);
  CHECK(weir::get<float>(bench.cold_row(), weir::kRowRttMinMs) == 2.5f);
  EQ(weir::get<double>(bench.row(), weir::kRowPacketsB), 1.0);
}

TEST(a_syn_opens_a_row_and_its_answer_moves_it) {
  Bench bench;
  bench.append().tcpFlags = kSyn;
  bench.append_answer().rawNsec = 1'500'000;
  // Row 5 was given back, and row 2 behind it.
  bench.table[weir::kTableFreeRow] = 5;
  weir::put<int32_t>(bench.hot.data() + 5 * weir::kHotBytes, weir::kRowListNext, 2);
  EQ(bench.run(), 2u);
  EQ(bench.index[2 * 7 + 1], 5 + 1);
  EQ(bench.table[weir::kTableFreeRow], 2);
  EQ(bench.table[weir::kTableCredits], 9);
  EQ(bench.table[weir::kTableIndexTaken], 1);
  EQ(bench.table[weir::kTableListHeads + weir::kListNewTcp], -1);
  EQ(bench.table[weir::kTableListTails + weir::kListTcp], 5);
  EQ(bench.table[weir::kTableDueHead], 5);
  EQ(bench.times.due, 305e9);
  EQ(bench.tally[weir::kShardCounterFlowsLive], 1.0);
  const uint8_t* const cold = bench.cold.data() + 5 * kColdBytes - weir::kHotBytes;
  CHECK(std::string(reinterpret_cast<const char*>(cold + weir::kRowHistory), cold[weir::kRowHistoryLength]) == "Sh");
  CHECK(weir::get<float>(cold, weir::kRowSynSynackMs) == 1.5f);
}

TEST(who_hears_of_new_flows_finds_them_in_their_order) {
  Bench bench(false, kNewcomers);
  for (uint32_t i = 0; i < kNewcomers + 1; i++) {
    weir::PacketRecord& record = bench.append();
    record.tcpFlags = kSyn;
    record.srcPort = static_cast<uint16_t>(4000 + i);
    record.hashLo = 9 + i;
  }
  // The last one finds no room, and is left to the table.
  EQ(bench.run(), kNewcomers);
  EQ(bench.words.newcomers, kNewcomers);
  EQ(bench.words.position, kNewcomers * weir::kRecordBytes);
  for (uint32_t i = 0; i < kNewcomers; i++) EQ(bench.newcomers[i], static_cast<int32_t>(i));
  EQ(bench.run(), 1u);
  EQ(bench.words.newcomers, 1u);
}

TEST(no_row_is_opened_without_room_at_hand) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableCredits] = 0; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableFreshRows] = kRows; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableIndexTaken] = kPlaces / 2; },
      [](Bench& b, weir::PacketRecord&) { b.table[weir::kTableOpensPerEpoch] = 1; },
      [](Bench&, weir::PacketRecord& r) { r.tcpFlags = kSyn | kAck; },
      [](Bench&, weir::PacketRecord& r) { r.window = 0; },
      [](Bench&, weir::PacketRecord& r) { r.protocol = 132; },
  };
  for (const Change change : changes) {
    Bench bench;
    weir::PacketRecord& record = bench.append();
    record.tcpFlags = kSyn;
    change(bench, record);
    const auto table = bench.table;
    EQ(bench.run(), 0u);
    CHECK(bench.table == table && bench.index[2 * 7 + 1] == 0 && bench.tally[weir::kShardCounterFlowsCreated] == 0);
  }
}

TEST(bytes_that_nobody_wants_are_counted_like_none) {
  const auto taken = [](uint32_t flags, uint32_t sequence) {
    Bench bench;
    bench.connect();
    weir::put<uint32_t>(bench.row(), weir::kRowFlags, weir::kRowFlagSeenA | weir::kRowFlagSeenB | flags);
    weir::PacketRecord& record = bench.append();
    record.carried = 140;
    record.ringSeq = bench.words.sequence = sequence;
    return bench.run();
  };
  EQ(taken(0, 1), 0u);
  EQ(taken(weir::kRowFlagAppDone, 1), 1u);
  EQ(taken(weir::kRowFlagAppFullA, 1), 1u);
  // The record is A's.
  EQ(taken(weir::kRowFlagAppFullB, 1), 0u);
  // Now and then the application layer is reminded to tell the capture thread.
  EQ(taken(weir::kRowFlagAppDone, 16), 0u);
}

TEST(what_is_not_usual_is_left_as_it_is) {
  using Change = void (*)(Bench&, weir::PacketRecord&);
  const Change changes[] = {
      [](Bench&, weir::PacketRecord& r) { r.tcpFlags = kAck | kSyn; },
      [](Bench&, weir::PacketRecord& r) { r.seq = 1; },
      [](Bench&, weir::PacketRecord& r) { r.window = 0; },
      [](Bench&, weir::PacketRecord& r) { r.tcpFlags = kSyn | kFin; },
      [](Bench& b, weir::PacketRecord& r) {
        r.tcpFlags = kAck | kFin;
        weir::put<uint32_t>(b.cold_row(), weir::kRowLossNode, 1);
      },
      [](Bench&, weir::PacketRecord& r) { r.scopeId = 1; },
      [](Bench&, weir::PacketRecord& r) { r.carried = 8; },
      [](Bench&, weir::PacketRecord& r) { r.optBits = static_cast<uint8_t>(weir::TcpOption::kSack); },
      [](Bench&, weir::PacketRecord& r) { r.flags |= static_cast<uint16_t>(weir::RecordFlag::kBadL4Checksum); },
      [](Bench&, weir::PacketRecord& r) { r.dstAddr[15] = 1; },
      [](Bench&, weir::PacketRecord& r) { r.hashLo = 8; },
      [](Bench&, weir::PacketRecord& r) { r.ringSeq = 9; },
      [](Bench&, weir::PacketRecord& r) { r.length = 0; },
      [](Bench&, weir::PacketRecord& r) { r.kind = static_cast<uint8_t>(weir::RecordKind::kTick); },
      [](Bench& b, weir::PacketRecord&) { b.times.limit = 4e9; },
      [](Bench& b, weir::PacketRecord&) { b.times.due = 5e9; },
      [](Bench& b, weir::PacketRecord&) { b.times.min_timeout = 1e9; },
      [](Bench& b, weir::PacketRecord&) { b.row()[weir::kRowList] = weir::kListCount; },
      [](Bench& b, weir::PacketRecord&) { b.words.most = 0; },
      [](Bench& b, weir::PacketRecord& r) {
        // A keep-alive: one byte before what comes next.
        b.row()[weir::kRowSideA] |= weir::kSideOdd;
        r.seq = UINT32_MAX;
        r.payloadLen = 1;
      },
      [](Bench& b, weir::PacketRecord&) { b.cold_row()[weir::kRowHistoryLength] = weir::kHistoryMax; },
  };
  for (const Change change : changes) {
    Bench bench;
    bench.connect();
    change(bench, bench.append());
    const std::vector<uint8_t> hot = bench.hot;
    const std::vector<uint8_t> cold = bench.cold;
    EQ(bench.run(), 0u);
    EQ(bench.words.position, 0u);
    CHECK(bench.hot == hot && bench.cold == cold && bench.tally[weir::kShardCounterDequeued] == 0);
  }
}

TEST(any_content_stays_in_its_memory) {
  Bench bench(true, kNewcomers);
  uint64_t taken = 0;
  for (uint32_t trial = 0; trial < kTrials; trial++) {
    fill(bench.hot.data(), bench.hot.size());
    fill(bench.cold.data(), bench.cold.size());
    fill(bench.index.data(), sizeof bench.index);
    // Records do not wrap: the writer sees to that.
    bench.words.position = bench.words.end = (any() & ~(kCapacity - 1)) + any() % 170 * weir::kRecordBytes;
    bench.words.sequence = bench.appended;
    for (int32_t& word : bench.table) word = static_cast<int32_t>(any() % 64) - 1;
    const uint32_t begin = bench.words.position;
    for (uint32_t i = 0; i < 8; i++) {
      weir::PacketRecord& record = bench.append();
      if (any() % 4 == 0) fill(reinterpret_cast<uint8_t*>(&record) + 40, weir::kRecordBytes - 40);
    }
    if (any() % 2 == 0) {
      bench.connect();
      fill(bench.row() + weir::kRowPacketsA, weir::kHotBytes - weir::kRowPacketsA);
      weir::put<double>(bench.row(), weir::kRowLastSeen, 4e9);
      for (uint32_t side = 0; side < 2; side++) bench.row()[weir::kRowSideA + side] = weir::kSideSeq | weir::kSideQuiet;
    }
    taken += bench.run();
    CHECK(bench.words.position - begin <= bench.words.end - begin);
    CHECK(bench.words.newcomers <= kNewcomers);
  }
  CHECK(taken < kTrials);
}
