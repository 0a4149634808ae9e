#include "libcrypto.h"

namespace weir {
namespace {

template <typename Function>
bool find(const char* name, Function& into) {
  into = reinterpret_cast<Function>(crypto_function(name));
  return into != nullptr;
}

bool find_functions(Libcrypto& found) {
  return find("EVP_MD_CTX_new", found.digest_context_new) && find("EVP_MD_CTX_free", found.digest_context_free) &&
         find("EVP_MD_CTX_copy_ex", found.digest_context_copy) && find("EVP_DigestInit_ex2", found.digest_init) &&
         find("EVP_DigestUpdate", found.digest_update) && find("EVP_DigestFinal_ex", found.digest_final) &&
         find("EVP_CIPHER_CTX_new", found.cipher_context_new) && find("EVP_CIPHER_CTX_free", found.cipher_context_free) &&
         find("EVP_CIPHER_CTX_ctrl", found.cipher_control) && find("EVP_CIPHER_CTX_set_padding", found.cipher_set_padding) &&
         find("EVP_EncryptInit_ex", found.encrypt_init) && find("EVP_DecryptInit_ex", found.decrypt_init) &&
         find("EVP_EncryptUpdate", found.encrypt_update) && find("EVP_DecryptUpdate", found.decrypt_update) &&
         find("EVP_DecryptFinal_ex", found.decrypt_final);
}

// What is fetched stays for good: it is found once in a process.
bool fetch_algorithms(Libcrypto& found) {
  EvpDigest* (*fetch_digest)(void* library, const char* name, const char* properties) = nullptr;
  EvpCipher* (*fetch_cipher)(void* library, const char* name, const char* properties) = nullptr;
  if (!find("EVP_MD_fetch", fetch_digest) || !find("EVP_CIPHER_fetch", fetch_cipher)) return false;
  found.md5 = fetch_digest(nullptr, "MD5", nullptr);
  found.sha256 = fetch_digest(nullptr, "SHA256", nullptr);
  found.aes_128_ecb = fetch_cipher(nullptr, "AES-128-ECB", nullptr);
  found.aes_128_gcm = fetch_cipher(nullptr, "AES-128-GCM", nullptr);
  return found.md5 != nullptr && found.sha256 != nullptr && found.aes_128_ecb != nullptr && found.aes_128_gcm != nullptr;
}

Libcrypto find_all() {
  Libcrypto found;
  found.complete = find_functions(found) && fetch_algorithms(found);
  return found;
}

}  // namespace

const Libcrypto& libcrypto() {
  static const Libcrypto found = find_all();
  return found;
}

}  // namespace weir
