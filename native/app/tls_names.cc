#include "tls_names.h"

#include <algorithm>
#include <iterator>

#include "note_text.h"
#include "tables/tls.h"

namespace weir {
namespace {

// In a table that is sorted by its numbers; null when it is not there.
template <typename Row, size_t kRows>
const Row* find_row(const Row (&table)[kRows], uint32_t code) {
  const auto is_before = [](const Row& row, uint32_t wanted) { return row.code < wanted; };
  const Row* const found = std::lower_bound(std::begin(table), std::end(table), code, is_before);
  return found != std::end(table) && found->code == code ? found : nullptr;
}

void put_name_json(std::string& out, const char* name, uint32_t code) {
  out += '"';
  if (name != nullptr) out += name;
  else put_hex(out, code, 4);
  out += '"';
}

}  // namespace

bool is_tls13(uint32_t version) {
  const uint32_t high = version >> 8;
  return version == 0x0304 || version == 0xfefc || ((high == 0x7f || high == 0xfb) && (version & 0xff) >= 0x0e);
}

uint32_t version_rank(uint32_t version) {
  if (const TlsVersionRow* const row = find_row(kTlsVersions, version)) return row->rank;
  return is_tls13(version) ? find_row(kTlsVersions, 0x0304)->rank : 0;
}

bool is_obsolete(uint32_t version) {
  const uint32_t rank = version_rank(version);
  return rank > 0 && rank < version_rank(kTls12);
}

void put_version_json(std::string& out, uint32_t version) {
  const TlsVersionRow* const row = find_row(kTlsVersions, is_tls13(version) && version != 0xfefc ? 0x0304 : version);
  put_name_json(out, row != nullptr ? row->name : nullptr, version);
}

void put_group_json(std::string& out, uint32_t group) {
  const TlsGroupRow* const row = find_row(kTlsGroups, group);
  put_name_json(out, row != nullptr ? row->name : nullptr, group);
}

void put_cipher_json(std::string& out, uint32_t cipher) {
  const CipherName* const row = find_cipher(cipher);
  put_name_json(out, row != nullptr ? row->name : nullptr, cipher);
}

const CipherName* find_cipher(uint32_t code) { return find_row(kCiphers, code); }

const char* alert_description(uint32_t description) { return description < std::size(kAlerts) ? kAlerts[description] : nullptr; }

bool is_common_alpn(std::string_view protocol) {
  const auto is_of = [protocol](std::string_view draft) { return protocol.substr(0, draft.size()) == draft; };
  return std::find(std::begin(kAlpnIds), std::end(kAlpnIds), protocol) != std::end(kAlpnIds) ||
         std::any_of(std::begin(kAlpnDrafts), std::end(kAlpnDrafts), is_of);
}

}  // namespace weir
