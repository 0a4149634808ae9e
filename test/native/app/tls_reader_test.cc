// The reader of TLS over heads that end where their memory ends: plain flows, flows with faults, and noise.
#include "../../../native/app/tls_reader.h"

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../../native/app/note_text.h"
#include "../decode/check.h"
#include "tls_bytes.h"

using namespace weir;

namespace {

// The messages of the server in records of `size` bytes.
Parts tls12(size_t size) {
  const std::string chain = handshake(11, vec(3, vec(3, kDer) + vec(3, kDer)));
  const std::string exchange = handshake(12, number(3, 1) + number(23, 2) + vec(1, std::string(65, 'p')));
  const std::string flight = server_hello(0xc02f, "", extension(16, vec(2, vec(1, "h2")))) + chain + exchange + handshake(14, "");
  std::string server;
  for (size_t at = 0; at < flight.size(); at += size) server += record(22, flight.substr(at, size));
  return {{kClient, record(22, client_hello())},
          {kServer, server},
          {kClient, record(22, handshake(16, std::string(66, 'c'))) + kChange + record(22, std::string(40, 'f'))},
          {kServer, record(22, handshake(4, std::string(180, 't'))) + kChange + record(22, std::string(40, 'f'))}};
}

class Flow {
 public:
  explicit Flow(const Parts& parts) {
    for (const Part& part : parts) {
      heads_[part.side] += part.bytes;
      events_.push_back({0, 1'700'000'000, static_cast<uint16_t>(part.bytes.size()), static_cast<uint16_t>(part.side)});
    }
  }
  // Asks as a shard does, and says what came of it; `found` is of the last answer.
  Reading read(TlsReader& reader, Found& found, bool ended) const {
    size_t lengths[2] = {0, 0};
    size_t need[2] = {0, 0};
    for (size_t count = 1; count <= events_.size(); count++) {
      lengths[events_[count - 1].side] += events_[count - 1].length;
      if (count > 1 && lengths[0] < need[0] && lengths[1] < need[1]) continue;
      const Reading reading = ask(reader, found, lengths, count, false);
      if (reading != Reading::kMore) return reading;
      for (const size_t side : {kClient, kServer}) {
        if (found.need[side] <= lengths[side]) check::fail(__FILE__, __LINE__, "what is there is wanted");
        need[side] = found.need[side];
      }
    }
    return ended ? ask(reader, found, lengths, events_.size(), true) : Reading::kMore;
  }

 private:
  Reading ask(TlsReader& reader, Found& found, const size_t (&lengths)[2], size_t count, bool ended) const {
    std::unique_ptr<uint8_t[]> copies[2];
    FlowBytes flow;
    for (const size_t side : {kClient, kServer}) {
      copies[side].reset(new uint8_t[lengths[side]]);
      if (lengths[side] > 0) std::memcpy(copies[side].get(), heads_[side].data(), lengths[side]);
      flow.heads[side] = {copies[side].get(), lengths[side]};
    }
    const std::vector<AppEvent> events(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(count));
    flow.events = events.data();
    flow.event_count = count;
    flow.ended = ended;
    found.clear();
    return reader.read(flow, found);
  }

  std::string heads_[2];
  std::vector<AppEvent> events_;
};

KnownCertificate known_certificate() {
  KnownCertificate known;
  known.json = "{\"subject\":\"CN=*.example.org\"}";
  known.names = {"", "*", "*.example.org"};
  known.not_before = 1'690'000'000;
  known.not_after = 1'720'000'000;
  return known;
}

// Both with a certificate that is known, and with one that is not.
struct Fixture {
  Fixture() { certificates.learn({reinterpret_cast<const uint8_t*>(kDer.data()), kDer.size()}, known_certificate()); }
  Certificates certificates;
  TlsReader reader{certificates};
  Found found;
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

void change(std::string& bytes, std::mt19937& random) {
  if (bytes.empty()) return;
  const size_t at = random() % bytes.size();
  switch (random() % 5) {
    case 0: bytes[at] = static_cast<char>(random()); break;
    case 1: bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8); break;
    case 2: bytes.resize(at); break;
    case 3: bytes.insert(at, bytes.substr(0, random() % 9)); break;
    default: bytes.erase(at, random() % 9);
  }
}

}  // namespace

TEST(plain_connections_are_read) {
  Fixture fixture;
  CHECK(Flow(tls13()).read(fixture.reader, fixture.found, false) == Reading::kDone);
  CHECK(has(fixture.found.body, "\"version\":\"TLSv1.3\",\"sni\":\"www.Example.org\",\"ech\":true,\"alpn\":[\"h2\",\"http/1.1\"]"));
  CHECK(has(fixture.found.body, "\"established\":true"));
  CHECK(fixture.found.host == "www.example.org");
  for (const size_t size : {16'000u, 700u, 3u, 1u}) {
    CHECK(Flow(tls12(size)).read(fixture.reader, fixture.found, false) == Reading::kDone);
    CHECK(has(fixture.found.body, "\"group\":\"secp256r1\""));
    CHECK(has(fixture.found.body, "\"certificates\":[{\"subject\":\"CN=*.example.org\"},{\"subject\":\"CN=*.example.org\"}]"));
    EQ(fixture.found.risks, 0);
  }
}

TEST(a_certificate_that_is_not_known_is_odd_and_asked_for) {
  Certificates certificates;
  TlsReader reader(certificates);
  Found found;
  CHECK(Flow(tls12(16'000)).read(reader, found, false) == Reading::kOdd);
  const std::vector<std::string> unknown = certificates.take_unknown();
  CHECK(!unknown.empty() && unknown[0] == kDer);
}

TEST(a_flow_that_ends_at_any_byte_stays_in_its_memory) {
  Fixture fixture;
  for (const Parts& whole : {tls13(), tls12(16'000), tls12(250)}) {
    for (size_t part = 0; part < whole.size(); part++) {
      for (size_t end = 1; end < whole[part].bytes.size(); end += 1 + end / 300) {
        Parts parts(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(part) + 1);
        parts[part].bytes.resize(end);
        const Reading reading = Flow(parts).read(fixture.reader, fixture.found, true);
        CHECK((reading == Reading::kDone) == (part > 0));
      }
    }
  }
}

TEST(faults_stay_in_the_memory_of_the_flow) {
  Fixture fixture;
  std::mt19937 random(11);
  size_t done = 0;
  for (int round = 0; round < 6000; round++) {
    Parts parts = round % 2 == 0 ? tls13() : tls12(1 + random() % 2000);
    for (size_t i = 0; i < 1 + random() % 3; i++) change(parts[random() % parts.size()].bytes, random);
    if (Flow(parts).read(fixture.reader, fixture.found, true) == Reading::kDone) done++;
  }
  CHECK(done > 500);
}

TEST(noise_stays_in_the_memory_of_the_flow) {
  Fixture fixture;
  std::mt19937 random(12);
  for (int round = 0; round < 3000; round++) {
    Parts parts = tls13();
    parts.resize(1);
    for (int i = 0; i < 3; i++) {
      std::string bytes(random() % 90, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() % 4 : random());
      const std::string messages[] = {handshake(static_cast<int>(random() % 16), bytes), bytes};
      parts.push_back({random() % 2, record(20 + static_cast<int>(random() % 5), messages[random() % 2])});
    }
    (void)Flow(parts).read(fixture.reader, fixture.found, true);
  }
}
