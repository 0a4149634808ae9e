// Initial packet protection of QUIC: keys out of the connection id that the client chose (RFC 9001 section 5.2, RFC 9369 section
// 3.3), header protection with AES-128-ECB (section 5.4), payload with AES-128-GCM (section 5.3). src/app/quic-crypto.ts.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "libcrypto.h"
#include "quic_packet.h"

namespace weir {

// The keys of one side.
struct QuicKeys {
  uint8_t key[16];
  uint8_t iv[12];
  uint8_t hp[16];
};

// What both sides' keys are made of.
struct QuicSecret {
  uint8_t bytes[32];
};

// Keeps contexts of ciphers, which are dear to make. Not for several threads at once.
class QuicCrypto {
 public:
  QuicCrypto();
  ~QuicCrypto();
  QuicCrypto(const QuicCrypto&) = delete;
  QuicCrypto& operator=(const QuicCrypto&) = delete;

  // There is an OpenSSL in the process: without one nothing can be read.
  bool usable() const { return usable_; }

  // `destination_id`: at most kLongestQuicId bytes.
  QuicSecret secret_of(const QuicVersion& version, Bytes destination_id) const;
  QuicKeys client_keys(const QuicVersion& version, const QuicSecret& secret) const { return keys_of(version, secret, kQuicClientIn); }
  QuicKeys server_keys(const QuicVersion& version, const QuicSecret& secret) const { return keys_of(version, secret, kQuicServerIn); }

  // Takes the protection off the packet. False when the keys do not fit, which the tag proves.
  bool open(Bytes datagram, const LongPacket& packet, const QuicKeys& keys);
  // What the packet holds that was opened last.
  Bytes payload() const { return {payload_.data(), payload_length_}; }

 private:
  struct Sha256;
  // A key of HMAC-SHA-256 as the states behind its two padded blocks.
  struct HmacKey {
    uint32_t inner[8];
    uint32_t outer[8];
  };

  HmacKey hmac_key(const uint8_t* key, size_t length) const;
  void hmac(const HmacKey& key, const uint8_t* message, size_t length, uint8_t (&mac)[32]) const;
  void expand(const HmacKey& secret, const QuicLabel& label, uint8_t* out, size_t length) const;
  QuicKeys keys_of(const QuicVersion& version, const QuicSecret& secret, const QuicLabel& side) const;
  bool mask_of(const uint8_t* sample, const QuicKeys& keys, uint8_t (&mask)[16]);

  const Libcrypto& libcrypto_;
  // SHA256_Transform, which works through one block.
  void (*transform_)(Sha256*, const uint8_t* block) = nullptr;
  EvpCipherContext* header_ = nullptr;
  EvpCipherContext* body_ = nullptr;
  bool usable_ = false;
  std::vector<uint8_t> payload_;
  size_t payload_length_ = 0;
};

}  // namespace weir
