// ClientHello of SSL 3.0 to TLS 1.3 (RFC 5246 section 7.4.1.2, RFC 8446 section 4.1.2), of TCP and QUIC: the plain ones of
// what src/app/tls-client-hello.ts reads.
#pragma once
#include "bytes.h"
#include "code_list.h"

namespace weir {

constexpr size_t kMostHelloCodes = 256;
constexpr size_t kMostAlpn = 32;

// Lists are in the order of the message, GREASE (RFC 8701) included but in `versions` and `alpn`. Everything is a view of
// the message. Meant to be used again and again.
struct ClientHello {
  uint32_t legacy_version = 0;
  // The newest version that is offered.
  uint32_t best_version = 0;
  Bytes session_id;
  CodeList<uint16_t, kMostHelloCodes> ciphers;
  // Types.
  CodeList<uint16_t, kMostHelloCodes> extensions;
  CodeList<uint16_t, kMostHelloCodes> groups;
  CodeList<uint8_t, kMostHelloCodes> point_formats;
  CodeList<uint16_t, kMostHelloCodes> signature_algorithms;
  CodeList<uint16_t, kMostHelloCodes> versions;
  Bytes alpn[kMostAlpn];
  size_t alpn_count = 0;
  // Plain text; there may be one that is empty.
  Bytes sni;
  // Body of the quic_transport_parameters extension.
  Bytes quic_parameters;
  bool has_sni = false;
  bool has_quic_parameters = false;
  // An encrypted_client_hello, an encrypted server name of the draft before it.
  bool ech = false;
  bool esni = false;
  bool pre_shared_key = false;

  // Null when there is none.
  const Bytes* first_alpn() const { return alpn_count > 0 ? &alpn[0] : nullptr; }
  void clear();
};

// The body of a handshake message of type client_hello, behind its 4-byte header. False for what is none, and for what is
// unusual: text that is not plain, lists that are longer than real ones. `out` is overwritten.
bool parse_client_hello(Bytes body, ClientHello& out);

}  // namespace weir
