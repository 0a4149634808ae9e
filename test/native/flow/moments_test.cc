// What detection hears of packets that the fast path takes: entries, and memory of any content in which they are written.
#include <algorithm>
#include <vector>

#include "../decode/check.h"
#include "fast_path_bench.h"

using namespace weir_test;

TEST(an_attempt_and_its_answer_are_one_entry) {
  Bench bench(true);
  Heard& heard = *bench.heard;
  heard.words[weir::kMomentSerial] = 70;
  bench.append().tcpFlags = kSyn;
  weir::PacketRecord& accepted = bench.append_answer();
  accepted.streamNs = 5.5e9;
  accepted.ordinal = 2;
  EQ(bench.run(), 2u);
  EQ(heard.words[weir::kMomentEntries], 1);
  const weir::MomentEntry& entry = heard.entries[0];
  EQ(entry.at, 5e9);
  EQ(entry.second_at, 5.5e9);
  EQ(entry.second_ordinal, 2.0);
  EQ(entry.source_port, 1234);
  EQ(entry.target_port, 80);
  EQ(static_cast<int>(entry.kind), static_cast<int>(weir::EntryKind::kOpen));
  EQ(static_cast<int>(entry.flags), static_cast<int>(weir::kEntryAccepted));
  EQ(entry.source[0], 10u);
  EQ(entry.target[0], 20u);
  EQ(heard.words[weir::kMomentAnswers], 1);
  EQ(heard.answers[0], 0u);
  EQ(heard.attempts[0], 0);
  EQ(heard.words[weir::kMomentWaiting], 1);
  EQ(heard.waiting_since[0], 5.5e9);
  EQ(heard.words[weir::kMomentServices], 1);
  EQ(heard.service()[weir::kServiceOpens], 1);
}

TEST(an_answer_after_the_tick_is_an_entry_of_its_own) {
  Bench bench(true);
  Heard& heard = *bench.heard;
  bench.append().tcpFlags = kSyn;
  EQ(bench.run(), 1u);
  EQ(heard.attempts[0], 1);
  heard.words[weir::kMomentSerial] = 1;
  heard.words[weir::kMomentEntries] = 0;
  heard.entries[0] = {};
  weir::PacketRecord& refused = bench.append_answer();
  refused.tcpFlags = kRst | kAck;
  EQ(bench.run(), 1u);
  const weir::MomentEntry& entry = heard.entries[0];
  EQ(static_cast<int>(entry.kind), static_cast<int>(weir::EntryKind::kAnswer));
  EQ(static_cast<int>(entry.flags), static_cast<int>(weir::kEntryRefused));
  EQ(entry.source_port, 1234);
  EQ(entry.target[0], 20u);
  EQ(heard.words[weir::kMomentWaiting], 0);
}

TEST(a_moment_without_room_is_left_to_the_table) {
  Bench full(true);
  full.heard->words[weir::kMomentEntries] = kEntries;
  full.append().tcpFlags = kSyn;
  EQ(full.run(), 0u);
  CHECK(full.heard->words[weir::kMomentServices] == 0 && full.heard->openers[0] == 0 && full.table[weir::kTableCredits] == 10);

  // The answer finds no room: its attempt was of an earlier tick.
  Bench late(true);
  late.append().tcpFlags = kSyn;
  EQ(late.run(), 1u);
  late.heard->words[weir::kMomentSerial] = 1;
  late.heard->words[weir::kMomentEntries] = kEntries;
  late.append_answer();
  const std::vector<uint8_t> hot = late.hot;
  EQ(late.run(), 0u);
  CHECK(late.hot == hot && late.heard->attempts[0] == 1 && late.heard->words[weir::kMomentAnswers] == 0);
}

TEST(what_is_beyond_every_room_is_counted) {
  Bench bench(true);
  Heard& heard = *bench.heard;
  heard.words[weir::kMomentEntries] = static_cast<int32_t>(weir::kMomentBoundEntries);
  heard.words[weir::kMomentWaiting] = static_cast<int32_t>(weir::kMomentBoundWaiting);
  // Of the flow that was in the slot before.
  heard.attempts[0] = 9;
  bench.append().tcpFlags = kSyn;
  EQ(bench.run(), 1u);
  EQ(heard.attempts[0], 0);
  bench.append_answer();
  EQ(bench.run(), 1u);
  // The attempt, its answer, and a connection that waits.
  EQ(heard.words[weir::kMomentUntold], 3);
  EQ(heard.words[weir::kMomentAnswers], 0);
}

