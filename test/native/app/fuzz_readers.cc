// libFuzzer target: any bytes as a flow of any of the protocols that have a native reader, event by event as
// native/app/app_flows.cc shows them: heads that grow, bytes that are left out, sides that are full.
//
//   input = protocol u8, server port u8, options u8, then events: side u8, length u16, bytes
//
// Besides memory errors (all that a reader is shown has exactly its size) it looks for broken promises of flow_reading.h, and
// for an answer that depends on anything but the flow: on what was read before, on what was in the findings, on when the
// reader was asked, or on bytes that the reader has said it does not look at. The packets of QUIC are under a cipher, so that
// few changes of one get past it: quic-reader.test.ts changes what is in them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../../../native/app/note_text.h"
#include "../../../native/app/readers.h"
#include "../../../native/app/tables/labels.h"
#include "json_syntax.h"

namespace {

using weir::AppEvent;
using weir::AppProtocol;
using weir::Bytes;
using weir::FlowBytes;
using weir::Found;
using weir::LeftOut;
using weir::Reading;
using weir::Readers;

// As in AppFlows, and NOTE_LIMIT of src/flow/entry.ts.
constexpr size_t kHeadLimit = 16384;
constexpr size_t kMostEvents = 40;
constexpr size_t kMostGaps = 8;
constexpr size_t kMostDatagramBytes = 24 << 10;
constexpr size_t kNoteLimit = 16384;
constexpr size_t kMostLearned = 64;

constexpr uint8_t kEnded = 1;
constexpr uint8_t kMulticastClient = 2;
constexpr uint8_t kLongAgo = 4;

constexpr uint16_t kUsualPorts[] = {443, 80, 53, 443, 22, 25};
constexpr uint16_t kPorts[] = {443, 80, 53, 22, 25, 8080, 2222, 587, 8443, 853, 993, 5353, 9};

void require(bool condition, const char* promise) {
  if (condition) return;
  std::fprintf(stderr, "fuzz_readers: %s\n", promise);
  std::abort();
}

template <class T>
std::unique_ptr<T[]> exact(const T* from, size_t count) {
  std::unique_ptr<T[]> copy(new T[count]);
  if (count > 0) std::memcpy(static_cast<void*>(copy.get()), from, count * sizeof(T));
  return copy;
}

// A flow as far as it has come.
struct Flow {
  AppProtocol protocol = AppProtocol::kNone;
  bool is_stream = false;
  uint16_t client_port = 40000;
  uint16_t server_port = 0;
  std::vector<uint8_t> heads[2];  // of datagrams: all of them in the first
  std::vector<LeftOut> gaps[2];
  std::vector<AppEvent> events;

  // Of a side, what was left out included.
  size_t length(size_t side) const {
    size_t length = heads[side].size();
    for (const LeftOut& gap : gaps[side]) length += gap.length;
    return length;
  }

