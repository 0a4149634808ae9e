// The reader of DNS over flows in memory of exactly their size, whole, cut, changed and made up, for sanitizers to watch.
#include "../../../native/app/dns_reader.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../../native/app/note_text.h"
#include "../decode/check.h"

namespace {

using namespace weir;

constexpr size_t kCases = 60000;

struct Datagram {
  size_t side;
  std::string bytes;
};
using Talk = std::vector<Datagram>;

std::string number(uint32_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; i++) text += static_cast<char>(value >> (8 * (bytes - 1 - i)) & 255);
  return text;
}

std::string header(uint32_t flags, uint32_t answers, uint32_t authority, uint32_t additional) {
  return number(0x1234, 2) + number(flags, 2) + number(1, 2) + number(answers, 2) + number(authority, 2) + number(additional, 2);
}

std::string record(const std::string& name, uint32_t type, const std::string& data) {
  return name + number(type, 2) + number(1, 2) + number(300, 4) + number(static_cast<uint32_t>(data.size()), 2) + data;
}

const std::string kPointer("\xc0\x0c", 2);
const std::string kRoot(1, '\0');

std::string question(const std::string& name, uint32_t type) { return name + number(type, 2) + number(1, 2); }
std::string query(const std::string& name, uint32_t type) { return header(0x0100, 0, 0, 1) + question(name, type) + record(kRoot, 41, ""); }

const std::string kName = std::string("\3www\7example\3org", 16) + kRoot;
const std::string kCargo =
    std::string("\x20q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6\x20zaq1xsw2cde3vfr4bgt5nhy6mju7ki8l\x0b" "0ejzht6i36w\3com", 82) + kRoot;

Talk plain() {
  const std::string alias = record(kPointer, 5, std::string("\3web", 4) + number(0xc010, 2));
  const std::string addresses = record(number(0xc02d, 2), 1, "\xc0\x01\x02\x03") + record(number(0xc02d, 2), 28, std::string(16, '\0'));
  return {{kClient, query(kName, 1)}, {kServer, header(0x8180, 3, 0, 0) + question(kName, 1) + alias + addresses}};
}

Talk of_all_types() {
  const std::string end = kPointer;
  const std::string text = std::string("\5a \"b!", 6);
  const std::string service = number(1, 2) + kRoot + number(1, 2) + number(3, 2) + std::string("\2h3", 3) + number(4, 2) + number(4, 2) + "abcd" +
                              number(5, 2) + number(2, 2) + "xy" + number(6, 2) + number(16, 2) + std::string(16, 'a') + number(0, 2) +
                              number(2, 2) + number(4, 2) + number(3, 2) + number(2, 2) + "ab" + number(7, 2) + number(2, 2) + "/d";
  const std::vector<std::pair<uint32_t, std::string>> datas = {
      {2, end},
      {6, end + end + std::string(20, 'n')},
      {12, end},
      {13, text + text},
      {15, number(10, 2) + end},
      {16, text + text},
      {33, number(10, 2) + number(10, 2) + number(10, 2) + end},
      {35, number(10, 2) + number(10, 2) + text + text + text + end},
      {39, end},
      {43, std::string("\0\1\2\3", 4) + "digest"},
      {46, number(1, 2) + std::string(16, 's') + kRoot + "signature"},
      {48, std::string("\0\1\2\3", 4) + "key"},
      {52, std::string("\0\1\2", 3) + "digest"},
      {65, service},
      {257, std::string("\0\5issue", 7) + "ca.example"},
  };
  std::string answers;
  for (const auto& [type, data] : datas) answers += record(kPointer, type, data);
  const std::string head = header(0x8180, static_cast<uint32_t>(datas.size()), 1, 1);
  const std::string others = record(kPointer, 50, "x") + record(kRoot, 41, number(10, 2) + number(4, 2) + "abcd");
  return {{kClient, query(kName, 255)}, {kServer, head + question(kName, 255) + answers + others}, {kClient, query(kCargo, 16)}};
}

