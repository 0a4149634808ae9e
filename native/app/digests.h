// MD5 (RFC 1321) and SHA-256 (FIPS 180-4) of bytes, by the process's OpenSSL.
#pragma once
#include <cstdint>
#include <string>

#include "bytes.h"
#include "libcrypto.h"

namespace weir {

constexpr size_t kMd5Bytes = 16;
constexpr size_t kSha256Bytes = 32;

// Keeps a context, which is dearer to make than a short digest. Not for several threads at once.
class Digests {
 public:
  Digests();
  ~Digests();
  Digests(const Digests&) = delete;
  Digests& operator=(const Digests&) = delete;

  // False when there is no OpenSSL, or it refuses.
  bool md5(Bytes bytes, uint8_t (&out)[kMd5Bytes]) { return digest(libcrypto_.md5, bytes, out); }
  bool sha256(Bytes bytes, uint8_t (&out)[kSha256Bytes]) { return digest(libcrypto_.sha256, bytes, out); }
  // Appends lower-case hexadecimal digits.
  bool put_md5(std::string& out, std::string_view text);
  // At most `most` bytes of the digest.
  bool put_sha256(std::string& out, std::string_view text, size_t most = kSha256Bytes);

 private:
  bool digest(const EvpDigest* algorithm, Bytes bytes, uint8_t* out);

  const Libcrypto& libcrypto_;
  EvpDigestContext* context_ = nullptr;
};

}  // namespace weir
