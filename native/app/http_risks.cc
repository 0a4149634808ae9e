#include "http_risks.h"

#include "http_text.h"
#include "http_url.h"
#include "note_text.h"
#include "tables/labels.h"

namespace weir {
namespace {

constexpr size_t kShortestAgent = 4;
constexpr size_t kLongestAgent = 256;
constexpr size_t kShortestScrambled = 13;
// The scheme alone: what follows is a secret.
constexpr size_t kSchemeLimit = 16;

// One long run of letters of which a fifth or more are capitals.
bool is_scrambled(Bytes agent) {
  if (agent.length < kShortestScrambled) return false;
  size_t capitals = 0;
  for (size_t i = 0; i < agent.length; i++) {
    if (!is_letter(agent[i])) return false;
    if (agent[i] <= 'Z') capitals++;
  }
  return 5 * capitals >= agent.length;
}

// What a scheme other than those that end in `p` or `s` says; only the first `://` counts.
bool has_odd_scheme(Bytes agent, size_t colon) {
  return colon > 0 && agent[colon - 1] != 'p' && agent[colon - 1] != 's';
}

// False for the word of an attack.
bool add_agent_risks(Bytes agent, uint64_t& risks) {
  if (agent.length < kShortestAgent || agent.length > kLongestAgent || starts_with(agent, "<?") || starts_with(agent, "test") ||
      is_scrambled(agent)) {
    risks |= kRiskHttpSuspiciousUserAgent;
  }
  bool has_scheme = false;
  for (size_t i = 0; i < agent.length; i++) {
    switch (agent[i]) {
      case '$':
      case '{':
      case '}': risks |= kRiskHttpSuspiciousUserAgent; break;
      case ':':
        if (i >= 4 && starts_with(agent.part(i - 4), "jndi:")) return false;
        if (i >= 5 && (agent[i - 5] == ' ' || agent[i - 5] == '+') && starts_with(agent.part(i - 4), "http:")) risks |= kRiskHttpCrawlerBot;
        if (has_scheme || !starts_with(agent.part(i), "://")) break;
        has_scheme = true;
        if (has_odd_scheme(agent, i)) risks |= kRiskHttpSuspiciousUserAgent;
        break;
      case 'b':
      case 'B':
        if (starts_with_any_case(agent.part(i), "bot")) risks |= kRiskHttpCrawlerBot;
        break;
      case 'c':
      case 'C':
        if (starts_with_any_case(agent.part(i), "crawler")) risks |= kRiskHttpCrawlerBot;
        break;
      default: break;
    }
  }
  return true;
}

// An IPv4 address, with or without a port; IPv6 addresses are odd.
bool is_numeric_host(Bytes host) {
  size_t at = 0;
  for (int part = 0; part < 4; part++) {
    uint32_t value = 0;
    const size_t start = at;
    for (; at < host.length && at < start + 3 && is_digit(host[at]); at++) value = value * 10 + (host[at] - '0');
    if (at == start || value > 255) return false;
    if (part < 3 && (at == host.length || host[at++] != '.')) return false;
  }
  return without_port(host).length == at;
}

bool is_host_byte(uint8_t byte) {
  return is_letter(byte) || is_digit(byte) || byte == '_' || byte == '.' || byte == '~' || byte == ':' || byte == '[' || byte == ']' || byte == '-';
}

void add_host_risks(Bytes host, uint64_t& risks) {
  if (is_digit(host[0]) && is_numeric_host(host)) risks |= kRiskNumericIpHost;
  for (size_t i = 0; i < host.length; i++) {
    if (!is_host_byte(host[i])) risks |= kRiskInvalidCharacters | kRiskPossibleExploit;
    if ((i == 0 || host[i - 1] == '.') && starts_with_any_case(host.part(i), "xn--")) risks |= kRiskPunycodeIdn;
  }
}

bool is_one_of(Bytes type, const std::string_view* names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (equals_any_case(type, names[i])) return true;
  }
  return false;
}

void add_executable(const HttpAsker& asker, uint64_t& risks) {
  if (ends_with_any_case(without_port(asker.host), ".windowsupdate.com")) return;
  risks |= kRiskBinaryApplicationTransfer;
  if (starts_with(asker.user_agent, "Java/")) risks |= kRiskPossibleExploit;
}

bool is_program_name(Bytes disposition) {
  if (disposition.length > 0 && disposition[disposition.length - 1] == '"') disposition.length--;
  for (const std::string_view ending : kHttpExecutableEndings) {
    if (ends_with_any_case(disposition, ending)) return true;
  }
  return false;
}

void add_transfer_risks(const HttpMessage& message, const HttpAsker& asker, uint64_t& risks) {
  const Bytes whole = message.text(HttpField::kContentType);
  const Bytes type = trimmed(whole.part(0, offset_of(whole, ';')));
  const Bytes disposition = message.text(HttpField::kDisposition);
  constexpr std::string_view kAttachment = "attachment";
  const Bytes behind = disposition.part(kAttachment.size(), 1);
  const bool goes_on = behind.length > 0 && (is_letter(behind[0]) || is_digit(behind[0]) || behind[0] == '_');
  const bool is_attachment = starts_with_any_case(disposition, kAttachment) && !goes_on;
  if (is_one_of(type, kHttpExecutableTypes, std::size(kHttpExecutableTypes)) || (is_attachment && is_program_name(disposition))) {
    add_executable(asker, risks);
  }
  if (is_one_of(type, kHttpOpaqueTypes, std::size(kHttpOpaqueTypes)) || is_attachment) risks |= kRiskBinaryDataTransfer;
}

// A run of 1 to 4 digits that ends before `end`.
bool read_number(Bytes text, size_t& at, uint32_t& value) {
  const size_t start = at;
  value = 0;
  for (; at < text.length && is_digit(text[at]); at++) {
    if (at - start == 4) return false;
    value = value * 10 + (text[at] - '0');
  }
  return at > start;
}

bool is_obsolete(Bytes server) {
  for (const OldestServer& oldest : kHttpOldestServers) {
    size_t at = oldest.name.size();
    if (!starts_with_any_case(server, oldest.name) || at == server.length || server[at++] != '/') continue;
    uint32_t major_version = 0;
    uint32_t minor_version = 0;
    if (!read_number(server, at, major_version) || at == server.length || server[at++] != '.') return false;
    if (!read_number(server, at, minor_version) || at + 1 >= server.length || server[at] != '.' || !is_digit(server[at + 1])) return false;
    return major_version < oldest.major_version || (major_version == oldest.major_version && minor_version < oldest.minor_version);
  }
  return false;
}

bool is_executable(Bytes body) {
  // MZ is followed by the number of bytes in the last page, below 512: text that begins so is not.
  if (starts_with(body, "MZ") && body.length >= 4 && body[3] <= 1) return true;
  if (starts_with(body, "\x7f" "ELF") || starts_with(body, "#!/") || starts_with(body, "dex\n0")) return true;
  if (body.length < 4) return false;
  const uint32_t magic = Cursor(body).u32();
  return magic == 0xcffaedfe || magic == 0xcefaedfe || magic == 0xfeedface || magic == 0xfeedfacf;
}

bool is_text_type(Bytes type) {
  if (starts_with_any_case(type, "text/")) return true;
  const Bytes first = type.part(0, offset_of(type, ';'));
  return contains_any_case(first, "/json") || contains_any_case(first, "+json") || contains_any_case(first, "x-www-form-urlencoded");
}

// Readable, gzip (declared or not), or UTF-16 with its mark. There are four bytes.
bool looks_like_text(Bytes body) {
  if (body[0] == 0x1f && body[1] == 0x8b) return true;
  if ((body[0] == 0xff && body[1] == 0xfe) || (body[0] == 0xfe && body[1] == 0xff)) return true;
  for (size_t i = 0; i < 4; i++) {
    const uint8_t byte = body[i];
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\f' && byte != '\r') || byte == 0x7f || byte >= 0xf8) return false;
  }
  return true;
}

}  // namespace

