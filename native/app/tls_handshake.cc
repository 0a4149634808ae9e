#include "tls_handshake.h"

#include <string_view>

#include "tables/labels.h"
#include "tls_names.h"
#include "tls_risks.h"

namespace weir {
namespace {

enum MessageType : uint32_t { kClientHello = 1, kServerHello = 2, kCertificate = 11, kServerKeyExchange = 12, kServerHelloDone = 14 };

constexpr uint32_t kNoGroup = 0x10000;
// In TLS 1.3 the alert with which a client refuses looks like data, but is shorter than any Finished.
constexpr size_t kShortestFinished = 40;
constexpr uint32_t kNamedCurve = 3;

}  // namespace

void TlsHandshake::reset() {
  alpn_chosen_ = alert_ = {};
  risks_ = 0;
  certificate_count_ = 0;
  certificate_seconds_ = 0;
  group_ = kNoGroup;
  client_seen_ = has_server_ = server_hello_done_ = resumed_ = established_ = over_ = false;
  for (const size_t side : {kClient, kServer}) protected_seen_[side] = protected_long_[side] = false;
}

bool TlsHandshake::message(size_t side, const HandshakeMessage& message, uint32_t seconds) {
  switch (message.type) {
    case kClientHello: return side == kClient && (client_seen_ || client_hello(message.body));
    case kServerHello: return side == kServer && server_hello(message.body);
    case kCertificate: return side == kClient || certificates(message.body, seconds, true);
    case kServerKeyExchange:
      if (side == kServer) key_exchange(message.body);
      return side == kServer;
    case kServerHelloDone: server_hello_done_ = side == kServer; return side == kServer && message.body.length == 0;
    default: return true;
  }
}

bool TlsHandshake::cut_message(size_t side, const HandshakeMessage& message, uint32_t seconds) {
  if (side == kClient) return message.type != kClientHello || client_seen_;
  return message.type != kCertificate || certificates(message.body, seconds, false);
}

bool TlsHandshake::client_hello(Bytes body) {
  client_seen_ = parse_client_hello(body, client_);
  return client_seen_;
}

bool TlsHandshake::server_hello(Bytes body) {
  if (!parse_server_hello(body, next_server_)) return false;
  // A HelloRetryRequest says already what the real one will repeat.
  if (has_server_ && !server_.retry) return true;
  server_ = next_server_;
  if (!has_server_) first_server_ = server_;
  has_server_ = true;
  if (server_.alpn.length > 0) alpn_chosen_ = server_.alpn;
  if (server_.has_group && !is_grease(server_.group)) group_ = server_.group;
  const CipherName* const cipher = find_cipher(server_.cipher);
  if (cipher != nullptr && cipher->weak) risks_ |= kRiskTlsWeakCipher;
  if (is_obsolete(server_.version)) risks_ |= kRiskTlsObsoleteVersion;
  if (is_tls13(server_.version)) resumed_ = server_.pre_shared_key && client_.pre_shared_key;
  else if (client_.session_id.length > 0 && server_.session_id == client_.session_id) resumed_ = true;
  return true;
}

// A chain, the server's own certificate first (RFC 5246 section 7.4.2).
bool TlsHandshake::certificates(Bytes body, uint32_t seconds, bool whole) {
  Cursor cursor(body);
  Cursor list = cursor.part(cursor.u24());
  if (whole && (cursor.overrun() || cursor.left() > 0)) return false;
  while (list.left() >= 3 && certificate_count_ < kMostCertificates) {
    const Bytes der = list.take(list.u24());
    if (list.overrun()) break;
    if (certificate_count_ == 0) certificate_seconds_ = seconds;
    certificates_[certificate_count_++] = der;
  }
  return true;
}

// The curve of an ephemeral key exchange (RFC 8422 section 5.4).
void TlsHandshake::key_exchange(Bytes body) {
  if (!has_server_ || body.length <= 3 || body[0] != kNamedCurve) return;
  const CipherName* const cipher = find_cipher(server_.cipher);
  if (cipher == nullptr || std::string_view(cipher->name).find("ECDH") == std::string_view::npos) return;
  group_ = static_cast<uint32_t>(body[1] << 8 | body[2]);
}

void TlsHandshake::alert(Bytes body) {
  const uint32_t level = body[0];
  if (alert_description(body[1]) == nullptr || (level != kWarningAlert && level != kFatalAlert)) return;
  alert_ = body;
  if (level != kFatalAlert) return;
  risks_ |= kRiskTlsFatalAlert;
  over_ = true;
}

void TlsHandshake::server_changes_cipher() {
  if (!has_server_ || is_tls13(server_.version)) return;
  if (!server_hello_done_ && certificate_count_ == 0) resumed_ = true;
}

void TlsHandshake::protected_record(size_t side, size_t length) {
  protected_seen_[side] = true;
  if (length >= kShortestFinished) protected_long_[side] = true;
  settle();
}

void TlsHandshake::settle() {
  if (!protected_seen_[kServer] || !protected_seen_[kClient]) return;
  if (has_server_ && is_tls13(server_.version) && !protected_long_[kClient]) return;
  established_ = true;
  over_ = true;
}

uint64_t TlsHandshake::risks() const {
  const bool is_old = !has_server_ && is_obsolete(client_.best_version);
  return risks_ | client_risks(client_) | (is_old ? kRiskTlsObsoleteVersion : 0);
}

}  // namespace weir