  Reading read(Readers& readers, bool ended, Found& found) const {
    const auto client = exact(heads[0].data(), heads[0].size());
    const auto server = exact(heads[1].data(), heads[1].size());
    const auto client_gaps = exact(gaps[0].data(), gaps[0].size());
    const auto server_gaps = exact(gaps[1].data(), gaps[1].size());
    const auto shown = exact(events.data(), events.size());
    FlowBytes bytes;
    if (is_stream) {
      bytes.heads[0] = {client.get(), heads[0].size()};
      bytes.heads[1] = {server.get(), heads[1].size()};
      bytes.left_out[0] = client_gaps.get();
      bytes.left_out[1] = server_gaps.get();
      bytes.left_out_count[0] = gaps[0].size();
      bytes.left_out_count[1] = gaps[1].size();
    } else {
      bytes.datagrams = {client.get(), heads[0].size()};
    }
    bytes.events = shown.get();
    bytes.event_count = events.size();
    bytes.client_port = client_port;
    bytes.server_port = server_port;
    bytes.ended = ended;
    return readers.read(protocol, bytes, found);
  }
};

// Facts of a certificate that depend on its bytes alone.
weir::KnownCertificate known_of(const std::string& der) {
  weir::KnownCertificate known;
  uint32_t hash = 1;
  for (const char byte : der) hash = hash * 31 + static_cast<uint8_t>(byte);
  known.json = "{\"n\":" + std::to_string(hash % 1000) + "}";
  if ((hash & 1) != 0) known.names = {"example.org", "*.example.org"};
  known.not_before = (hash & 2) != 0 ? 1.7e9 : std::numeric_limits<double>::quiet_NaN();
  known.not_after = 1.7e9 + hash;
  known.self_signed = (hash & 4) != 0;
  return known;
}

// What is odd for a certificate that is not known yet is read once more, as a shard does with the next flow.
Reading read_learning(const Flow& flow, Readers& readers, bool ended, Found& found) {
  Reading reading = flow.read(readers, ended, found);
  for (int round = 0; round < 2000; round++) {
    const std::vector<std::string> unknown = readers.certificates().take_unknown();
    if (unknown.empty() || reading != Reading::kOdd) return reading;
    for (const std::string& der : unknown) {
      readers.certificates().learn({reinterpret_cast<const uint8_t*>(der.data()), der.size()}, known_of(der));
    }
    reading = flow.read(readers, ended, found);
  }
  return reading;
}

bool is_printable(const std::string& text) { return weir::is_plain_text({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); }

void check_learned(const Flow& flow, const Found& found) {
  require(!flow.is_stream || (found.learned.empty() && !found.said_first), "names and who spoke first are of datagrams only");
  require(found.learned.size() <= kMostLearned, "names are too many");
  for (const weir::LearnedName& learned : found.learned) {
    require(learned.address.size() == 4 || learned.address.size() == 16, "an address is none");
    require(!learned.name.empty() && learned.name.size() <= 255 && is_printable(learned.name), "a name is none");
  }
}

void check_note(const Flow& flow, const Found& found) {
  uint64_t known = 0;
  for (size_t id = 0; id < 64; id++) known |= uint64_t{weir::kRisks[id].json != nullptr} << id;
  require((found.risks & ~known) == 0, "a risk is none");
  require(is_printable(found.host) && is_printable(found.body), "a text is not plain");
  require(found.host.empty() || found.host_source != weir::HostSource::kNone, "a host has no source");
  std::string note;
  weir::put_note(note, flow.protocol, found);
  require(weir::JsonSyntax::holds(note), "a note is no JSON");
  require(note.size() <= kNoteLimit, "a note is too long");
  size_t at = 0;
  for (const auto& [from, to] : found.shared) {
    require(at <= from && from <= to && to <= found.body.size(), "shared parts are out of order, or not in the body");
    at = to;
  }
}

void check_answer(const Flow& flow, Reading reading, bool ended, const Found& found) {
  require(reading == Reading::kMore || reading == Reading::kDone || reading == Reading::kOdd, "an answer is none");
  if (reading == Reading::kOdd) return;
  require(!ended || reading == Reading::kDone, "more of a flow that has ended");
  check_learned(flow, found);
  if (reading == Reading::kDone) return check_note(flow, found);
  require(found.full <= (flow.is_stream ? 3 : 0), "a side is full that is none");
  if (!flow.is_stream) return;
  for (const size_t side : {weir::kClient, weir::kServer}) {
    if ((found.full >> side & 1) != 0) continue;
    require(found.need[side] > flow.length(side) || flow.length(side) == kHeadLimit, "what is needed is there");
    require(found.enough[side] == SIZE_MAX, "enough of a side that is not full");
  }
}

bool is_same_name(const weir::LearnedName& a, const weir::LearnedName& b) {
  return a.address == b.address && a.name == b.name && a.ttl == b.ttl;
}

bool is_same_note(const Found& a, const Found& b) {
  return a.confirmed == b.confirmed && a.risks == b.risks && a.host == b.host && a.host_source == b.host_source && a.body == b.body &&
         a.shared == b.shared;
}

bool is_same_progress(const Found& a, const Found& b) {
  for (const size_t side : {weir::kClient, weir::kServer}) {
    if (a.need[side] != b.need[side] || a.pass[side] != b.pass[side] || a.enough[side] != b.enough[side]) return false;
  }
  return a.full == b.full;
}

void require_same(Reading a, const Found& found_a, Reading b, const Found& found_b, const char* promise) {
  require(a == b, promise);
  if (a == Reading::kOdd) return;
  require(found_a.said_first == found_b.said_first && found_a.learned.size() == found_b.learned.size(), promise);
  for (size_t i = 0; i < found_a.learned.size(); i++) require(is_same_name(found_a.learned[i], found_b.learned[i]), promise);
  require(a == Reading::kDone ? is_same_note(found_a, found_b) : is_same_progress(found_a, found_b), promise);
}

// What must not show in the answer.
void fill_with_rubbish(Found& found) {
  found.need[0] = found.pass[1] = found.keep[0] = found.enough[0] = 77;
  found.full = 3;
  found.learned.assign(3, {"rubbish", "rubbish", 1});
  found.said_first = found.confirmed = true;
  found.risks = UINT64_MAX;
  found.host = found.body = "rubbish";
  found.host_source = weir::HostSource::kProtocol;
  found.shared.assign(2, {1, 4});
}

// One flow on its way through a reader.
class Talk {
 public:
  // `readers` must outlive this.
  Talk(Readers& readers, AppProtocol protocol, uint16_t server_port, uint8_t options)
      : readers_(readers), seconds_((options & kLongAgo) != 0 ? 1'400'000'000 : 1'760'000'000) {
    flow_.protocol = protocol;
    flow_.is_stream = protocol != AppProtocol::kDns && protocol != AppProtocol::kQuic;
    if ((options & kMulticastClient) != 0) flow_.client_port = 5353;
    flow_.server_port = server_port;
    whole_ = flow_;
  }

  // False when no more is shown to the reader.
  bool take(size_t side, Bytes payload) {
    if (payload.length == 0 || (full_ >> side & 1) != 0) return true;
    if (!is_taken(side, payload.length)) return false;
    if (flow_.is_stream) payload = payload.part(0, kHeadLimit - flow_.length(side));
    append(side, payload);
    ask_short(flow_.is_stream ? side : 0);
    const bool is_due = !flow_.is_stream || flow_.length(side) == kHeadLimit || flow_.length(0) >= need_[0] || flow_.length(1) >= need_[1];
    return is_due ? ask(false) : ask_early();
  }

  void end() {
    if (!flow_.events.empty()) ask(true);
  }

 private:
  // `may_begin` and `may_go_on` of AppFlows.
  bool is_taken(size_t side, size_t length) const {
    if (flow_.events.size() >= kMostEvents) return false;
    if (!flow_.is_stream) return flow_.heads[0].size() + length <= kMostDatagramBytes;
    return flow_.events.empty() ? length < kHeadLimit : flow_.length(side) < kHeadLimit;
  }

  void append(size_t side, Bytes payload) {
    const uint32_t seconds = seconds_ + static_cast<uint32_t>(flow_.events.size());
    const AppEvent event = {seconds * 1e9, seconds, static_cast<uint16_t>(payload.length), static_cast<uint16_t>(side)};
    const size_t head = flow_.is_stream ? side : 0;
    whole_.heads[head].insert(whole_.heads[head].end(), payload.data, payload.data + payload.length);
    const size_t length = flow_.length(side);
    if (flow_.is_stream && length < pass_[side] && flow_.gaps[side].size() < kMostGaps) {
      const size_t passed = std::min(pass_[side] - length, payload.length);
      leave_out(side, passed);
      payload = payload.part(passed);
    }
    flow_.heads[head].insert(flow_.heads[head].end(), payload.data, payload.data + payload.length);
    flow_.events.push_back(event);
    whole_.events.push_back(event);
  }

  void leave_out(size_t side, size_t length) {
    std::vector<LeftOut>& gaps = flow_.gaps[side];
    const size_t at = flow_.heads[side].size();
    if (!gaps.empty() && gaps.back().at == at) gaps.back().length += length;
    else gaps.push_back({at, length});
  }

  // The same of AppFlows.
  void leave_out_last(size_t side, size_t keep) {
    const size_t length = flow_.heads[side].size();
    if (keep >= length || flow_.gaps[side].size() == kMostGaps) return;
    require(pass_[side] > flow_.length(side), "bytes that are in the way of others would be left out");
    flow_.heads[side].resize(keep);
    leave_out(side, length - keep);
  }

  // The flow whose last event is a byte shorter: what is read must not be longer than what is there.
  void ask_short(size_t head) {
    Flow flow = flow_;
    AppEvent& last = flow.events.back();
    const bool is_left_out = !flow.gaps[head].empty() && flow.gaps[head].back().at == flow.heads[head].size();
    if (last.length < 2 || is_left_out) return;
    last.length--;
    flow.heads[head].pop_back();
    for (const bool ended : {false, true}) {
      Found found;
      check_answer(flow, read_learning(flow, readers_, ended, found), ended, found);
    }
  }

  // The reader need not be asked, and would not have been done.
  bool ask_early() {
    Found found;
    const Reading reading = read_learning(flow_, readers_, false, found);
    check_answer(flow_, reading, false, found);
    require(reading != Reading::kDone, "done before what was needed is there");
    require(reading == Reading::kOdd || found.full == full_, "a side is full before what was needed is there");
    return true;
  }

  bool ask(bool ended) {
    Found found;
    const Reading reading = read_learning(flow_, readers_, ended, found);
    check_answer(flow_, reading, ended, found);
    compare(reading, ended, found);
    if (reading != Reading::kMore) return false;
    for (const size_t side : {weir::kClient, weir::kServer}) {
      need_[side] = found.need[side];
      pass_[side] = found.pass[side];
      leave_out_last(side, found.keep[side]);
      if ((found.full & ~full_ & 1u << side) != 0) cut(side, found.enough[side]);
    }
    full_ |= found.full;
    return true;
  }

  void compare(Reading reading, bool ended, const Found& found) {
    static Found& other = *new Found();
    fill_with_rubbish(other);
    require_same(reading, found, read_learning(flow_, readers_, ended, other), other, "another answer when asked again");
    require(reading != Reading::kMore || (found.keep[0] == other.keep[0] && found.keep[1] == other.keep[1]), "other bytes to keep");
    // To make new ones takes longer than to read with them.
    if (reading == Reading::kMore && found.learned.empty()) return;
    Readers fresh;
    require_same(reading, found, read_learning(flow_, fresh, ended, other), other, "another answer of a reader that has read nothing");
    if (!flow_.is_stream) return;
    require_same(reading, found, read_learning(whole_, fresh, ended, other), other, "another answer with what was left out");
  }

  // `cut` of AppFlows.
  void cut(size_t side, size_t enough) {
    std::vector<uint8_t>& head = flow_.heads[side];
    if (enough < head.size()) head.resize(enough);
    std::vector<LeftOut>& gaps = flow_.gaps[side];
    while (!gaps.empty() && gaps.back().at > head.size()) gaps.pop_back();
    size_t left = flow_.length(side);
    for (AppEvent& event : flow_.events) {
      if (event.side != side) continue;
      event.length = static_cast<uint16_t>(std::min<size_t>(event.length, left));
      left -= event.length;
    }
  }

  Readers& readers_;
  uint32_t seconds_;
  Flow flow_;
  // The same with all bytes.
  Flow whole_;
  uint8_t full_ = 0;
  size_t need_[2] = {0, 0};
  size_t pass_[2] = {0, 0};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
  if (size < 3) return 0;
  const size_t protocol = input[0] % std::size(kUsualPorts);
  const uint16_t port = input[1] < 128 ? kUsualPorts[protocol] : kPorts[input[1] % std::size(kPorts)];
  // They remember the inputs before this one, which may be needed to see a finding again.
  static Readers& readers = *new Readers();
  Talk talk(readers, static_cast<AppProtocol>(protocol + 1), port, input[2]);
  size_t at = 3;
  bool is_open = true;
  while (is_open && size - at > 3) {
    const size_t side = input[at] & 1;
    const size_t length = static_cast<size_t>(input[at + 1] | input[at + 2] << 8);
    at += 3;
    const Bytes payload = Bytes{input, size}.part(at, length);
    at += payload.length;
    is_open = talk.take(side, payload);
  }
  if (is_open && (input[2] & kEnded) != 0) talk.end();
  return 0;
}