bool has_plain_texts(const HttpMessage& message) {
  if (!is_plain_text(target_of(message))) return false;
  for (const Bytes field : message.fields) {
    if (!is_plain_text(field)) return false;
  }
  return true;
}

Bytes target_of(const HttpMessage& message) { return message.target.part(0, kHttpTextLimit); }

bool host_of(const HttpMessage& message, Bytes& host) {
  const Bytes target = target_of(message);
  const size_t scheme = starts_with(target, "http://") ? 7 : starts_with(target, "https://") ? 8 : 0;
  if (scheme == 0) {
    host = message.has(HttpField::kHost) ? message.text(HttpField::kHost) : Bytes();
  } else {
    size_t end = scheme;
    for (; end < target.length && target[end] != '/' && target[end] != '?' && target[end] != '#'; end++) {
      if (target[end] == '@') return false;
    }
    if (end == scheme) return false;
    host = target.part(scheme, end - scheme);
  }
  return host.length == 0 || host[0] != '[';
}

Bytes without_port(Bytes host) {
  size_t end = host.length;
  while (end > 0 && host.length - end < 5 && is_digit(host[end - 1])) end--;
  return end > 0 && end < host.length && host[end - 1] == ':' ? host.part(0, end - 1) : host;
}

bool add_request_risks(const HttpMessage& message, Bytes host, uint64_t& risks) {
  const Bytes agent = message.text(HttpField::kUserAgent, kHttpTextLimit);
  if (agent.length > 0) {
    if (!add_agent_risks(agent, risks)) return false;
  } else if (!message.partial || message.has(HttpField::kUserAgent)) {
    // The fields behind a cut are not missing.
    risks |= kRiskHttpSuspiciousUserAgent;
  }
  if (!add_target_risks(target_of(message), risks)) return false;
  const Bytes secret = message.text(HttpField::kAuthorization, kSchemeLimit);
  const Bytes scheme = secret.part(0, offset_of(secret, ' '));
  if (equals_any_case(scheme, "basic") || equals_any_case(scheme, "digest")) risks |= kRiskCleartextCredentials;
  if (host.length > 0) add_host_risks(host, risks);
  return true;
}

bool add_response_risks(const HttpMessage& message, const HttpAsker& asker, uint64_t& risks) {
  const uint32_t status = message.status;
  if (status >= 400 && status < 600) risks |= kRiskErrorCodeDetected;
  if (is_obsolete(message.text(HttpField::kServerName))) risks |= kRiskHttpObsoleteServer;
  if (message.has(HttpField::kUserAgent)) return false;
  if (status >= 200 && status < 300) add_transfer_risks(message, asker, risks);
  return true;
}

void add_body_risks(const HttpMessage& message, const HttpAsker& asker, Bytes body, uint64_t& risks) {
  if (is_executable(body)) add_executable(asker, risks);
  if (body.length < 4 || looks_like_text(body)) return;
  if (message.has(HttpField::kContentEncoding) && !equals_any_case(message.text(HttpField::kContentEncoding), "identity")) return;
  if (is_text_type(message.text(HttpField::kContentType))) risks |= kRiskHttpSuspiciousContent;
}

}  // namespace weir
