// Functions of OpenSSL 3 (EVP: https://docs.openssl.org/3.0/man7/evp/), found in the process when they are first asked for:
// Node has the library in itself and exports its symbols. No header or library of OpenSSL is needed to build.
#pragma once
#include <cstddef>
#include <cstdint>

namespace weir {

struct EvpDigest;
struct EvpDigestContext;
struct EvpCipher;
struct EvpCipherContext;

// EVP_CTRL_AEAD_… of openssl/evp.h, for `cipher_control`.
constexpr int kAeadSetIvLength = 0x9;
constexpr int kAeadSetTag = 0x11;

// Named as in OpenSSL but for the EVP_ before them and how they are spelt. Functions that return an int return 1 when all
// is well. The algorithms are fetched once, and any thread may use them.
struct Libcrypto {
  EvpDigestContext* (*digest_context_new)() = nullptr;                              // EVP_MD_CTX_new
  void (*digest_context_free)(EvpDigestContext*) = nullptr;                         // EVP_MD_CTX_free
  int (*digest_context_copy)(EvpDigestContext* to, const EvpDigestContext* from) = nullptr;  // EVP_MD_CTX_copy_ex
  int (*digest_init)(EvpDigestContext*, const EvpDigest*, const void* parameters) = nullptr;  // EVP_DigestInit_ex2
  int (*digest_update)(EvpDigestContext*, const void* bytes, size_t length) = nullptr;        // EVP_DigestUpdate
  int (*digest_final)(EvpDigestContext*, uint8_t* out, unsigned* length) = nullptr;           // EVP_DigestFinal_ex

  EvpCipherContext* (*cipher_context_new)() = nullptr;                                    // EVP_CIPHER_CTX_new
  void (*cipher_context_free)(EvpCipherContext*) = nullptr;                               // EVP_CIPHER_CTX_free
  int (*cipher_control)(EvpCipherContext*, int type, int number, void* bytes) = nullptr;  // EVP_CIPHER_CTX_ctrl
  int (*cipher_set_padding)(EvpCipherContext*, int padding) = nullptr;                    // EVP_CIPHER_CTX_set_padding
  // EVP_EncryptInit_ex, EVP_DecryptInit_ex; the engine is always null.
  int (*encrypt_init)(EvpCipherContext*, const EvpCipher*, void* engine, const uint8_t* key, const uint8_t* iv) = nullptr;
  int (*decrypt_init)(EvpCipherContext*, const EvpCipher*, void* engine, const uint8_t* key, const uint8_t* iv) = nullptr;
  // EVP_EncryptUpdate, EVP_DecryptUpdate.
  int (*encrypt_update)(EvpCipherContext*, uint8_t* out, int* out_length, const uint8_t* in, int length) = nullptr;
  int (*decrypt_update)(EvpCipherContext*, uint8_t* out, int* out_length, const uint8_t* in, int length) = nullptr;
  int (*decrypt_final)(EvpCipherContext*, uint8_t* out, int* out_length) = nullptr;  // EVP_DecryptFinal_ex

  const EvpDigest* md5 = nullptr;
  const EvpDigest* sha256 = nullptr;
  const EvpCipher* aes_128_ecb = nullptr;
  const EvpCipher* aes_128_gcm = nullptr;

  // All of the above is there.
  bool complete = false;
};

const Libcrypto& libcrypto();

// The function of OpenSSL 3 by its own name; null when the process has none.
void* crypto_function(const char* name);

}  // namespace weir
