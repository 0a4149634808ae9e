#include "digests.h"

#include "note_text.h"

namespace weir {
namespace {

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

}  // namespace

Digests::Digests() : libcrypto_(libcrypto()) {
  if (libcrypto_.complete) context_ = libcrypto_.digest_context_new();
}

Digests::~Digests() {
  if (context_ != nullptr) libcrypto_.digest_context_free(context_);
}

bool Digests::put_md5(std::string& out, std::string_view text) {
  uint8_t raw[kMd5Bytes];
  if (!md5(bytes_of(text), raw)) return false;
  put_hex(out, Bytes{raw, kMd5Bytes});
  return true;
}

bool Digests::put_sha256(std::string& out, std::string_view text, size_t most) {
  uint8_t raw[kSha256Bytes];
  if (!sha256(bytes_of(text), raw)) return false;
  put_hex(out, Bytes{raw, kSha256Bytes}.part(0, most));
  return true;
}

bool Digests::digest(const EvpDigest* algorithm, Bytes bytes, uint8_t* out) {
  return context_ != nullptr && libcrypto_.digest_init(context_, algorithm, nullptr) == 1 &&
         libcrypto_.digest_update(context_, bytes.data, bytes.length) == 1 && libcrypto_.digest_final(context_, out, nullptr) == 1;
}

}  // namespace weir
