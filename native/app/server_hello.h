// ServerHello of SSL 3.0 to TLS 1.3, HelloRetryRequest (RFC 5246 section 7.4.1.3, RFC 8446 sections 4.1.3 and 4.1.4): the
// plain ones of what src/app/tls-server-hello.ts reads. And JA3S, its fingerprint (src/fingerprint/ja3.ts).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bytes.h"
#include "code_list.h"
#include "digests.h"

namespace weir {

struct ServerHello {
  uint32_t legacy_version = 0;
  // What was chosen: supported_versions when it is there, else `legacy_version`.
  uint32_t version = 0;
  Bytes session_id;
  uint32_t cipher = 0;
  // Types, in order.
  CodeList<uint16_t, 64> extensions;
  // Plain text; empty when there is none.
  Bytes alpn;
  uint32_t group = 0;
  bool has_group = false;
  bool pre_shared_key = false;
  bool retry = false;

  void clear();
};

// The body of a handshake message of type server_hello. False for what is none, and for what is unusual.
bool parse_server_hello(Bytes body, ServerHello& out);

// Servers are few, by what they choose: their fingerprints are kept.
class Ja3s {
 public:
  Ja3s() : known_(kSlots) {}
  // Appends it; false when there are no digests.
  bool put(std::string& out, const ServerHello& hello, Digests& digests);

 private:
  static constexpr size_t kSlots = 256;
  struct Known {
    std::string text;
    std::string fingerprint;
  };

  std::vector<Known> known_;
  std::string text_;
};

}  // namespace weir