// As a shard asks: after every datagram, and at the end.
Reading read(DnsReader& reader, const Talk& talk, std::string& note) {
  Found found;
  for (size_t count = 1; count <= talk.size() + 1; count++) {
    const size_t given = std::min(count, talk.size());
    std::string joined;
    const std::unique_ptr<AppEvent[]> events(new AppEvent[given]);
    for (size_t i = 0; i < given; i++) {
      joined += talk[i].bytes;
      events[i] = {0, 0, static_cast<uint16_t>(talk[i].bytes.size()), static_cast<uint16_t>(talk[i].side)};
    }
    const std::unique_ptr<uint8_t[]> exact(new uint8_t[joined.size()]);
    std::copy(joined.begin(), joined.end(), exact.get());
    FlowBytes flow;
    flow.events = events.get();
    flow.event_count = given;
    flow.datagrams = {exact.get(), joined.size()};
    flow.client_port = 50000;
    flow.server_port = 53;
    flow.ended = count > talk.size();
    found.clear();
    const Reading reading = reader.read(flow, found);
    if (reading == Reading::kOdd) {
      // What was plain to its last datagram stays so: names that it told were passed on.
      CHECK(!flow.ended);
      return reading;
    }
    EQ(reading, flow.ended ? Reading::kDone : Reading::kMore);
  }
  note.clear();
  put_note(note, AppProtocol::kDns, found);
  return Reading::kDone;
}

void change(std::string& bytes, std::mt19937& random) {
  if (bytes.empty()) return;
  const size_t at = random() % bytes.size();
  switch (random() % 6) {
    case 0: bytes[at] = static_cast<char>(random()); break;
    case 1: bytes[at] = static_cast<char>(bytes[at] + (random() % 2 == 0 ? 1 : -1)); break;
    case 2: bytes.resize(at); break;
    case 3: bytes.insert(at, 1, static_cast<char>(random())); break;
    case 4: bytes.replace(at, 2, number(0xc000 | static_cast<uint32_t>(random() % 128), 2)); break;
    default: bytes[at] ^= static_cast<char>(1 << random() % 8);
  }
}

TEST(plain_talks_are_read) {
  DnsReader reader;
  std::string note;
  EQ(read(reader, plain(), note), Reading::kDone);
  CHECK(note.find("\"host\":\"www.example.org\"") != std::string::npos);
  CHECK(note.find("\"data\":\"web.example.org\"") != std::string::npos);
  EQ(read(reader, of_all_types(), note), Reading::kDone);
  CHECK(note.find("\"responses\":1}") != std::string::npos);
}

TEST(cut_messages_are_odd) {
  DnsReader reader;
  std::string note;
  for (const Talk& whole : {plain(), of_all_types()}) {
    for (size_t i = 0; i < whole.size(); i++) {
      for (size_t length = 0; length < whole[i].bytes.size(); length++) {
        Talk talk(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        talk[i].bytes.resize(length);
        EQ(read(reader, talk, note), Reading::kOdd);
      }
    }
  }
}

TEST(changed_messages_are_read_within_their_memory) {
  DnsReader reader;
  std::mt19937 random(53);
  std::string note;
  size_t done = 0;
  const Talk talks[] = {plain(), of_all_types()};
  for (size_t i = 0; i < kCases; i++) {
    Talk talk = talks[i % 2];
    for (size_t count = 1 + random() % 3; count > 0; count--) change(talk[random() % talk.size()].bytes, random);
    if (read(reader, talk, note) == Reading::kDone) done++;
  }
  CHECK(done > kCases / 20);
}

TEST(any_bytes_are_read_within_their_memory) {
  DnsReader reader;
  std::mt19937 random(1035);
  std::string note;
  for (size_t i = 0; i < kCases; i++) {
    Talk talk = {{random() % 2, {}}, {random() % 2, {}}};
    for (Datagram& datagram : talk) {
      datagram.bytes = header(random() % 2 == 0 ? 0x0100 : 0x8180, static_cast<uint32_t>(random() % 4), 0, static_cast<uint32_t>(random() % 2));
      for (size_t length = random() % 200; length > 0; length--) {
        datagram.bytes += static_cast<char>(random() % 3 == 0 ? random() % 256 : random() % 2 == 0 ? random() % 8 : 0xc0);
      }
    }
    read(reader, talk, note);
  }
}

}  // namespace
