// What the ClientHellos of one program have in common, worked out once: fingerprints, and lists as JSON
// (src/fingerprint/client-shape.ts; JA3: src/fingerprint/ja3.ts; JA4: src/fingerprint/ja4.ts).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "client_hello.h"
#include "digests.h"

namespace weir {

struct ClientShape {
  // `["1301",…]`: ciphers and extensions by number without GREASE, versions by name.
  std::string ciphers;
  std::string extensions;
  std::string versions;
  std::string ja3;
  std::string ja4;
  std::string ja4_r;
};

// The shapes that were asked for, in a table where each has one place. Not for several threads at once.
class ClientShapes {
 public:
  ClientShapes() : known_(kSlots) {}

  // `transport`: t for TCP, q for QUIC. Valid until the next call; null when there are no digests, or the hello has more
  // numbers than real ones.
  const ClientShape* of(const ClientHello& hello, char transport, Digests& digests);

 private:
  static constexpr size_t kSlots = 512;
  static constexpr size_t kMostNumbers = 1024;
  struct Known {
    std::vector<uint16_t> numbers;
    ClientShape shape;
  };

  bool gather(const ClientHello& hello, char transport);
  bool work_out(const ClientHello& hello, char transport, Digests& digests, ClientShape& out);
  bool put_ja4(const ClientHello& hello, char transport, Digests& digests, ClientShape& out);

  std::vector<Known> known_;
  uint16_t numbers_[kMostNumbers];
  size_t filled_ = 0;
  std::string text_;
  std::vector<uint16_t> sorted_;
};

}  // namespace weir
