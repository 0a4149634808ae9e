// The reader of HTTP over bytes of any kind: it reads what it was given and nothing else, and never wants more at the end.
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../../native/app/http_reader.h"
#include "../../../native/app/note_text.h"
#include "../decode/check.h"

namespace {

using weir::kClient;
using weir::kServer;
using weir::Reading;

constexpr int kTrials = 60'000;

const std::string kGet =
    "GET /a/b%20c?d=e HTTP/1.1\r\nHost: www.example.org:80\r\n"
    "User-Agent: Mozilla/5.0 (X11) bot +http://x\r\nReferer: http://www.example.org/\r\n\r\n";
const std::string kPost =
    "POST http://example.org/f HTTP/1.1\r\nHost: 192.0.2.1\r\nUser-Agent: curl/8\r\nAuthorization: Basic x\r\nContent-Type: application/json\r\n"
    "Content-Length: 20\r\n\r\n{\"a\":\"0123456789\"}\r\n";
const std::string kOk =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"a.exe\"\r\n"
    "Content-Length: 20\r\n\r\nMZ\x01\x01" "0123456789abcdef";
const std::string kChunked =
    "HTTP/1.1 404 Not Found\r\nServer: Apache/2.2.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\nA;x\r\n0123456789\r\n0\r\nX: y\r\n\r\n";

struct Asked {
  Reading reading;
  std::string note;
  weir::Found found;
};

// The reader over copies that are exactly as long as what they hold. `first`: length of the first event.
Asked ask(const std::string& client, const std::string& server, size_t first, bool ended) {
  static weir::HttpReader reader;
  const std::unique_ptr<uint8_t[]> heads[2] = {std::make_unique<uint8_t[]>(client.size()), std::make_unique<uint8_t[]>(server.size())};
  std::memcpy(heads[kClient].get(), client.data(), client.size());
  std::memcpy(heads[kServer].get(), server.data(), server.size());
  std::vector<weir::AppEvent> events = {{1e6, 1'760'000'000, static_cast<uint16_t>(first), kClient}};
  if (client.size() > first) events.push_back({2e6, 1'760'000'000, static_cast<uint16_t>(client.size() - first), kClient});
  if (!server.empty()) events.push_back({3e6, 1'760'000'000, static_cast<uint16_t>(server.size()), kServer});
  weir::FlowBytes flow;
  flow.heads[kClient] = {heads[kClient].get(), client.size()};
  flow.heads[kServer] = {heads[kServer].get(), server.size()};
  flow.events = events.data();
  flow.event_count = events.size();
  flow.client_port = 50'000;
  flow.server_port = 80;
  flow.ended = ended;
  Asked asked;
  asked.reading = reader.read(flow, asked.found);
  if (asked.reading == Reading::kDone) weir::put_note(asked.note, weir::AppProtocol::kHttp, asked.found);
  return asked;
}

std::string changed(std::string text, std::mt19937& random) {
  for (uint32_t count = random() % 3; count > 0 && !text.empty(); count--) {
    const size_t at = random() % text.size();
    switch (random() % 5) {
      case 0: text[at] = static_cast<char>(random()); break;
      case 1: text.resize(at); break;
      case 2: text.insert(at, 1, "\r\n :/%;0\x01"[random() % 9]); break;
      case 3: text.erase(at, random() % 9); break;
      default: text.insert(at, text.substr(random() % text.size(), random() % 60)); break;
    }
  }
  return text;
}

}  // namespace

TEST(an_exchange_is_done_when_the_flow_ends) {
  const Asked early = ask(kGet, kOk, kGet.size(), false);
  EQ(static_cast<int>(early.reading), static_cast<int>(Reading::kMore));
  EQ(early.found.need[kClient], kGet.size() + 1);
  EQ(early.found.need[kServer], kOk.size() + 1);
  EQ(static_cast<int>(early.found.full), 0);
  const Asked late = ask(kGet + kPost, kOk + kChunked, kGet.size(), true);
  EQ(static_cast<int>(late.reading), static_cast<int>(Reading::kDone));
  CHECK(late.note.find("\"requests\":2}") != std::string::npos);
}

TEST(a_body_that_is_passed_over_asks_for_its_end) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
  EQ(ask(kGet, head, kGet.size(), false).found.need[kServer], head.size() + 16);
  EQ(ask(kGet, head + std::string(100, 'x'), kGet.size(), false).found.need[kServer], head.size() + 5001);
  const std::string longer = "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(100, 'x');
  const Asked filled = ask(kGet, longer, kGet.size(), false);
  EQ(static_cast<int>(filled.found.full), 1 << kServer);
  EQ(filled.found.need[kServer], SIZE_MAX);
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n" + std::string(100, 'x');
  EQ(ask(kGet, chunked, kGet.size(), false).found.need[kServer], chunked.size() - 100 + 0x1000 + 1);
}

TEST(any_bytes_are_read_or_odd) {
  std::mt19937 random(20'251'009);
  const std::string requests[] = {kGet, kPost, kPost + kGet, std::string(60, '/')};
  const std::string responses[] = {kOk, kChunked, kOk + kChunked, std::string()};
  int done = 0;
  int odd = 0;
  for (int trial = 0; trial < kTrials; trial++) {
    const std::string client = changed(requests[random() % 4], random);
    const std::string server = changed(responses[random() % 4], random);
    if (client.empty()) continue;
    const bool ended = random() % 4 != 0;
    const Asked asked = ask(client, server, random() % 3 == 0 ? 1 + random() % client.size() : client.size(), ended);
    if (ended) CHECK(asked.reading != Reading::kMore);
    done += asked.reading == Reading::kDone;
    odd += asked.reading == Reading::kOdd;
  }
  CHECK(done > kTrials / 10);
  CHECK(odd > kTrials / 10);
}

TEST(noise_is_odd) {
  std::mt19937 random(7);
  for (int trial = 0; trial < kTrials / 4; trial++) {
    std::string noise(1 + random() % 200, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    EQ(static_cast<int>(ask(noise, noise, noise.size(), trial % 2 == 0).reading), static_cast<int>(Reading::kOdd));
    // Behind a request and a response that are plain.
    ask(kGet + noise, kOk + noise, kGet.size(), trial % 2 == 0);
  }
}
