#include "tls_reader.h"

#include "note_text.h"
#include "tls_names.h"
#include "tls_risks.h"

namespace weir {
namespace {

// Where a first record has the type and the length of its message, the version of its hello, and the length of its session id.
constexpr size_t kMessageType = 5;
constexpr size_t kMessageLength = 6;
constexpr size_t kHelloVersion = 9;
constexpr size_t kHelloSessionId = 43;
constexpr size_t kShortestHello = 38;
constexpr uint8_t kClientHello = 1;
constexpr uint8_t kServerHello = 2;
// The body that is sure to fit into a note with the rest of it (NOTE_LIMIT of src/flow/entry.ts): risks and a host name
// take the most of that.
constexpr size_t kLongestBody = 16'384 - 2'048;

// The first bytes alone are a hello by the probe of src/app/tls-probe.ts, which is asked first, and nobody else is then.
bool is_hello(Bytes first) {
  if (first.length <= kHelloSessionId) return false;
  const size_t record = static_cast<size_t>(first[3] << 8 | first[4]);
  const size_t message = static_cast<size_t>(first[kMessageLength] << 16 | first[kMessageLength + 1] << 8 | first[kMessageLength + 2]);
  if (first[0] != static_cast<uint8_t>(ContentType::kHandshake) || first[1] != 3 || first[2] > 4 || first[kMessageType] != kClientHello) return false;
  // Behind its ClientHello a client waits for the answer.
  if (message < kShortestHello || message > 0xffff || record > message + 4 || record + 5 <= kHelloSessionId) return false;
  return first[kHelloVersion] == 3 && first[kHelloVersion + 1] <= 0x1c && first[kHelloSessionId] <= 32;
}

// After a HelloRetryRequest both sides send a ChangeCipherSpec that means nothing, and then a hello in clear.
bool is_hello_after_retry(Bytes body) {
  if (body.length < 4 || (body[0] != kClientHello && body[0] != kServerHello)) return false;
  return static_cast<size_t>(body[1] << 16 | body[2] << 8 | body[3]) == body.length - 4;
}

const char* boolean(bool value) { return value ? "true" : "false"; }

}  // namespace

Reading TlsReader::read(const FlowBytes& flow, Found& found) {
  if (flow.event_count == 0 || flow.events[0].side != kClient || !is_hello(flow.heads[kClient].part(0, flow.events[0].length))) return Reading::kOdd;
  for (const size_t side : {kClient, kServer}) {
    if (flow.length(side) >= kHeadLimit) return Reading::kOdd;
  }
  if (!take_all(flow)) return Reading::kOdd;
  if (handshake_.over() || flow.ended) return handshake_.client_seen() && put_body(found) ? Reading::kDone : Reading::kOdd;
  for (const size_t side : {kClient, kServer}) want(side, flow.length(side), found);
  return Reading::kMore;
}

// What has to come before it is worth asking again.
void TlsReader::want(size_t side, size_t length, Found& found) const {
  const RecordReader& reader = readers_[side];
  const size_t end = reader.need(length);
  found.need[side] = std::min(end, kHeadLimit);
  if (!reader.in_data(length)) return;
  found.pass[side] = end;
  found.keep[side] = reader.body_at();
  // The end of the record alone says nothing before the other side has finished, too.
  const size_t other = side == kClient ? kServer : kClient;
  if (handshake_.client_seen() && !handshake_.protected_seen(other)) found.need[side] = std::min(end + RecordReader::kHeader, kHeadLimit);
}

// In the order in which it came: after every event the client's records are looked at, then the server's.
bool TlsReader::take_all(const FlowBytes& flow) {
  handshake_.reset();
  for (const size_t side : {kClient, kServer}) {
    readers_[side].begin(side, flow);
    buffers_[side].reset();
    ciphered_[side] = false;
  }
  size_t lengths[2] = {0, 0};
  for (size_t i = 0; i < flow.event_count && !handshake_.over(); i++) {
    const AppEvent& event = flow.events[i];
    lengths[event.side] += event.length;
    // Only the side that has grown has something new.
    if (!walk(event.side, lengths[event.side], event.seconds, false)) return false;
  }
  if (!flow.ended) return true;
  const uint32_t seconds = flow.events[flow.event_count - 1].seconds;
  return walk(kClient, lengths[kClient], seconds, true) && walk(kServer, lengths[kServer], seconds, true);
}

bool TlsReader::walk(size_t side, size_t length, uint32_t seconds, bool complete) {
  TlsRecord record;
  while (!handshake_.over()) {
    const RecordReader::Next next = readers_[side].next(length, complete, record);
    // What follows something else than a record cannot be read; the other side might go on.
    if (next == RecordReader::Next::kBroken) return false;
    if (next == RecordReader::Next::kNone) break;
    if (!take_record(side, record, seconds)) return false;
  }
  HandshakeMessage rest;
  if (handshake_.over() || !complete || !buffers_[side].rest(rest)) return true;
  return handshake_.cut_message(side, rest, seconds);
}

bool TlsReader::take_record(size_t side, const TlsRecord& record, uint32_t seconds) {
  // Before the ClientHello is whole nothing else can be.
  if (!handshake_.client_seen() && (side != kClient || record.type != ContentType::kHandshake)) return false;
  switch (record.type) {
    case ContentType::kChangeCipherSpec:
      ciphered_[side] = true;
      buffers_[side].clear();
      if (side == kServer) handshake_.server_changes_cipher();
      return true;
    case ContentType::kAlert:
      // Two bytes are never under a cipher.
      if (record.length == 2 && record.whole) handshake_.alert(record.body);
      return true;
    case ContentType::kHandshake:
      if (!ciphered_[side] || is_hello_after_retry(record.body)) return take_handshake(side, record.body, seconds);
      handshake_.protected_record(side, record.length);
      return true;
    case ContentType::kApplicationData: handshake_.protected_record(side, record.length); return true;
    default: return true;
  }
}

bool TlsReader::take_handshake(size_t side, Bytes body, uint32_t seconds) {
  if (!buffers_[side].append(body)) return false;
  HandshakeMessage message;
  while (buffers_[side].next(message)) {
    if (!handshake_.message(side, message, seconds)) return false;
  }
  return true;
}

bool TlsReader::put_body(Found& found) {
  const ClientHello& client = handshake_.client();
  const ClientShape* const shape = shapes_.of(client, 't', digests_);
  if (shape == nullptr) return false;
  found.confirmed = true;
  found.risks = handshake_.risks();
  put_host(found.host, client.sni.text());
  found.host_source = HostSource::kTlsSni;
  std::string& body = found.body;
  body += "\"tls\":{";
  put_name(body);
  size_t from = body.size();
  put_offer(body);
  put_choice(body);
  body += ",\"client_ciphers\":";
  body += shape->ciphers;
  found.share(from);
  // Some programs change their order every time.
  from = body.size();
  body += ",\"client_extensions\":";
  body += shape->extensions;
  found.share(from);
  from = body.size();
  body += ",\"client_versions\":";
  body += shape->versions;
  body += ",\"resumed\":";
  body += boolean(handshake_.resumed());
  body += ",\"established\":";
  body += boolean(handshake_.established());
  found.share(from);
  if (!put_certificates(found)) return false;
  from = body.size();
  put_alert(body);
  body += "},";
  if (!put_fingerprints(body, *shape)) return false;
  found.share(from);
  return body.size() <= kLongestBody;
}

// Version and the server's name.
void TlsReader::put_name(std::string& body) const {
  const ClientHello& client = handshake_.client();
  const ServerHello* const server = handshake_.server();
  body += "\"version\":";
  put_version_json(body, server != nullptr ? server->version : client.best_version);
  body += ",\"sni\":";
  if (client.has_sni) put_json(body, client.sni);
  else body += "null";
}

// What else the client wants.
void TlsReader::put_offer(std::string& body) const {
  const ClientHello& client = handshake_.client();
  body += ",\"ech\":";
  body += boolean(client.ech);
  body += ",\"alpn\":[";
  for (size_t i = 0; i < client.alpn_count; i++) {
    if (i > 0) body += ',';
    put_json(body, client.alpn[i]);
  }
  body += ']';
}

// What the server chose.
void TlsReader::put_choice(std::string& body) const {
  const ServerHello* const server = handshake_.server();
  body += ",\"alpn_chosen\":";
  if (handshake_.alpn_chosen().length > 0) put_json(body, handshake_.alpn_chosen());
  else body += "null";
  body += ",\"cipher\":";
  if (server != nullptr) put_cipher_json(body, server->cipher);
  else body += "null";
  body += ",\"group\":";
  if (handshake_.group() <= 0xffff) put_group_json(body, handshake_.group());
  else body += "null";
}

// One that is not known yet has to be read by src/app/x509.ts; all of them are asked for, so that they are read at once.
bool TlsReader::put_certificates(Found& found) {
  bool is_known = true;
  found.body += ",\"certificates\":[";
  for (size_t i = 0; i < handshake_.certificate_count(); i++) {
    const KnownCertificate* const known = certificates_.find(handshake_.certificate(i));
    is_known = is_known && known != nullptr;
    if (!is_known) continue;
    if (i == 0) found.risks |= certificate_risks(*known, handshake_.certificate_seconds(), found.host);
    else found.body += ',';
    const size_t from = found.body.size();
    found.body += known->json;
    found.share(from);
  }
  found.body += ']';
  return is_known;
}

void TlsReader::put_alert(std::string& body) const {
  const Bytes alert = handshake_.last_alert();
  body += ",\"alert\":";
  if (alert.length == 0) {
    body += "null";
    return;
  }
  body += alert[0] == kFatalAlert ? "\"fatal " : "\"warning ";
  body += alert_description(alert[1]);
  body += '"';
}

bool TlsReader::put_fingerprints(std::string& body, const ClientShape& shape) {
  body += "\"ja3\":\"";
  body += shape.ja3;
  if (handshake_.first_server() != nullptr) {
    body += "\",\"ja3s\":\"";
    if (!ja3s_.put(body, *handshake_.first_server(), digests_)) return false;
  }
  body += "\",\"ja4\":\"";
  body += shape.ja4;
  body += "\",\"ja4_r\":\"";
  body += shape.ja4_r;
  body += '"';
  return true;
}

}  // namespace weir
