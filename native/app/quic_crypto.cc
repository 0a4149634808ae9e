#include "quic_crypto.h"

namespace weir {
namespace {

constexpr size_t kBlock = 64;
constexpr size_t kTag = 16;
constexpr size_t kSample = 16;
constexpr size_t kLongestNumber = 4;
constexpr size_t kLongestPayload = 65535;
// FIPS 180-4 section 5.3.3.
constexpr uint32_t kSha256Start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

void put_u32(uint8_t* out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

}  // namespace

// SHA256_CTX, of which SHA256_Transform uses the first member only.
struct QuicCrypto::Sha256 {
  uint32_t state[8];
  uint32_t rest[20];
};

QuicCrypto::QuicCrypto() : libcrypto_(libcrypto()), payload_(kLongestPayload) {
  transform_ = reinterpret_cast<void (*)(Sha256*, const uint8_t*)>(crypto_function("SHA256_Transform"));
  if (!libcrypto_.complete || transform_ == nullptr) return;
  header_ = libcrypto_.cipher_context_new();
  body_ = libcrypto_.cipher_context_new();
  if (header_ == nullptr || body_ == nullptr) return;
  const uint8_t nothing[16] = {};
  usable_ = libcrypto_.encrypt_init(header_, libcrypto_.aes_128_ecb, nullptr, nothing, nullptr) == 1 &&
            libcrypto_.cipher_set_padding(header_, 0) == 1 &&
            libcrypto_.decrypt_init(body_, libcrypto_.aes_128_gcm, nullptr, nothing, nothing) == 1;
}

QuicCrypto::~QuicCrypto() {
  if (header_ != nullptr) libcrypto_.cipher_context_free(header_);
  if (body_ != nullptr) libcrypto_.cipher_context_free(body_);
}

QuicCrypto::HmacKey QuicCrypto::hmac_key(const uint8_t* key, size_t length) const {
  HmacKey states;
  for (const uint8_t pad : {uint8_t{0x36}, uint8_t{0x5c}}) {
    uint8_t block[kBlock];
    for (size_t i = 0; i < kBlock; i++) block[i] = static_cast<uint8_t>((i < length ? key[i] : 0) ^ pad);
    Sha256 sha = {};
    std::memcpy(sha.state, kSha256Start, sizeof sha.state);
    transform_(&sha, block);
    std::memcpy(pad == 0x36 ? states.inner : states.outer, sha.state, sizeof sha.state);
  }
  return states;
}

// RFC 2104. The message must fit into the last block, which has its end mark and its length: 55 bytes.
void QuicCrypto::hmac(const HmacKey& key, const uint8_t* message, size_t length, uint8_t (&mac)[32]) const {
  for (const uint32_t* state : {key.inner, key.outer}) {
    const bool is_outer = state == key.outer;
    const size_t count = is_outer ? sizeof mac : length;
    uint8_t block[kBlock] = {};
    std::memcpy(block, is_outer ? mac : message, count);
    block[count] = 0x80;
    put_u32(block + kBlock - 4, static_cast<uint32_t>(8 * (kBlock + count)));
    Sha256 sha = {};
    std::memcpy(sha.state, state, sizeof sha.state);
    transform_(&sha, block);
    for (size_t i = 0; i < 8; i++) put_u32(mac + 4 * i, sha.state[i]);
  }
}

// HKDF-Expand-Label of TLS 1.3 (RFC 8446 section 7.1); one block of SHA-256 is always enough here.
void QuicCrypto::expand(const HmacKey& secret, const QuicLabel& label, uint8_t* out, size_t length) const {
  uint8_t mac[32];
  hmac(secret, label.bytes, label.length, mac);
  std::memcpy(out, mac, length);
}

QuicSecret QuicCrypto::secret_of(const QuicVersion& version, Bytes destination_id) const {
  QuicSecret secret;
  hmac(hmac_key(version.salt, sizeof version.salt), destination_id.data, destination_id.length, secret.bytes);
  return secret;
}

QuicKeys QuicCrypto::keys_of(const QuicVersion& version, const QuicSecret& secret, const QuicLabel& side) const {
  uint8_t of_side[32];
  expand(hmac_key(secret.bytes, sizeof secret.bytes), side, of_side, sizeof of_side);
  const HmacKey key = hmac_key(of_side, sizeof of_side);
  QuicKeys keys;
  expand(key, version.key, keys.key, sizeof keys.key);
  expand(key, version.iv, keys.iv, sizeof keys.iv);
  expand(key, version.hp, keys.hp, sizeof keys.hp);
  return keys;
}

bool QuicCrypto::mask_of(const uint8_t* sample, const QuicKeys& keys, uint8_t (&mask)[16]) {
  int length = 0;
  return libcrypto_.encrypt_init(header_, nullptr, nullptr, keys.hp, nullptr) == 1 &&
         libcrypto_.encrypt_update(header_, mask, &length, sample, kSample) == 1 && length == kSample;
}

bool QuicCrypto::open(Bytes datagram, const LongPacket& packet, const QuicKeys& keys) {
  const size_t sample_at = packet.number_at + kLongestNumber;
  // The sample reaches at least as far as the shortest payload's tag.
  if (packet.end > datagram.length || sample_at + kSample > packet.end) return false;
  uint8_t mask[16];
  if (!mask_of(datagram.data + sample_at, keys, mask)) return false;
  const uint8_t first = static_cast<uint8_t>(datagram[packet.start] ^ (mask[0] & 0x0f));
  const size_t number_length = (first & 3u) + 1;
  const size_t payload_at = packet.number_at + number_length;

  uint8_t nonce[sizeof keys.iv];
  std::memcpy(nonce, keys.iv, sizeof nonce);
  uint8_t number[kLongestNumber];
  for (size_t i = 0; i < number_length; i++) {
    number[i] = datagram[packet.number_at + i] ^ mask[1 + i];
    nonce[sizeof nonce - number_length + i] ^= number[i];
  }
  uint8_t tag[kTag];
  std::memcpy(tag, datagram.data + packet.end - kTag, kTag);
  const size_t length = packet.end - kTag - payload_at;
  const size_t between = packet.number_at - packet.start - 1;
  int written = 0;
  // The header is authenticated as it was before its protection: first byte, what is in clear, packet number.
  bool fine = libcrypto_.decrypt_init(body_, nullptr, nullptr, keys.key, nonce) == 1 &&
              libcrypto_.decrypt_update(body_, nullptr, &written, &first, 1) == 1 &&
              libcrypto_.decrypt_update(body_, nullptr, &written, datagram.data + packet.start + 1, static_cast<int>(between)) == 1 &&
              libcrypto_.decrypt_update(body_, nullptr, &written, number, static_cast<int>(number_length)) == 1;
  if (fine && length > 0) {
    fine = libcrypto_.decrypt_update(body_, payload_.data(), &written, datagram.data + payload_at, static_cast<int>(length)) == 1;
  }
  fine = fine && libcrypto_.cipher_control(body_, kAeadSetTag, static_cast<int>(kTag), tag) == 1 &&
         libcrypto_.decrypt_final(body_, payload_.data() + length, &written) == 1;
  payload_length_ = fine ? length : 0;
  return fine;
}

}  // namespace weir
