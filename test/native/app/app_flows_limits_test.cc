// How much open flows may hold and tell: what is more is declined, and nothing of it is kept.
#include "../decode/check.h"
#include "app_flows_bench.h"

// Of AddressSanitizer.
extern "C" size_t __sanitizer_get_current_allocated_bytes(void);

namespace weir {
namespace {

constexpr auto kTaken = Offered::kTaken;
constexpr auto kDeclined = Offered::kDeclined;

TEST(heads_have_a_limit) {
  FlowBench bench;
  bench.open(0, kSshPort);
  CHECK(bench.segment(0, 0, 0, kClientBanner) == kTaken);
  size_t at = kClientBanner.size();
  // A packet that would just fit.
  CHECK(bench.segment(0, 0, at, be(static_cast<uint32_t>(16383 - at - 4), 4) + "\x08\x14") == kTaken);
  at += 6;
  for (; at + 1400 < 16000; at += 1400) CHECK(bench.segment(0, 0, at, std::string(1400, 'x')) == kTaken);
  CHECK(bench.held() >= 16);
  CHECK(bench.segment(0, 0, at, std::string(16382 - at, 'x')) == kTaken);
  // What goes beyond the limit is left out, and the reader is asked.
  CHECK(bench.segment(0, 0, 16382, "xyz") == Offered::kOdd);
  const FlowBench::Given given = bench.release(0);
  CHECK(given.is_sound && given.heads[0].size() == 16384);
  EQ(bench.held(), 0);
}

TEST(datagrams_have_a_limit) {
  FlowBench bench;
  for (const size_t length : {(size_t{24} << 10) + 1, size_t{33'000}, size_t{65'500}}) {
    bench.open(0, 443, kProtoUdp);
    CHECK(bench.datagram(0, 0, std::string(length, '\xc0')) == kDeclined);
  }
  bench.open(0, 443, kProtoUdp);
  CHECK(bench.datagram(0, 0, std::string(size_t{24} << 10, '\xc0')) == Offered::kOdd);
  CHECK(bench.datagram(0, 0, "x") == kDeclined);
  CHECK(bench.release(0).is_sound);
}

TEST(events_have_a_limit) {
  FlowBench bench;
  bench.open(0, kSshPort);
  CHECK(bench.segment(0, 0, 0, "SSH-2.0-") == kTaken);
  for (size_t i = 1; i < 40; i++) {
    CHECK(bench.segment(0, 0, 0, "SSH") == kTaken);
    CHECK(bench.segment(0, 0, 7 + i, "x") == kTaken);
  }
  CHECK(bench.segment(0, 0, 47, "x") == kDeclined);
  CHECK(bench.segment(0, 0, 0, "SSH") == kDeclined);
  CHECK(bench.segment(0, 1, 0, kServerBanner, true) == kDeclined);
  const FlowBench::Given given = bench.release(0);
  CHECK(given.is_sound);
  EQ(given.events.size(), 40u);
  EQ(given.reported, 40);
}

TEST(names_have_a_limit) {
  constexpr size_t kFlows = 1100;
  FlowBench bench(kFlows);
  for (size_t slot = 0; slot < kFlows; slot++) {
    bench.open(slot, kDnsPort, kProtoUdp);
    CHECK(bench.datagram(slot, 0, dns_message(false, 0)) == kTaken);
    for (int i = 0; i < 3; i++) CHECK(bench.datagram(slot, 1, dns_message(true, 20)) == kTaken);
  }
  EQ(bench.flows->take_names().size(), 65536u);
  CHECK(bench.datagram(7, 1, dns_message(true, 2)) == kTaken);
  EQ(bench.flows->take_names().size(), 2u);
}

TEST(open_flows_hold_no_more_than_they_may) {
  constexpr size_t kRows = 8000;
  FlowBench bench(kRows);
  size_t slot = 0;
  for (; slot < kRows; slot++) {
    bench.open(slot, kSshPort);
    const std::string first = kClientBanner + be(16000, 4) + "\x08\x14" + std::string(9000, 'x');
    if (bench.segment(slot, 0, 0, first) == kDeclined) break;
    CHECK((slot + 1) * 12 <= static_cast<size_t>(bench.held()));
  }
  CHECK(slot < kRows && bench.held() >= 72 << 10 && bench.held() < (72 << 10) + 13);
  // Those that are open go on.
  CHECK(bench.segment(0, 1, 0, kServerBanner) == kTaken);
  bench.release(5);
  bench.release(6);
  CHECK(bench.segment(slot, 0, 0, kClientBanner) == kTaken);
  while (bench.flows->oldest() >= 0) CHECK(bench.release(static_cast<size_t>(bench.flows->oldest())).is_sound);
  EQ(bench.held(), 0);
}

TEST(memory_serves_the_next_flow) {
  FlowBench bench;
  size_t early = 0;
  for (int round = 0; round < 3000; round++) {
    bench.open(0, kSshPort);
    CHECK(bench.segment(0, 0, 0, kClientBanner + ssh_offer()) == kTaken);
    CHECK(bench.segment(0, 1, 0, kServerBanner) == kTaken);
    const bool concludes = round % 2 == 0;
    CHECK(concludes ? bench.flows->conclude(0) != kDeclined : bench.release(0).is_sound);
    bench.release(0);
    bench.flows->forget(0);
    if (round == 100) early = __sanitizer_get_current_allocated_bytes();
  }
  CHECK(__sanitizer_get_current_allocated_bytes() < early + 65'536);
}

}  // namespace
}  // namespace weir
