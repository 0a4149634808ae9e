#include "client_hello.h"

#include "note_text.h"
#include "tls_names.h"

namespace weir {
namespace {

enum Extension : uint32_t {
  kServerName = 0,
  kSupportedGroups = 10,
  kPointFormats = 11,
  kSignatureAlgorithms = 13,
  kAlpn = 16,
  kPreSharedKey = 41,
  kSupportedVersions = 43,
  kQuicParameters = 57,
  kQuicParametersDraft = 0xffa5,
  kEncryptedServerName = 0xffce,
};

// The longest name that is kept whole.
constexpr size_t kNameLimit = 512;
constexpr size_t kRandomBytes = 32;
constexpr size_t kLongestSessionId = 32;

// encrypted_client_hello, and what its drafts used before it had a number.
bool is_ech(uint32_t type) {
  return type == 0xfe0d || (type >= 0xfe08 && type <= 0xfe0a) || type == 0xff02 || type == 0xff03;
}

template <typename List>
bool read_codes(Cursor list, List& out) {
  while (list.left() >= 2) {
    if (!out.push(list.u16())) return false;
  }
  return true;
}

bool read_server_name(Cursor body, ClientHello& hello) {
  Cursor list = body.part(body.u16());
  while (list.left() >= 3 && !hello.has_sni) {
    const uint32_t type = list.u8();
    const Bytes name = list.take(list.u16());
    if (list.overrun()) return true;
    if (type != 0) continue;
    if (name.length > kNameLimit || !is_plain_text(name)) return false;
    hello.has_sni = true;
    hello.sni = name;
  }
  return true;
}

bool read_alpn(Cursor body, ClientHello& hello) {
  Cursor list = body.part(body.u16());
  while (list.left() >= 1 && hello.alpn_count < kMostAlpn) {
    const Bytes name = list.take(list.u8());
    if (list.overrun()) return true;
    if (name.length == 2 && is_grease(static_cast<uint32_t>(name[0] << 8 | name[1]))) continue;
    if (!is_plain_text(name)) return false;
    hello.alpn[hello.alpn_count++] = name;
  }
  return true;
}

bool read_versions(Cursor body, ClientHello& hello) {
  Cursor list = body.part(body.u8());
  while (list.left() >= 2) {
    const uint32_t version = list.u16();
    if (!is_grease(version) && !hello.versions.push(version)) return false;
  }
  return true;
}

bool read_point_formats(Cursor body, ClientHello& hello) {
  const size_t wanted = body.u8();
  for (size_t left = std::min(wanted, body.left()); left > 0; left--) {
    if (!hello.point_formats.push(body.u8())) return false;
  }
  return true;
}

bool read_extension(uint32_t type, Cursor body, ClientHello& hello) {
  switch (type) {
    case kServerName: return read_server_name(body, hello);
    case kSupportedGroups: return read_codes(body.part(body.u16()), hello.groups);
    case kPointFormats: return read_point_formats(body, hello);
    case kSignatureAlgorithms: return read_codes(body.part(body.u16()), hello.signature_algorithms);
    case kAlpn: return read_alpn(body, hello);
    case kSupportedVersions: return read_versions(body, hello);
    case kPreSharedKey: hello.pre_shared_key = true; return true;
    case kQuicParameters:
    case kQuicParametersDraft:
      hello.has_quic_parameters = true;
      hello.quic_parameters = body.take(body.left());
      return true;
    case kEncryptedServerName: hello.esni = true; return true;
    default:
      if (is_ech(type)) hello.ech = true;
      return true;
  }
}

// SSL 3.0 and the first TLS have messages without a block; with one, nothing matters that follows it.
bool read_extensions(Cursor& body, ClientHello& hello) {
  if (body.left() < 2) return true;
  Cursor block = body.part(body.u16());
  while (block.left() >= 4) {
    const uint32_t type = block.u16();
    const Cursor extension = block.part(block.u16());
    if (block.overrun() || !hello.extensions.push(type) || !read_extension(type, extension, hello)) return false;
  }
  return !body.overrun();
}

uint32_t newest(const ClientHello& hello) {
  uint32_t best = hello.legacy_version;
  for (const uint32_t version : hello.versions) {
    if (version_rank(version) > version_rank(best)) best = version;
  }
  return best;
}

}  // namespace

void ClientHello::clear() {
  legacy_version = best_version = 0;
  session_id = sni = quic_parameters = {};
  ciphers.clear();
  extensions.clear();
  groups.clear();
  point_formats.clear();
  signature_algorithms.clear();
  versions.clear();
  alpn_count = 0;
  has_sni = has_quic_parameters = ech = esni = pre_shared_key = false;
}

bool parse_client_hello(Bytes body, ClientHello& out) {
  out.clear();
  Cursor cursor(body);
  out.legacy_version = cursor.u16();
  // 3.5 and the like come from clients that ask what the server makes of a version of the future.
  if (out.legacy_version >> 8 != 3 || (out.legacy_version & 0xff) > 0x0f) return false;
  cursor.skip(kRandomBytes);
  out.session_id = cursor.take(cursor.u8());
  if (out.session_id.length > kLongestSessionId) return false;
  if (!read_codes(cursor.part(cursor.u16()), out.ciphers)) return false;
  cursor.skip(cursor.u8());
  if (cursor.overrun() || out.ciphers.empty() || !read_extensions(cursor, out)) return false;
  out.best_version = newest(out);
  return true;
}

}  // namespace weir
