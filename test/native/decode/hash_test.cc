#include "../../../native/decode/siphash.h"

#include <set>

#include "check.h"
#include "frame_builder.h"

using namespace build;
using weir::RecordFlag;

namespace {

Bytes packet(uint32_t from, int from_port, uint32_t to, int to_port) {
  Ipv4 ip;
  ip.source = from;
  ip.destination = to;
  return ethernet(0x0800, ipv4(6, tcp(from_port, to_port), ip));
}

}  // namespace

// Values of another implementation: CPython hashes bytes with SipHash-1-3, under the key below for PYTHONHASHSEED=42.
TEST(siphash_of_known_messages) {
  const uint8_t key[16] = {0xaf, 0x90, 0xcd, 0x68, 0xd3, 0x4f, 0x50, 0xdc, 0xc1, 0xe9, 0x99, 0xfe, 0x9f, 0xbb, 0x20, 0xb9};
  const weir::SipHash13 hash(key);
  // The bytes 00 01 02 ..., then the length in the top byte of the last word.
  const auto word = [](int i) { return 0x0706050403020100ull + 0x0808080808080808ull * static_cast<uint64_t>(i); };
  const auto last = [&](int i) { return (word(i) & 0x00ffffffffffffffull) | static_cast<uint64_t>(i * 8 + 7) << 56; };
  CHECK(hash.two_words(word(0), last(1)) == 0x94ace24d68c18cf8ull);
  const uint64_t three[] = {word(0), word(1), last(2)};
  CHECK(hash.words(three, 3) == 0xad71bad831e3a42dull);
  const uint64_t five[] = {word(0), word(1), word(2), word(3), last(4)};
  CHECK(hash.words(five, 5) == 0xc6e27a94ae5452f3ull);
}

TEST(both_directions_hash_alike) {
  Bench bench;
  for (int i = 0; i < 200; ++i) {
    const uint32_t from = 0x0a000000u + static_cast<uint32_t>(i * 7 % 5);
    const uint32_t to = 0x0a000000u + static_cast<uint32_t>(i * 3 % 5);
    const int from_port = 1 + i % 3;
    const int to_port = 1 + i % 2;
    const weir::PacketRecord there = bench.flow(packet(from, from_port, to, to_port));
    const weir::PacketRecord back = bench.flow(packet(to, to_port, from, from_port));
    CHECK(hash(there) == hash(back));
    const bool same = from == to && from_port == to_port;
    CHECK(same || has(there, RecordFlag::kFromA) != has(back, RecordFlag::kFromA));
    const bool lower = from != to ? from < to : from_port <= to_port;
    CHECK(has(there, RecordFlag::kFromA) == lower);
  }
}

TEST(addresses_compare_as_bytes) {
  Bench bench;
  CHECK(has(bench.flow(packet(0x7f000001, 9, 0x80000001, 1)), RecordFlag::kFromA));
  CHECK(has(bench.flow(ethernet(0x86dd, ipv6(6, tcp(9, 1), 0x00ff, 0x0100))), RecordFlag::kFromA));
  CHECK(!has(bench.flow(ethernet(0x86dd, ipv6(6, tcp(9, 1), 0x0100, 0x00ff))), RecordFlag::kFromA));
}

TEST(every_part_of_the_key_counts) {
  Bench bench;
  std::set<uint64_t> seen;
  seen.insert(hash(bench.flow(packet(1, 10, 2, 20))));
  seen.insert(hash(bench.flow(packet(1, 20, 2, 10))));
  seen.insert(hash(bench.flow(packet(1, 10, 3, 20))));
  seen.insert(hash(bench.flow(packet(1, 10, 2, 21))));
  seen.insert(hash(bench.flow(ethernet(0x0800, ipv4(17, udp(10, 20), {1, 2, 1, 0, 64, {}, -1})))));
  seen.insert(hash(bench.flow(ethernet(0x86dd, ipv6(6, tcp(10, 20))))));
  EQ(seen.size(), 6);
}

TEST(the_key_of_the_run_changes_the_hash) {
  weir::DecodeOptions options;
  options.hash_key[3] = 1;
  Bench zero;
  Bench keyed(options);
  CHECK(hash(zero.flow(packet(1, 10, 2, 20))) != hash(keyed.flow(packet(1, 10, 2, 20))));
}
