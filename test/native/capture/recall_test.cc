// The recall ring with its writer and its readers at work at the same time, for the sanitizers.
//
//   recall_test FRAMES    prints how many frames were stored and skipped; exits 1 with a line about what went wrong
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "../../../native/capture/recall_query.h"
#include "../../../native/decode/record_frame.h"
#include "../decode/frame_builder.h"

namespace {

using weir::PacketRecord;
using weir::RecallAnswer;
using weir::RecallEntry;
using weir::RecallQuery;
using weir::RecallRing;

constexpr uint32_t kSnaplen = 96;
constexpr size_t kBytes = 1 << 16;
constexpr uint32_t kHosts = 7;
constexpr uint32_t kFirstHost = 0x0a000100;

[[noreturn]] void fail(const char* what, double ordinal) {
  std::printf("%s at frame %.0f\n", what, ordinal);
  std::exit(1);
}

// Every frame can be made again from its ordinal: source host, length, and what is in the payload.
build::Bytes bytes_of(uint32_t ordinal) {
  build::Ipv4 ip;
  ip.source = kFirstHost + ordinal % kHosts;
  build::Bytes payload = build::zeros(ordinal % 200);
  for (uint8_t& byte : payload) byte = static_cast<uint8_t>(ordinal);
  return build::ethernet(0x0800, build::ipv4(6, build::tcp(static_cast<int>(ordinal % 60000), 443, 0x18, {}, payload), ip));
}

void write_all(RecallRing& ring, uint32_t frames, std::atomic<uint32_t>& stored) {
  for (uint32_t ordinal = 1; ordinal <= frames; ++ordinal) {
    const build::Bytes bytes = bytes_of(ordinal);
    weir::Frame frame{};
    frame.bytes = bytes.data();
    frame.captured = static_cast<uint32_t>(bytes.size());
    frame.wire = frame.captured + 1;
    frame.link_type = 1;
    frame.sec = ordinal;
    frame.stream_ns = ordinal * 1000.0;
    frame.ordinal = ordinal;
    if (ring.store(frame)) stored.fetch_add(1);
  }
}

void check_record(const PacketRecord& record, const uint8_t* carried) {
  const build::Bytes bytes = bytes_of(static_cast<uint32_t>(record.ordinal));
  if (record.capLen != bytes.size() || record.wireLen != bytes.size() + 1) fail("lengths", record.ordinal);
  if (record.rawSec != static_cast<int64_t>(record.ordinal) || record.streamNs != record.ordinal * 1000) fail("times", record.ordinal);
  if (record.carried != std::min<size_t>(bytes.size(), kSnaplen)) fail("bytes kept", record.ordinal);
  if (std::memcmp(carried, bytes.data(), record.carried) != 0) fail("bytes", record.ordinal);
}

// The ordinals of an answer whose frames are what they were.
std::vector<double> ordinals_of(const RecallAnswer& answer) {
  std::vector<double> ordinals;
  for (size_t at = 0; at < answer.records.size();) {
    PacketRecord record;
    std::memcpy(&record, answer.records.data() + at, sizeof record);
    check_record(record, answer.records.data() + at + sizeof record);
    ordinals.push_back(record.ordinal);
    at += record.length;
  }
  return ordinals;
}

weir::RecallMatch from_host(uint32_t host, double from_ns, double to_ns) {
  weir::RecallMatch match;
  match.from_ns = from_ns;
  match.to_ns = to_ns;
  match.limit = 1000;
  weir::RecallClause clause;
  clause.one.any_address = false;
  const uint32_t address = kFirstHost + host;
  for (int i = 0; i < 4; ++i) clause.one.address[static_cast<size_t>(i)] = static_cast<uint8_t>(address >> (24 - 8 * i));
  match.clauses.push_back(clause);
  return match;
}

// One round of every question; all frames that come back must be whole and in order.
void ask(const RecallQuery& query, uint32_t round) {
  const std::vector<double> newest = ordinals_of(query.recent(50, std::nullopt));
  for (size_t i = 1; i < newest.size(); ++i) {
    if (newest[i] >= newest[i - 1]) fail("newest first", newest[i]);
  }
  if (newest.empty()) return;
  for (const double older : ordinals_of(query.recent(20, newest.back()))) {
    if (older >= newest.back()) fail("older than the boundary", older);
  }
  const std::vector<double> found = ordinals_of(query.one(newest.front()));
  if (!found.empty() && found.front() != newest.front()) fail("the one that was asked for", newest.front());
  const double to = newest.front() * 1000;
  const RecallAnswer answer = query.matching(from_host(round % kHosts, to - 200'000, to));
  double last = 0;
  for (const double ordinal : ordinals_of(answer)) {
    if (ordinal <= last || static_cast<uint32_t>(ordinal) % kHosts != round % kHosts) fail("matching", ordinal);
    if (answer.lost_until_ns < to - 200'000 && last != 0 && ordinal - last != kHosts) fail("complete, but one is missing", ordinal);
    last = ordinal;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const uint32_t frames = argc > 1 ? static_cast<uint32_t>(std::atoi(argv[1])) : 100'000;
  std::vector<std::unique_ptr<RecallRing>> rings;
  rings.push_back(std::make_unique<RecallRing>(kBytes, kSnaplen));
  const RecallQuery query(rings, true);
  std::atomic<uint32_t> stored{0};
  std::atomic<bool> writing{true};
  std::vector<std::thread> readers;
  for (uint32_t reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      for (uint32_t round = reader; writing.load(); ++round) ask(query, round);
    });
  }
  write_all(*rings.front(), frames, stored);
  writing.store(false);
  for (std::thread& reader : readers) reader.join();
  ask(query, 0);
  if (rings.front()->lost_until_ns(0, 1e18) < 0) fail("a ring that went round holds not all", frames);
  std::printf("%u frames, %s\n", frames, stored.load() > 0 && stored.load() <= frames ? "each as it was" : "none stored");
  return 0;
}
