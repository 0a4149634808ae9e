// What the native readers of applications are given, and what they say. A reader does the plain case of its protocol: its
// findings are, to the last byte, what the parsers of src/app make of the same flow. Whatever it is not sure of is odd, and
// the flow is given to those parsers with all of its bytes.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bytes.h"

namespace weir {

constexpr uint32_t kClient = 0;
constexpr uint32_t kServer = 1;

// Numbers of `AppReader` in src/native/app-flows.ts.
enum class AppProtocol : uint8_t { kNone = 0, kTls = 1, kHttp = 2, kDns = 3, kQuic = 4, kSsh = 5, kSmtp = 6, kCount = 7 };

// A segment that has grown its side's head, or a datagram.
struct AppEvent {
  double now_ns;     // stream time
  uint32_t seconds;  // since the epoch
  uint16_t length;   // bytes that it has added to its side
  uint16_t side;     // kClient, kServer
};

// Bytes of a side that were left out, as the reader had said that they could be: `length` of them behind the first `at` of those
// that are there.
struct LeftOut {
  size_t at;
  size_t length;
};

struct FlowBytes {
  // Of a stream: the bytes of each side in order from the first one on, without holes but for what was left out.
  Bytes heads[2];
  const LeftOut* left_out[2] = {nullptr, nullptr};
  size_t left_out_count[2] = {0, 0};
  // What has come, in the order in which it came. There is at least one.
  const AppEvent* events = nullptr;
  size_t event_count = 0;
  // Of a flow of datagrams: their bytes, one after the other as in `events`.
  Bytes datagrams;
  uint16_t client_port = 0;
  uint16_t server_port = 0;
  // The flow is over: nothing more comes.
  bool ended = false;

  // Bytes that the side of a stream has sent, with what was left out.
  size_t length(size_t side) const {
    size_t length = heads[side].length;
    for (size_t i = 0; i < left_out_count[side]; i++) length += left_out[side][i].length;
    return length;
  }
};

enum class Reading : uint8_t {
  kMore,  // what came so far is plain, and more is wanted; never of a flow that has ended
  kDone,  // nothing more is wanted: the findings are whole
  kOdd,   // the flow is for the parsers of src/app
};

enum class HostSource : uint8_t { kNone, kTlsSni, kQuicSni, kHttpHost, kProtocol };

// A name that an answer gave to an address.
struct LearnedName {
  std::string address;  // 4 or 16 bytes
  std::string name;
  uint32_t ttl = 0;
};

struct Found {
  // With kMore: the reader need not be asked again until one of the heads is at least so long, with what was left out. Streams only.
  size_t need[2] = {0, 0};
  // Likewise: what comes before that length is looked at by nobody and may be left out.
  size_t pass[2] = {0, 0};
  // With a `pass` beyond the end of the head: of the bytes in the head, those behind the first so many are such bytes, too.
  size_t keep[2] = {SIZE_MAX, SIZE_MAX};
  // With kMore: a bit for each side of whose head nothing more will be read (1 << kClient, 1 << kServer). Streams only.
  uint8_t full = 0;
  // Of such a side: only the first bytes, so many, have been read or will be; the others need not be kept.
  size_t enough[2] = {SIZE_MAX, SIZE_MAX};
  // With kMore and kDone: names that the last event has told. Datagrams only.
  std::vector<LearnedName> learned;
  // With kMore and kDone: `FlowApp.saidFirst`. Datagrams only.
  bool said_first = false;

  // With kDone: what the note says (AppNote in src/app/note.ts).
  bool confirmed = false;
  uint64_t risks = 0;  // bits by the ids of src/app/risks.ts
  std::string host;
  HostSource host_source = HostSource::kNone;
  // Members of the note behind `host_source`, as JSON without the comma before them: `"tls":{…},"ja3":"…"`.
  std::string body;
  // Parts of the body, [from, to), that many flows have in common, in their order: they are kept once.
  std::vector<std::pair<size_t, size_t>> shared;

  // The body from there to its end is such a part.
  void share(size_t from) { shared.emplace_back(from, body.size()); }

  // Keeps the memory.
  void clear() {
    need[0] = need[1] = 0;
    pass[0] = pass[1] = 0;
    keep[0] = keep[1] = SIZE_MAX;
    full = 0;
    enough[0] = enough[1] = SIZE_MAX;
    learned.clear();
    said_first = false;
    confirmed = false;
    risks = 0;
    host.clear();
    host_source = HostSource::kNone;
    body.clear();
    shared.clear();
  }
};

}  // namespace weir
