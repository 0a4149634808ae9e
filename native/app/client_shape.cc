#include "client_shape.h"

#include <algorithm>

#include "note_text.h"
#include "tls_names.h"

namespace weir {
namespace {

constexpr uint32_t kServerName = 0;
constexpr uint32_t kAlpn = 16;
// Bytes of the hashes of JA4.
constexpr size_t kShortHash = 6;

template <typename List>
void put_codes_json(std::string& out, const List& codes) {
  out += '[';
  bool first = true;
  for (const uint32_t code : codes) {
    if (is_grease(code)) continue;
    out += first ? "\"" : ",\"";
    first = false;
    put_hex(out, code, 4);
    out += '"';
  }
  out += ']';
}

void put_versions_json(std::string& out, const ClientHello& hello) {
  out += '[';
  if (hello.versions.empty()) put_version_json(out, hello.legacy_version);
  bool first = true;
  for (const uint32_t version : hello.versions) {
    if (!first) out += ',';
    first = false;
    put_version_json(out, version);
  }
  out += ']';
}

template <typename List>
void put_ja3_codes(std::string& out, const List& codes) {
  bool first = true;
  for (const uint32_t code : codes) {
    if (is_grease(code)) continue;
    if (!first) out += '-';
    first = false;
    put_decimal(out, code);
  }
}

void put_ja3_text(std::string& out, const ClientHello& hello) {
  put_decimal(out, hello.legacy_version);
  out += ',';
  put_ja3_codes(out, hello.ciphers);
  out += ',';
  put_ja3_codes(out, hello.extensions);
  out += ',';
  put_ja3_codes(out, hello.groups);
  out += ',';
  // No GREASE in numbers of one byte.
  put_ja3_codes(out, hello.point_formats);
}

const char* version_code(const ClientHello& hello) {
  uint32_t version = hello.versions.empty() ? hello.legacy_version : 0;
  for (const uint32_t offered : hello.versions) version = std::max(version, offered);
  switch (version) {
    case 0x0002: return "s2";
    case 0x0300: return "s3";
    case 0x0301: return "10";
    case 0x0302: return "11";
    case 0x0303: return "12";
    case 0x0304: return "13";
    case 0xfeff: return "d1";
    case 0xfefd: return "d2";
    case 0xfefc: return "d3";
    default: return "00";
  }
}

bool is_alphanumeric(uint32_t byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

void put_alpn_code(std::string& out, const Bytes* alpn) {
  if (alpn == nullptr || alpn->length == 0) {
    out += "00";
    return;
  }
  const uint8_t first = (*alpn)[0];
  const uint8_t last = (*alpn)[alpn->length - 1];
  if (is_alphanumeric(first) && is_alphanumeric(last)) {
    out += static_cast<char>(first);
    out += static_cast<char>(last);
    return;
  }
  put_hex(out, first >> 4, 1);
  put_hex(out, last & 15, 1);
}

void put_count(std::string& out, size_t count) {
  if (count < 10) out += '0';
  put_decimal(out, std::min<size_t>(count, 99));
}

void put_hex_codes(std::string& out, const std::vector<uint16_t>& codes) {
  for (size_t i = 0; i < codes.size(); i++) {
    if (i > 0) out += ',';
    put_hex(out, codes[i], 4);
  }
}

template <typename List>
void without_grease(const List& codes, std::vector<uint16_t>& out) {
  out.clear();
  for (const uint16_t code : codes) {
    if (!is_grease(code)) out.push_back(code);
  }
}

bool put_short_hash(std::string& out, std::string_view text, Digests& digests) {
  if (!text.empty()) return digests.put_sha256(out, text, kShortHash);
  out.append(2 * kShortHash, '0');
  return true;
}

}  // namespace

bool ClientShapes::gather(const ClientHello& hello, char transport) {
  filled_ = 0;
  const auto put = [this](uint32_t number) {
    if (filled_ < kMostNumbers) numbers_[filled_] = static_cast<uint16_t>(number);
    filled_++;
  };
  const auto put_list = [this, &put](const auto& list) {
    const size_t length_at = filled_;
    put(0);
    for (const uint32_t code : list) {
      if (!is_grease(code)) put(code);
    }
    if (length_at < kMostNumbers) numbers_[length_at] = static_cast<uint16_t>(filled_ - length_at);
  };
  put(static_cast<uint8_t>(transport));
  put(hello.legacy_version);
  put_list(hello.ciphers);
  put_list(hello.extensions);
  put_list(hello.groups);
  put_list(hello.point_formats);
  put_list(hello.signature_algorithms);
  put_list(hello.versions);
  // JA4 wants no more of it.
  std::string alpn;
  put_alpn_code(alpn, hello.first_alpn());
  put(static_cast<uint8_t>(alpn[0]));
  put(static_cast<uint8_t>(alpn[1]));
  return filled_ <= kMostNumbers;
}

const ClientShape* ClientShapes::of(const ClientHello& hello, char transport, Digests& digests) {
  if (!gather(hello, transport)) return nullptr;
  uint32_t hash = static_cast<uint32_t>(filled_);
  for (size_t i = 0; i < filled_; i++) hash = (hash ^ numbers_[i]) * 0x9e3779b1u ^ hash >> 15;
  Known& known = known_[(hash ^ hash >> 16) % kSlots];
  const bool is_same = known.numbers.size() == filled_ && std::equal(known.numbers.begin(), known.numbers.end(), numbers_);
  if (is_same) return &known.shape;
  known.numbers.clear();
  if (!work_out(hello, transport, digests, known.shape)) return nullptr;
  known.numbers.assign(numbers_, numbers_ + filled_);
  return &known.shape;
}

bool ClientShapes::work_out(const ClientHello& hello, char transport, Digests& digests, ClientShape& out) {
  for (std::string* const text : {&out.ciphers, &out.extensions, &out.versions, &out.ja3, &out.ja4, &out.ja4_r}) text->clear();
  put_codes_json(out.ciphers, hello.ciphers);
  put_codes_json(out.extensions, hello.extensions);
  put_versions_json(out.versions, hello);
  text_.clear();
  put_ja3_text(text_, hello);
  return digests.put_md5(out.ja3, text_) && put_ja4(hello, transport, digests, out);
}

bool ClientShapes::put_ja4(const ClientHello& hello, char transport, Digests& digests, ClientShape& out) {
  std::string& whole = out.ja4_r;
  without_grease(hello.extensions, sorted_);
  const size_t extensions = sorted_.size();
  const bool named = std::find(sorted_.begin(), sorted_.end(), kServerName) != sorted_.end();
  without_grease(hello.ciphers, sorted_);
  whole += transport;
  whole += version_code(hello);
  whole += named ? 'd' : 'i';
  put_count(whole, sorted_.size());
  put_count(whole, extensions);
  put_alpn_code(whole, hello.first_alpn());
  out.ja4 = whole;
  whole += '_';
  const size_t ciphers_at = whole.size();
  std::sort(sorted_.begin(), sorted_.end());
  put_hex_codes(whole, sorted_);
  out.ja4 += '_';
  if (!put_short_hash(out.ja4, std::string_view(whole).substr(ciphers_at), digests)) return false;
  whole += '_';
  const size_t extensions_at = whole.size();
  without_grease(hello.extensions, sorted_);
  const auto is_left_out = [](uint32_t type) { return type == kServerName || type == kAlpn; };
  sorted_.erase(std::remove_if(sorted_.begin(), sorted_.end(), is_left_out), sorted_.end());
  std::sort(sorted_.begin(), sorted_.end());
  put_hex_codes(whole, sorted_);
  without_grease(hello.signature_algorithms, sorted_);
  if (!sorted_.empty()) whole += '_';
  put_hex_codes(whole, sorted_);
  out.ja4 += '_';
  return put_short_hash(out.ja4, std::string_view(whole).substr(extensions_at), digests);
}

}  // namespace weir
