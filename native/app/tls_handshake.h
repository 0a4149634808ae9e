// The messages of one handshake of TLS over TCP, and what they come to (src/app/tls-handshake.ts).
#pragma once
#include "client_hello.h"
#include "flow_reading.h"
#include "server_hello.h"
#include "tls_records.h"

namespace weir {

class TlsHandshake {
 public:
  // Certificates of a chain that are told.
  static constexpr size_t kMostCertificates = 4;

  void reset();

  // Each is false for what is not plain, or not of this protocol.
  bool message(size_t side, const HandshakeMessage& message, uint32_t seconds);
  // The beginning of a message whose end will not be seen.
  bool cut_message(size_t side, const HandshakeMessage& message, uint32_t seconds);

  void alert(Bytes body);
  // A ChangeCipherSpec of the server that follows its ServerHello at once takes up an older session.
  void server_changes_cipher();
  // A record under the negotiated cipher: a Finished, or data.
  void protected_record(size_t side, size_t length);

  bool client_seen() const { return client_seen_; }
  // The side has sent something under the negotiated cipher.
  bool protected_seen(size_t side) const { return protected_seen_[side]; }
  // Both sides have finished, or one has given up: nothing more is in clear.
  bool over() const { return over_; }

  // What was found; views of the messages.
  const ClientHello& client() const { return client_; }
  // Null when there was none. Of the two that a retry leads to the first and the last.
  const ServerHello* first_server() const { return has_server_ ? &first_server_ : nullptr; }
  const ServerHello* server() const { return has_server_ ? &server_ : nullptr; }
  Bytes alpn_chosen() const { return alpn_chosen_; }
  // Above 65,535 when none was said.
  uint32_t group() const { return group_; }
  bool resumed() const { return resumed_; }
  bool established() const { return established_; }
  size_t certificate_count() const { return certificate_count_; }
  Bytes certificate(size_t at) const { return certificates_[at]; }
  // When the first of them came.
  uint32_t certificate_seconds() const { return certificate_seconds_; }
  // Level and description; empty when there was none.
  Bytes last_alert() const { return alert_; }
  // Of what was seen in clear, but for the names and times of certificates.
  uint64_t risks() const;

 private:
  bool client_hello(Bytes body);
  bool server_hello(Bytes body);
  bool certificates(Bytes body, uint32_t seconds, bool whole);
  void key_exchange(Bytes body);
  void settle();

  ClientHello client_;
  ServerHello server_;
  ServerHello first_server_;
  ServerHello next_server_;
  Bytes certificates_[kMostCertificates];
  Bytes alpn_chosen_;
  Bytes alert_;
  uint64_t risks_ = 0;
  size_t certificate_count_ = 0;
  uint32_t certificate_seconds_ = 0;
  uint32_t group_ = 0;
  bool client_seen_ = false;
  bool has_server_ = false;
  bool server_hello_done_ = false;
  bool resumed_ = false;
  bool established_ = false;
  bool over_ = false;
  // Per side: something under the negotiated cipher was sent, something longer than an alert.
  bool protected_seen_[2] = {false, false};
  bool protected_long_[2] = {false, false};
};

}  // namespace weir
