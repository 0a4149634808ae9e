// What a client and a server say in a TLS handshake, byte by byte.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "../../../native/app/flow_reading.h"

namespace weir {

inline std::string number(size_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; i--) out += static_cast<char>(value >> (8 * i) & 255);
  return out;
}
inline std::string vec(int bytes, const std::string& content) { return number(content.size(), bytes) + content; }
inline std::string extension(size_t type, const std::string& content) { return number(type, 2) + vec(2, content); }
inline std::string record(int type, const std::string& content) { return number(static_cast<size_t>(type), 1) + number(0x0303, 2) + vec(2, content); }
inline std::string handshake(int type, const std::string& content) { return number(static_cast<size_t>(type), 1) + vec(3, content); }

const std::string kSessionId(32, 's');
const std::string kChange = record(20, std::string(1, '\1'));
const std::string kDer(700, 'd');

inline std::string client_hello() {
  const std::string ciphers = number(0x0a0a, 2) + number(0x1301, 2) + number(0xc02f, 2) + number(0x002f, 2);
  std::string block = extension(0x1a1a, "") + extension(0, vec(2, number(0, 1) + vec(2, "www.Example.org")));
  block += extension(0xfe0d, std::string(90, 'e'));
  block += extension(10, vec(2, number(0x2a2a, 2) + number(29, 2))) + extension(11, vec(1, number(0, 1))) + extension(13, vec(2, number(0x0403, 2)));
  block += extension(16, vec(2, vec(1, "h2") + vec(1, "http/1.1"))) + extension(43, vec(1, number(0x0304, 2) + number(0x0303, 2)));
  block += extension(51, vec(2, number(29, 2) + vec(2, std::string(32, 'k'))));
  const std::string body = number(0x0303, 2) + std::string(32, 'r') + vec(1, kSessionId) + vec(2, ciphers) + vec(1, number(0, 1)) + vec(2, block);
  return handshake(1, body);
}

inline std::string server_hello(size_t cipher, const std::string& session, const std::string& block) {
  return handshake(2, number(0x0303, 2) + std::string(32, 'r') + vec(1, session) + number(cipher, 2) + number(0, 1) + vec(2, block));
}

struct Part {
  size_t side;
  std::string bytes;
};
using Parts = std::vector<Part>;

inline Parts tls13() {
  const std::string block = extension(43, number(0x0304, 2)) + extension(51, number(29, 2) + vec(2, std::string(32, 'k')));
  const std::string data = record(23, std::string(900, 'x')) + record(23, std::string(69, 'x'));
  return {{kClient, record(22, client_hello())},
          {kServer, record(22, server_hello(0x1301, kSessionId, block)) + kChange + data},
          {kClient, kChange + record(23, std::string(69, 'f'))}};
}

}  // namespace weir
