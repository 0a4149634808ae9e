// Numbers of TLS and their names (src/app/tls-registry.ts, src/app/tls-cipher-suites.ts).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

constexpr uint32_t kTls12 = 0x0303;

// RFC 8701: 0x0a0a, 0x1a1a … 0xfafa.
inline bool is_grease(uint32_t code) { return (code & 0x0f0f) == 0x0a0a && code >> 8 == (code & 0xff); }

// Drafts and Facebook's variants of them among it.
bool is_tls13(uint32_t version);
// How new a version is; 0 for what is none.
uint32_t version_rank(uint32_t version);
// TLS 1.1 and whatever is older (RFC 8996).
bool is_obsolete(uint32_t version);

// By name, or as 4 hexadecimal digits, as JSON.
void put_version_json(std::string& out, uint32_t version);
void put_group_json(std::string& out, uint32_t group);

void put_cipher_json(std::string& out, uint32_t cipher);

struct CipherName {
  uint16_t code;
  bool weak;
  const char* name;
};

// Null for one that is in no registry.
const CipherName* find_cipher(uint32_t code);

constexpr uint32_t kWarningAlert = 1;
constexpr uint32_t kFatalAlert = 2;

// `handshake_failure`; null for what is no alert.
const char* alert_description(uint32_t description);

bool is_common_alpn(std::string_view protocol);

}  // namespace weir
