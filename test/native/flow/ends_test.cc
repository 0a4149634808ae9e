// What detection hears of flows that are over.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "../decode/check.h"
#include "fast_path_bench.h"

using namespace weir_test;

namespace {

// A connection from 10:1234 to 20:80 with an answer, in slot 0.
Bench connected() {
  Bench bench(true);
  bench.append().tcpFlags = kSyn;
  bench.append_answer();
  bench.run();
  return bench;
}

}  // namespace

TEST(an_end_has_the_sums_of_its_flow) {
  Bench bench = connected();
  Heard& heard = *bench.heard;
  uint8_t* const hot = bench.hot.data();
  weir::put<double>(hot, weir::kRowBytesA, 1000);
  weir::put<double>(hot, weir::kRowBytesB, 2000);
  weir::put<double>(hot, weir::kRowPayloadB, 1500);
  weir::put<double>(hot, weir::kRowPacketsA, 5e9);
  weir::put<double>(hot, weir::kRowLastSeen, 9e9);
  uint8_t* const cold = bench.cold.data() - weir::kHotBytes;
  cold[weir::kRowZeekA] = cold[weir::kRowZeekB] = weir::kZeekEstablished;
  weir::put<uint32_t>(cold, weir::kRowMissedA, 0xffff'ffffu);
  EQ(bench.path.end(0), 0);
  EQ(heard.end_words[weir::kMomentEntries], 1);
  const weir::EndEntry& end = heard.ends[0];
  EQ(end.head.at, 9e9);
  EQ(end.head.second_at, 5e9);
  EQ(end.head.second_ordinal, 9e9);
  EQ(end.head.source_port, 1234);
  EQ(end.head.target[0], 20u);
  EQ(static_cast<int>(end.head.kind), static_cast<int>(weir::EntryKind::kClose));
  // S1.
  EQ(static_cast<int>(end.head.type), 2);
  EQ(end.bytes[1], 2000.0);
  EQ(end.bytes_since[0], 1000.0);
  EQ(end.payload[1], 1500.0);
  // 5,000,000,000 modulo 2^32.
  EQ(end.packets[0], 705'032'704u);
  EQ(end.missed, 0x7fff'ffffu);
}

TEST(an_end_is_told_from_whoever_made_the_attempt) {
  Bench bench = connected();
  bench.heard->openers[0] = weir::kOpenerB;
  EQ(bench.path.end(0), 0);
  EQ(bench.heard->ends[0].head.source_port, 80);
  EQ(bench.heard->ends[0].head.source[0], 20u);
}

TEST(an_end_has_nothing_of_what_stood_in_its_memory) {
  Bench clean = connected();
  Bench used = connected();
  std::memset(static_cast<void*>(used.heard->ends.data()), 0xa5, sizeof(weir::EndEntry));
  EQ(clean.path.end(0), 0);
  EQ(used.path.end(0), 0);
  // Behind it stand the labels, which the caller writes.
  EQ(std::memcmp(&used.heard->ends[0], &clean.heard->ends[0], offsetof(weir::EndEntry, service)), 0);
}

TEST(an_end_that_is_not_plain_is_left_alone) {
  Bench told = connected();
  told.heard->openers[0] |= weir::kOpenerTold;
  EQ(told.path.end(0), weir::Ends::kNotPlain);
  Bench full = connected();
  full.heard->end_words[weir::kMomentEntries] = kEntries;
  EQ(full.path.end(0), weir::Ends::kNotPlain);
  // Whether its SYN came first is in its history.
  Bench reset = connected();
  reset.cold[weir::kRowZeekA - weir::kHotBytes] = weir::kZeekReset;
  reset.cold[weir::kRowZeekB - weir::kHotBytes] = weir::kZeekInactive;
  EQ(reset.path.end(0), weir::Ends::kNotPlain);
  Bench outer = connected();
  outer.hot[weir::kRowRole] |= weir::kRoleOuter;
  EQ(outer.path.end(0), weir::Ends::kNothingTold);
  for (Bench* const bench : {&told, &reset, &outer}) EQ(bench->heard->end_words[weir::kMomentEntries], 0);
  EQ(Bench(true).path.end(kRows), weir::Ends::kNotPlain);
  EQ(Bench(true).path.end(-1), weir::Ends::kNotPlain);
  EQ(Bench().path.end(0), weir::Ends::kNotPlain);
}

TEST(ends_of_rows_of_any_content_stay_in_their_memory) {
  Bench bench(true);
  Heard& heard = *bench.heard;
  uint32_t told = 0;
  for (uint32_t trial = 0; trial < 20'000; trial++) {
    if (trial % 50 == 0) fill(bench.hot.data(), bench.hot.size());
    if (trial % 50 == 0) fill(bench.cold.data(), bench.cold.size());
    fill(heard.openers.data(), kRows);
    for (uint8_t side = 0; side < 2; side++) bench.cold[weir::kRowZeekA + side - weir::kHotBytes] = static_cast<uint8_t>(any() % 9);
    bench.hot[weir::kRowProtocol] = any() % 2 == 0 ? kTcp : 17;
    bench.hot[weir::kRowRole] = any() % 8 == 0 ? weir::kRoleOuter : weir::kRoleIpv6;
    heard.end_words[weir::kMomentEntries] = any() % 4 == 0 ? static_cast<int32_t>(any()) : static_cast<int32_t>(any() % (kEntries + 2));
    const int64_t end = bench.path.end(any() % kRows);
    CHECK(end >= weir::Ends::kNotPlain && end < static_cast<int64_t>(kEntries));
    told += end >= 0 ? 1 : 0;
  }
  CHECK(told > 1000);
}