TEST(attempts_beyond_a_bound_are_part_of_a_surge) {
  Bench bench(true);
  Heard& heard = *bench.heard;
  for (uint32_t i = 0; i < 4; i++) {
    weir::PacketRecord& record = bench.append();
    record.tcpFlags = kSyn;
    record.srcAddr[1] = static_cast<uint8_t>(i);
    record.hashLo = 9 + i;
    EQ(bench.run(), 1u);
    if (i == 0) heard.service()[weir::kServiceOpens] = static_cast<int32_t>(weir::kMomentBoundOpensTold) - 1;
  }
  EQ(heard.words[weir::kMomentEntries], 2);
  EQ(heard.words[weir::kMomentSurges], 1);
  EQ(heard.surges[0], heard.used[0]);
  EQ(heard.surges[1], 2);
  EQ(heard.service()[weir::kServiceSurge], 1);
  uint32_t registers = 0;
  for (uint32_t i = 0; i < weir::kMomentBoundRegisters; i++) registers += heard.registers[i] != 0;
  EQ(registers, 2u);
  CHECK(heard.openers[3] == weir::kOpenerA && heard.attempts[3] == 0);
  // Part of a surge needs no room.
  heard.words[weir::kMomentEntries] = kEntries;
  weir::PacketRecord& record = bench.append();
  record.tcpFlags = kSyn;
  record.hashLo = 30;
  record.srcPort = 99;
  EQ(bench.run(), 1u);
  EQ(heard.surges[1], 3);
}

TEST(one_surge_too_many_is_told_one_by_one) {
  Bench bench(true);
  Heard& heard = *bench.heard;
  heard.words[weir::kMomentSurges] = static_cast<int32_t>(weir::kMomentBoundSurges);
  for (uint32_t i = 0; i < 2; i++) {
    weir::PacketRecord& record = bench.append();
    record.tcpFlags = kSyn;
    record.hashLo = 9 + i;
    record.srcPort = static_cast<uint16_t>(i);
    EQ(bench.run(), 1u);
    heard.service()[weir::kServiceOpens] = static_cast<int32_t>(weir::kMomentBoundOpensTold);
  }
  EQ(heard.words[weir::kMomentEntries], 2);
}

TEST(a_service_has_its_place_or_one_of_those_behind) {
  Bench probe(true);
  probe.append().tcpFlags = kSyn;
  EQ(probe.run(), 1u);
  const uint32_t own = static_cast<uint32_t>(probe.heard->used[0]);
  for (const uint32_t others : {1u, weir::kMomentBoundProbes - 1, weir::kMomentBoundProbes}) {
    Bench bench(true);
    Heard& heard = *bench.heard;
    for (uint32_t i = 0; i < others; i++) {
      const size_t place = (own + i) % weir::kMomentBoundServices;
      heard.services[place * weir::kServiceCount + weir::kServiceOpens] = 1;
    }
    bench.append().tcpFlags = kSyn;
    EQ(bench.run(), 1u);
    EQ(heard.words[weir::kMomentEntries], 1);
    const bool has_place = others < weir::kMomentBoundProbes;
    EQ(heard.words[weir::kMomentServices], has_place ? 1 : 0);
    if (has_place) EQ(static_cast<uint32_t>(heard.used[0]), (own + others) % weir::kMomentBoundServices);
  }
}

TEST(moments_in_any_content_stay_in_their_memory) {
  constexpr uint32_t kTrials = 20'000;
  Bench bench(true, kNewcomers);
  Heard& heard = *bench.heard;
  uint64_t taken = 0;
  for (uint32_t trial = 0; trial < kTrials; trial++) {
    std::fill(bench.index.begin(), bench.index.end(), 0);
    std::fill(bench.hot.begin(), bench.hot.end(), uint8_t{0});
    bench.set_empty();
    bench.words.position = bench.words.end = any() % 170 * weir::kRecordBytes;
    bench.words.sequence = bench.appended;
    for (int32_t& word : heard.words) {
      const int32_t words[] = {0, static_cast<int32_t>(any() % 8), static_cast<int32_t>(any()), static_cast<int32_t>(weir::kMomentBoundEntries)};
      word = words[any() % 4];
    }
    fill(heard.openers.data(), kRows);
    for (int32_t& attempt : heard.attempts) attempt = any() % 2 == 0 ? static_cast<int32_t>(any() % 9) : static_cast<int32_t>(any());
    // Services at every bound: few bytes of them differ from trial to trial.
    for (uint32_t i = 0; i < 64; i++) heard.services[any() % heard.services.size()] = static_cast<int32_t>(any() % 4 == 0 ? any() : any() % 2048);
    bench.append().tcpFlags = kSyn;
    if (any() % 4 == 0) {
      bench.append().tcpFlags = kSyn;
      bench.record(bench.words.end - weir::kRecordBytes).hashLo = any() % 50;
      bench.record(bench.words.end - weir::kRecordBytes).srcPort = 1;
    }
    bench.append_answer().tcpFlags = any() % 2 == 0 ? kSyn | kAck : kRst;
    taken += bench.run();
  }
  CHECK(taken > kTrials);
}
