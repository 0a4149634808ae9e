#include "quic_reader.h"

#include "note_text.h"
#include "quic_parameters.h"

namespace weir {
namespace {

constexpr size_t kMostBytes = 24 * 1024;
// The datagrams up to a whole ClientHello: one of two or three datagrams, repeated.
constexpr size_t kLongestOpening = 6144;
// Datagrams after the ClientHello in which the ServerHello is looked for.
constexpr size_t kAnswerLimit = 12;
// Packets of one flow that are tried.
constexpr size_t kMostAttempts = 24;
// What a note has besides is less than what is left of NOTE_LIMIT (src/flow/entry.ts).
constexpr size_t kLongestBody = 12'000;
constexpr size_t kUserAgentLimit = 256;
constexpr uint8_t kClientHello = 1;
constexpr uint8_t kServerHello = 2;

bool is_expected_at(uint16_t port) {
  for (const uint16_t usual : kQuicPorts) {
    if (port == usual) return true;
  }
  return false;
}

size_t hash_of(uint32_t version, Bytes id) {
  uint64_t hash = version;
  for (size_t i = 0; i < id.length; i++) hash = (hash ^ id[i]) * 0x9e3779b97f4a7c15u;
  return static_cast<size_t>(hash >> 32);
}

enum class Message { kPart, kWhole, kOther };

// The body of the first handshake message (RFC 8446 section 4).
Message message_of(Bytes start, uint8_t type, Bytes& body) {
  if (start.length < 4) return Message::kPart;
  if (start[0] != type) return Message::kOther;
  const size_t length = static_cast<size_t>(start[1]) << 16 | static_cast<size_t>(start[2]) << 8 | start[3];
  body = start.part(4, length);
  return body.length == length ? Message::kWhole : Message::kPart;
}

void put_member(std::string& out, const char* name, const std::string& value) {
  out += ",\"";
  out += name;
  out += "\":\"";
  out += value;
  out += '"';
}

}  // namespace

bool QuicReader::Opening::begins(const FlowBytes& flow) const {
  if (count > flow.event_count || bytes.size() > flow.datagrams.length) return false;
  for (size_t i = 0; i < count; i++) {
    if (flow.events[i].length != lengths[i] || (flow.events[i].side == kServer) != ((from_server >> i & 1) != 0)) return false;
  }
  return std::memcmp(bytes.data(), flow.datagrams.data, bytes.size()) == 0;
}

void QuicReader::Opening::forget_flow() {
  bytes.clear();
  from_server = 0;
  count = 0;
  attempts = 0;
  stream.clear();
  hello_at = 0;
}

Reading QuicReader::read(const FlowBytes& flow, Found& found) {
  if (!crypto_.usable() || flow.event_count > kMostDatagrams || flow.datagrams.length > kMostBytes) return Reading::kOdd;
  if (!is_expected_at(flow.server_port) || flow.events[0].side != kClient) return Reading::kOdd;
  answer_.clear();
  answer_ja3s_.clear();
  Opening* const opening = opening_of(flow);
  if (opening == nullptr) return Reading::kOdd;
  attempts_ = opening->attempts;
  if (!read_opening(*opening, flow)) {
    opening->forget_flow();
    return Reading::kOdd;
  }
  found.said_first = true;
  size_t at = opening->bytes.size();
  size_t count = opening->count;
  while (count < flow.event_count && !is_done(*opening, count)) {
    const AppEvent& event = flow.events[count++];
    if (!read_datagram(*opening, flow.datagrams.part(at, event.length), event.side)) return Reading::kOdd;
    at += event.length;
  }
  if (!is_done(*opening, count) && !flow.ended) return Reading::kMore;
  return put_findings(*opening, found) ? Reading::kDone : Reading::kOdd;
}

bool QuicReader::is_done(const Opening& opening, size_t datagrams) const {
  return !answer_ja3s_.empty() || (opening.hello_at > 0 && datagrams - opening.hello_at >= kAnswerLimit);
}

QuicReader::Opening* QuicReader::opening_of(const FlowBytes& flow) {
  const Bytes first = flow.datagrams.part(0, flow.events[0].length);
  const QuicVersion* const version = has_long_header(first) ? quic_version(quic_version_of(first)) : nullptr;
  if (version == nullptr) return nullptr;
  read_long_packets(first, *version, packets_);
  if (packets_.odd || packets_.count == 0 || packets_.list[0].type != QuicPacketType::kInitial) return nullptr;
  const Bytes id = packets_.list[0].destination_id;
  Opening& opening = openings_[hash_of(version->number, id) % kOpenings];
  if (opening.version != version || !(opening.destination_id() == id)) {
    opening.forget_flow();
    opening.version = version;
    opening.id_length = id.length;
    if (id.length > 0) std::memcpy(opening.id, id.data, id.length);
    opening.secret = crypto_.secret_of(*version, id);
    opening.client = crypto_.client_keys(*version, opening.secret);
    opening.has_server = false;
  }
  if (!opening.begins(flow)) opening.forget_flow();
  return &opening;
}

bool QuicReader::read_opening(Opening& opening, const FlowBytes& flow) {
  while (opening.hello_at == 0 && opening.count < flow.event_count) {
    const AppEvent& event = flow.events[opening.count];
    const Bytes datagram = flow.datagrams.part(opening.bytes.size(), event.length);
    if (opening.bytes.size() + datagram.length > kLongestOpening) return false;
    opening.lengths[opening.count] = event.length;
    if (event.side == kServer) opening.from_server |= 1u << opening.count;
    opening.count++;
    opening.bytes.append(datagram.text());
    if (!read_datagram(opening, datagram, event.side)) return false;
    opening.attempts = attempts_;
    // A server that answers what has not been asked yet.
    if (!answer_.empty()) return false;
  }
  return true;
}

bool QuicReader::read_datagram(Opening& opening, Bytes datagram, size_t side) {
  if (!has_long_header(datagram)) return !may_be_google_packet(datagram);
  read_long_packets(datagram, *opening.version, packets_);
  if (packets_.odd) return false;
  for (size_t i = 0; i < packets_.count; i++) {
    const LongPacket& packet = packets_.list[i];
    if (packet.type != QuicPacketType::kInitial) continue;
    if (!(side == kClient ? read_client(opening, datagram, packet) : read_server(opening, datagram, packet))) return false;
  }
  return true;
}

bool QuicReader::read_client(Opening& opening, Bytes datagram, const LongPacket& packet) {
  const bool is_first = opening.hello_at == 0 && opening.count == 1 && packet.start == 0;
  // After a Retry, or in another connection of the same ports, the id has keys of its own.
  const bool is_other_id = !(packet.destination_id == opening.destination_id());
  if (opening.hello_at > 0 && !is_other_id) return true;
  if (++attempts_ > kMostAttempts) return false;
  if (!crypto_.open(datagram, packet, opening.client)) return !is_first && !is_other_id;
  if (is_first) opening.source_id.assign(packet.source_id.text());
  if (opening.hello_at > 0) return true;
  if (!read_crypto_frames(crypto_.payload(), opening.stream)) return false;
  Bytes body;
  switch (message_of(opening.stream.start(), kClientHello, body)) {
    case Message::kPart: return true;
    case Message::kOther: return false;
    default: break;
  }
  opening.hello_at = opening.count;
  return take_hello(opening, body);
}

bool QuicReader::read_server(Opening& opening, Bytes datagram, const LongPacket& packet) {
  if (!opening.has_server) opening.server = crypto_.server_keys(*opening.version, opening.secret);
  opening.has_server = true;
  if (++attempts_ > kMostAttempts) return false;
  if (!crypto_.open(datagram, packet, opening.server)) return true;
  if (!read_crypto_frames(crypto_.payload(), answer_)) return false;
  Bytes body;
  switch (message_of(answer_.start(), kServerHello, body)) {
    case Message::kPart: return true;
    case Message::kOther: return false;
    default: break;
  }
  answer_ja3s_.clear();
  return parse_server_hello(body, server_hello_) && ja3s_.put(answer_ja3s_, server_hello_, digests_);
}

bool QuicReader::take_hello(Opening& opening, Bytes message) {
  if (!parse_client_hello(message, hello_)) return false;
  const ClientShape* const shape = shapes_.of(hello_, 'q', digests_);
  const Bytes agent = hello_.has_quic_parameters ? user_agent_of(hello_.quic_parameters) : Bytes{};
  if (shape == nullptr || agent.length > kUserAgentLimit || !is_plain_text(agent)) return false;
  std::string& names = opening.names;
  names.assign(",\"sni\":");
  if (hello_.has_sni) put_json(names, hello_.sni);
  else names += "null";
  names += ",\"alpn\":[";
  for (size_t i = 0; i < hello_.alpn_count; i++) {
    if (i > 0) names += ',';
    put_json(names, hello_.alpn[i]);
  }
  names += "],\"user_agent\":";
  if (agent.length > 0) put_json(names, agent);
  else names += "null";
  opening.host.assign(hello_.sni.text());
  opening.before_ja3s.clear();
  put_member(opening.before_ja3s, "ja3", shape->ja3);
  opening.behind_ja3s.clear();
  put_member(opening.behind_ja3s, "ja4", shape->ja4);
  put_member(opening.behind_ja3s, "ja4_r", shape->ja4_r);
  return true;
}

bool QuicReader::put_findings(const Opening& opening, Found& found) const {
  const bool has_hello = opening.hello_at > 0;
  found.confirmed = true;
  std::string& body = found.body;
  body += "\"quic\":{\"version\":\"";
  body += opening.version->name;
  body += '"';
  if (has_hello) body += opening.names;
  else body += ",\"sni\":null,\"alpn\":[],\"user_agent\":null";
  body += ",\"dcid\":\"";
  put_hex(body, opening.destination_id());
  body += "\",\"scid\":\"";
  put_hex(body, Bytes{reinterpret_cast<const uint8_t*>(opening.source_id.data()), opening.source_id.size()});
  body += "\"}";
  const size_t from = body.size();
  if (has_hello) body += opening.before_ja3s;
  if (!answer_ja3s_.empty()) put_member(body, "ja3s", answer_ja3s_);
  if (has_hello) body += opening.behind_ja3s;
  if (body.size() > from) found.share(from);
  if (has_hello && !opening.host.empty()) {
    found.host = opening.host;
    found.host_source = HostSource::kQuicSni;
  }
  return body.size() <= kLongestBody;
}

}  // namespace weir
