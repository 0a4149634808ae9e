#include "http_url.h"

#include "http_text.h"
#include "tables/http.h"
#include "tables/labels.h"

namespace weir {
namespace {

constexpr size_t kLongestScheme = 5;

// Without scheme and authority.
Bytes path_of(Bytes target) {
  size_t scheme = 0;
  while (scheme <= kLongestScheme && !starts_with(target.part(scheme), "://")) scheme++;
  if (scheme > kLongestScheme) return target;
  const size_t slash = offset_of(target, '/', scheme + 3);
  static const uint8_t kRoot[] = {'/'};
  return slash == target.length ? Bytes{kRoot, 1} : target.part(slash);
}

// What only attacks and encodings put into a URL.
bool is_suspect(uint8_t byte) {
  switch (byte) {
    case '%':
    case '<':
    case '>':
    case '\'':
    case '"':
    case '`':
    case '$':
    case '(':
    case ')':
    case ';':
    case '\\': return true;
    default: return false;
  }
}

bool has_suspects(Bytes path) {
  for (size_t i = 0; i < path.length; i++) {
    if (is_suspect(path[i])) return true;
    if (path[i] != '.') continue;
    const Bytes rest = path.part(i + 1);
    if (rest.length > 0 && (rest[0] == '.' || starts_with_any_case(rest, "exe"))) return true;
  }
  return false;
}

int hex_value(uint8_t byte) {
  if (is_digit(byte)) return byte - '0';
  const uint8_t letter = byte | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Percent decoding once, in place: returns the new length.
size_t decode(uint8_t* text, size_t length) {
  size_t out = 0;
  for (size_t at = 0; at < length; at++) {
    const int high = text[at] == '%' && at + 2 < length ? hex_value(text[at + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(text[at + 2]);
    text[out++] = low < 0 ? text[at] : static_cast<uint8_t>(high << 4 | low);
    if (low >= 0) at += 2;
  }
  return out;
}

bool starts_with_one_of(Bytes text, const std::string_view* words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (starts_with(text, words[i])) return true;
  }
  return false;
}

Bytes behind_spaces(Bytes text) {
  size_t at = 0;
  while (at < text.length && (text[at] <= ' ' || text[at] == 0xa0)) at++;
  return text.part(at);
}

// A command behind what ends another one.
bool is_command(Bytes text) {
  static constexpr std::string_view kCommands[] = {"wget ", "curl ", "nc ", "bash ", "sh ", "cat "};
  return starts_with_one_of(behind_spaces(text), kCommands, std::size(kCommands));
}

// True for every text that one of the patterns of attacks matches, and for some others. Decoded, in small letters.
bool may_be_attack(Bytes text) {
  static constexpr std::string_view kWords[] = {
      "javascript:", "jndi:", "union ", "information_schema", "drop table", "sleep(", "system(", "xp_cmdshell",
      "/bin/", "/etc/passwd", "cmd.exe", "win.ini", "$(", "../", "..\\",
  };
  // First bytes of the words, and what is enough alone.
  static constexpr std::string_view kFirst = "juidsx/cw$.;|`&<'";
  for (size_t i = 0; i < text.length; i++) {
    const uint8_t byte = text[i];
    if (byte == 0) return true;
    if (kFirst.find(static_cast<char>(byte)) == std::string_view::npos) continue;
    if (byte == '<') return true;
    const Bytes rest = text.part(i);
    if (byte == '\'' && starts_with(behind_spaces(rest.part(1)), "or")) return true;
    const bool ends_command = byte == ';' || byte == '|' || byte == '`' || byte == '&';
    if (ends_command ? is_command(rest.part(1)) : starts_with_one_of(rest, kWords, std::size(kWords))) return true;
  }
  return false;
}

bool may_decode_to_attack(Bytes path) {
  uint8_t text[kHttpTextLimit];
  size_t length = std::min(path.length, kHttpTextLimit);
  std::memcpy(text, path.data, length);
  for (int round = 0; round < 2 && offset_of({text, length}, '%') < length; round++) length = decode(text, length);
  for (size_t i = 0; i < length; i++) text[i] = text[i] == '+' ? ' ' : small_letter(text[i]);
  return may_be_attack({text, length});
}

}  // namespace

bool add_target_risks(Bytes target, uint64_t& risks) {
  const Bytes path = path_of(target);
  if (has_suspects(path) && may_decode_to_attack(path)) return false;
  if (starts_with_any_case(path, "/shell?")) risks |= kRiskUrlPossibleRceInjection;
  else if (starts_with(path, "/.") && !starts_with_any_case(path, "/.well-known/")) risks |= kRiskPossibleExploit;
  return true;
}

}  // namespace weir
