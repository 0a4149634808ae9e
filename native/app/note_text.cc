#include "note_text.h"

#include "tables/labels.h"

namespace weir {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

const char* text_of(HostSource source) {
  switch (source) {
    case HostSource::kTlsSni: return "tls_sni";
    case HostSource::kQuicSni: return "quic_sni";
    case HostSource::kHttpHost: return "http_host";
    default: return "protocol";
  }
}

void put_risks(std::string& out, uint64_t risks) {
  uint32_t score = 0;
  out += "\"risks\":[";
  bool first = true;
  for (uint32_t id = 0; id < 64; id++) {
    if ((risks >> id & 1) == 0 || kRisks[id].json == nullptr) continue;
    if (!first) out += ',';
    first = false;
    out += kRisks[id].json;
    score += kRisks[id].score;
  }
  out += "],\"risk_mask\":\"0x";
  put_hex(out, static_cast<uint32_t>(risks >> 32), 8);
  put_hex(out, static_cast<uint32_t>(risks), 8);
  out += "\",\"risk_score\":";
  put_decimal(out, score);
}

}  // namespace

bool is_plain_text(Bytes bytes) {
  // Without a way out of the loop, so that many bytes are looked at together.
  uint8_t others = 0;
  for (size_t i = 0; i < bytes.length; i++) others |= static_cast<uint8_t>(bytes[i] - 0x20) > 0x7e - 0x20;
  return others == 0;
}

void put_json(std::string& out, std::string_view plain) {
  out += '"';
  size_t from = 0;
  for (size_t at = 0; at < plain.size(); at++) {
    if (plain[at] != '"' && plain[at] != '\\') continue;
    out.append(plain, from, at - from);
    out += '\\';
    from = at;
  }
  out.append(plain, from);
  out += '"';
}

void put_hex(std::string& out, uint32_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--) out += kDigits[value >> (4 * i) & 15];
}

void put_hex(std::string& out, Bytes bytes) {
  for (size_t i = 0; i < bytes.length; i++) put_hex(out, bytes[i], 2);
}

void put_decimal(std::string& out, uint64_t value) {
  char digits[20];
  size_t at = sizeof(digits);
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  out.append(digits + at, sizeof(digits) - at);
}

void put_note_head(std::string& out, AppProtocol protocol, const Found& found) {
  const AppLabelText& label = kAppLabels[static_cast<size_t>(protocol)];
  out += "{\"service\":\"";
  out += label.name;
  out += "\",\"app\":";
  out += found.confirmed ? label.confirmed : label.unconfirmed;
  if (found.risks == 0) return;
  out += ',';
  put_risks(out, found.risks);
}

void put_note_host(std::string& out, const Found& found) {
  if (found.host.empty()) return;
  out += ",\"host\":";
  put_json(out, found.host);
  out += ",\"host_source\":\"";
  out += text_of(found.host_source);
  out += '"';
}

void put_note(std::string& out, AppProtocol protocol, const Found& found) {
  put_note_head(out, protocol, found);
  put_note_host(out, found);
  if (!found.body.empty()) {
    out += ',';
    out += found.body;
  }
  out += '}';
}

}  // namespace weir
