// What mss_clamp.h promises: which packets it changes, what in them, and what becomes of right and wrong checksums.
#include "../../../native/capture/mss_clamp.h"

#include <cstring>
#include <memory>

#include "../decode/check.h"
#include "syn_packet.h"

namespace {

using namespace weir;
using syn::Bytes;
using syn::Packet;
using syn::Shape;

constexpr uint16_t kMost = 1200;

uint32_t next_random(uint32_t& state) {
  state = state * 1664525U + 1013904223U;
  return state >> 8;
}

// Clamps a copy of just these bytes, so that a step outside is seen, and checks what holds for every packet.
MssChange clamp_checked(const Bytes& before, Bytes& after, uint16_t most, TcpChecksum checksum) {
  const size_t size = before.size();
  const std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
  if (size > 0) std::memcpy(bytes.get(), before.data(), size);
  const MssChange change = clamp_mss(bytes.get(), size, most, checksum);
  after.assign(bytes.get(), bytes.get() + size);
  for (size_t i = 0; i < size; ++i) {
    const bool may = change.made() && (i - change.mss_at < 2 || i - change.checksum_at < 2);
    if (!may && after[i] != before[i]) check::fail(__FILE__, __LINE__, "byte " + std::to_string(i) + " has changed");
  }
  if (change.made()) {
    CHECK(change.mss_at + 2 <= size && change.checksum_at + 2 <= size);
    CHECK(syn::get16(before.data() + change.mss_at) > most);
    EQ(syn::get16(after.data() + change.mss_at), most);
    undo(bytes.get(), change);
  }
  CHECK(size == 0 || std::memcmp(bytes.get(), before.data(), size) == 0);
  return change;
}

bool is_clamped(const Packet& packet, uint16_t most = kMost) {
  Bytes after;
  return clamp_checked(packet.bytes, after, most, TcpChecksum::kWritten).made();
}

TEST(syns_and_their_answers_are_clamped_and_nothing_else) {
  for (const bool ipv6 : {false, true}) {
    for (uint32_t flags = 0; flags < 256; ++flags) {
      Shape shape;
      shape.ipv6 = ipv6;
      shape.flags = static_cast<uint8_t>(flags);
      EQ(is_clamped(syn::make(shape)), (flags & 0x07) == 0x02);
    }
    Shape shape;
    shape.ipv6 = ipv6;
    EQ(is_clamped(syn::make(shape), 1459), true);
    EQ(is_clamped(syn::make(shape), 1460), false);
    EQ(is_clamped(syn::make(shape), 1461), false);
    Packet udp = syn::make(shape);
    udp.bytes[ipv6 ? 6 : 9] = 17;
    EQ(is_clamped(udp), false);
    Packet older = syn::make(shape);
    older.bytes[0] = static_cast<uint8_t>((older.bytes[0] & 0x0f) | 0x50);
    EQ(is_clamped(older), false);
  }
}

TEST(lists_of_options_are_taken_whole_or_not_at_all) {
  const auto with = [](Bytes options) {
    Shape shape;
    shape.options = std::move(options);
    return is_clamped(syn::make(shape));
  };
  EQ(with({}), false);
  EQ(with({1, 2, 4, 5, 0xb4}), true);
  EQ(with({4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 2, 4, 5, 0xb4, 3, 3, 7}), true);
  EQ(with({0, 2, 4, 5, 0xb4}), false);                       // behind the end
  EQ(with({2, 4, 5, 0xb4, 0, 9, 9, 9}), true);               // what is behind it does not count
  EQ(with({2, 3, 5, 1, 2, 4, 5, 0xb4}), false);              // too short to be one
  EQ(with({2, 4, 5, 0xb4, 2, 4, 5, 0xb4}), false);           // two
  EQ(with({2, 4, 5, 0xb4, 3, 0, 7, 1}), false);              // a length of nothing
  EQ(with({2, 4, 5, 0xb4, 3, 1, 7, 1}), false);
  EQ(with({2, 4, 5, 0xb4, 1, 1, 3, 9}), false);              // beyond the list
  EQ(with({2, 4, 5, 0xb4, 1, 1, 1, 3}), false);
  EQ(with({1, 1, 2, 4}), false);                             // cut
  EQ(with({2, 4, 5, 0xb4, 29, 4, 1, 1}), false);             // signed
  Bytes md5 = {2, 4, 5, 0xb4, 19, 18};
  md5.resize(22, 7);
  EQ(with(md5), true);
}

TEST(fragments_and_lengths_that_disagree_stay) {
  Packet packet = syn::make({});
  const auto with = [&packet](size_t at, uint8_t value) {
    Packet other = packet;
    other.bytes[at] = value;
    return is_clamped(other);
  };
  EQ(with(8, 3), true);
  EQ(with(6, 0x20), false);  // more fragments
  EQ(with(7, 0x01), false);  // a later one
  EQ(with(0, 0x44), false);  // header length
  EQ(with(0, 0x4f), false);
  EQ(with(3, 45), false);  // longer than what is there
  EQ(with(3, 43), false);  // its options are cut
  EQ(with(3, 19), false);
  EQ(with(packet.tcp_at + 12, 0x40), false);
  EQ(with(packet.tcp_at + 12, 0x70), false);
  Packet padded = packet;
  padded.bytes.resize(60);
  EQ(is_clamped(padded), true);
  Shape ipv6;
  ipv6.ipv6 = true;
  packet = syn::make(ipv6);
  EQ(with(5, 25), false);
  EQ(with(5, 23), false);
  for (size_t size = 0; size < packet.bytes.size(); ++size) {
    Packet cut = packet;
    cut.bytes.resize(size);
    EQ(is_clamped(cut), false);
  }
}

TEST(extension_headers_are_walked_unless_they_cut_up_or_sign) {
  const auto with = [](std::vector<std::pair<uint8_t, Bytes>> extensions) {
    Shape shape;
    shape.ipv6 = true;
    shape.extensions = std::move(extensions);
    return is_clamped(syn::make(shape));
  };
  const Bytes eight = {0, 0, 1, 4, 0, 0, 0, 0};
  Bytes sixteen = {0, 1, 1, 12};
  sixteen.resize(16);
  EQ(with({{0, eight}}), true);
  EQ(with({{0, sixteen}, {43, eight}, {60, eight}}), true);
  EQ(with({{44, {0, 0, 0, 0, 0, 0, 0, 1}}}), false);  // a fragment, even if it is the only one
  EQ(with({{51, sixteen}}), false);
  EQ(with(std::vector<std::pair<uint8_t, Bytes>>(8, {60, eight})), true);
  EQ(with(std::vector<std::pair<uint8_t, Bytes>>(9, {60, eight})), false);
  Bytes beyond = eight;
  beyond[1] = 200;
  EQ(with({{60, beyond}}), false);
}

// Every value that the checksum can have, at even and odd places: what comes out is what a sender would have written.
TEST(a_right_checksum_becomes_the_right_one_at_all_its_values) {
  for (const bool odd : {false, true}) {
    Shape shape;
    if (odd) shape.options = {1, 2, 4, 0x05, 0xb4};
    Packet packet = syn::make(shape);
    std::unique_ptr<bool[]> seen(new bool[65536]());
    uint32_t values = 0;
    for (uint32_t urgent = 0; urgent < 65536; ++urgent) {
      packet.bytes[packet.tcp_at + 18] = static_cast<uint8_t>(urgent >> 8);
      packet.bytes[packet.tcp_at + 19] = static_cast<uint8_t>(urgent);
      syn::write_checksum(packet);
      Packet changed = packet;
      clamp_mss(changed.bytes.data(), changed.bytes.size(), kMost, TcpChecksum::kWritten);
      Packet expected = changed;
      syn::write_checksum(expected);
      if (changed.bytes != expected.bytes) check::fail(__FILE__, __LINE__, "urgent " + std::to_string(urgent));
      const uint32_t value = syn::get16(changed.bytes.data() + changed.tcp_at + 16);
      if (!seen[value]) ++values;
      seen[value] = true;
    }
    EQ(values, 65535U);  // 0xffff stands for nothing that 0 does not
  }
}

TEST(a_wrong_checksum_stays_wrong) {
  for (uint32_t wrong = 1; wrong < 0xffff; wrong += 7) {
    Packet packet = syn::make({});
    uint8_t* const field = packet.bytes.data() + packet.tcp_at + 16;
    const uint32_t value = (syn::get16(field) + wrong) % 0xffff;
    field[0] = static_cast<uint8_t>(value >> 8);
    field[1] = static_cast<uint8_t>(value);
    CHECK(!syn::is_valid(packet));
    clamp_mss(packet.bytes.data(), packet.bytes.size(), kMost, TcpChecksum::kWritten);
    CHECK(!syn::is_valid(packet));
  }
}

TEST(a_checksum_that_is_not_there_is_left_or_completed) {
  for (const bool ipv6 : {false, true}) {
    for (uint32_t payload = 0; payload < 4; ++payload) {
      Shape shape;
      shape.ipv6 = ipv6;
      shape.payload.assign(payload, 0xee);
      Packet packet = syn::make(shape);
      const uint32_t pseudo = syn::pseudo_sum(packet);
      uint8_t* const field = packet.bytes.data() + packet.tcp_at + 16;
      field[0] = static_cast<uint8_t>(pseudo >> 8);
      field[1] = static_cast<uint8_t>(pseudo);
      Packet left = packet;
      CHECK(clamp_checked(packet.bytes, left.bytes, kMost, TcpChecksum::kLeftToSender).made());
      EQ(syn::get16(left.bytes.data() + left.tcp_at + 16), pseudo);
      CHECK(!syn::is_valid(left));
      Packet completed = packet;
      CHECK(clamp_checked(packet.bytes, completed.bytes, kMost, TcpChecksum::kPseudoHeader).made());
      CHECK(syn::is_valid(completed));
    }
  }
}

Shape random_shape(uint32_t& seed) {
  Shape shape;
  shape.ipv6 = next_random(seed) % 2 == 0;
  shape.flags = next_random(seed) % 4 == 0 ? static_cast<uint8_t>(next_random(seed)) : next_random(seed) % 2 == 0 ? 0x02 : 0x12;
  shape.options.clear();
  while (shape.options.size() < 32 && next_random(seed) % 5 != 0) {
    switch (next_random(seed) % 5) {
      case 0: shape.options.insert(shape.options.end(), {2, 4, static_cast<uint8_t>(next_random(seed)), static_cast<uint8_t>(next_random(seed))}); break;
      case 1: shape.options.insert(shape.options.end(), {3, 3, 7}); break;
      case 2: shape.options.insert(shape.options.end(), {4, 2}); break;
      default: shape.options.push_back(1);
    }
  }
  shape.payload.resize(next_random(seed) % 4 == 0 ? next_random(seed) % 64 : 0, 0xa5);
  if (next_random(seed) % 4 == 0) shape.ipv4_options.resize(4 * (next_random(seed) % 11), 1);
  if (next_random(seed) % 4 == 0) shape.extensions = {{next_random(seed) % 2 == 0 ? uint8_t{60} : uint8_t{0}, {0, 0, 1, 4, 0, 0, 0, 0}}};
  shape.urgent = static_cast<uint16_t>(next_random(seed));
  return shape;
}

// The sum over the segment decides, with that of the pseudo header, which nothing changes, whether a checksum is right.
TEST(whatever_the_bytes_are_a_checksum_is_right_afterwards_exactly_when_it_was_before) {
  uint32_t seed = 11;
  uint32_t made = 0;
  uint32_t valid = 0;
  for (int round = 0; round < 200'000; ++round) {
    Packet packet = syn::make(random_shape(seed));
    const bool mutated = round % 2 == 0;
    for (uint32_t i = mutated ? 1 + next_random(seed) % 3 : 0; i > 0; --i) packet.bytes[next_random(seed) % packet.bytes.size()] = static_cast<uint8_t>(next_random(seed));
    if (round % 16 == 0) packet.bytes.resize(next_random(seed) % (packet.bytes.size() + 1));
    Packet after = packet;
    const MssChange change = clamp_checked(packet.bytes, after.bytes, static_cast<uint16_t>(536 + next_random(seed) % 60'000), TcpChecksum::kWritten);
    if (!change.made()) continue;
    ++made;
    const uint32_t at = change.checksum_at - 16;
    const uint32_t end = packet.bytes[0] >> 4 == 4 ? syn::get16(packet.bytes.data() + 2) : 40 + syn::get16(packet.bytes.data() + 4);
    EQ(syn::sum16(after.bytes.data() + at, end - at) % 0xffff, syn::sum16(packet.bytes.data() + at, end - at) % 0xffff);
    if (at != packet.tcp_at || end != packet.bytes.size()) continue;
    EQ(syn::is_valid(after), syn::is_valid(packet));
    if (syn::is_valid(packet)) ++valid;
  }
  CHECK(made > 10'000);
  CHECK(valid > 5'000 && valid < made);
}

TEST(any_bytes_stay_within_their_bounds) {
  uint32_t seed = 5;
  Bytes after;
  for (int round = 0; round < 100'000; ++round) {
    Bytes bytes(next_random(seed) % 120);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(next_random(seed));
    if (bytes.size() > 24) {
      bytes[0] = round % 2 == 0 ? 0x45 : 0x60;
      if (round % 3 == 0) bytes[2] = 0;
      bytes[round % 2 == 0 ? 9 : 6] = static_cast<uint8_t>(round % 5 == 0 ? 60 : 6);
    }
    const auto checksum = static_cast<TcpChecksum>(round % 3);
    clamp_checked(bytes, after, static_cast<uint16_t>(next_random(seed)), checksum);
  }
}

}  // namespace
