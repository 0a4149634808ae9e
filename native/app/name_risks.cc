#include "name_risks.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tables/labels.h"
#include "tables/name_risks.h"

namespace weir {
namespace {

// Far more than two ways of computing a logarithm differ by.
constexpr double kDoubt = 1e-9;
constexpr size_t kLongestLabel = 63;
constexpr size_t kShortestTop = 2;
constexpr size_t kLongestTop = 24;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
bool is_letter(char letter) { return (letter | 0x20) >= 'a' && (letter | 0x20) <= 'z'; }
char lower(char letter) { return is_letter(letter) ? static_cast<char>(letter | 0x20) : letter; }

// Of a letter in either case or a digit, below 36.
size_t index_of(char letter) { return static_cast<size_t>(is_digit(letter) ? 26 + (letter - '0') : lower(letter) - 'a'); }

constexpr std::array<bool, 256> host_letters() {
  std::array<bool, 256> host{};
  for (size_t i = 0; i < 26; i++) host['A' + i] = host['a' + i] = true;
  for (size_t i = 0; i < 10; i++) host['0' + i] = true;
  host['_'] = host['.'] = host['/'] = host['-'] = true;
  return host;
}
constexpr std::array<bool, 256> kHostLetters = host_letters();

// The words are in small letters.
template <size_t kCount>
bool is_one_of(std::string_view text, const std::string_view (&words)[kCount]) {
  for (const std::string_view word : words) {
    if (word.size() != text.size()) continue;
    size_t same = 0;
    while (same < word.size() && lower(text[same]) == word[same]) same++;
    if (same == word.size()) return true;
  }
  return false;
}

bool is_top(std::string_view text) {
  if (text.size() < kShortestTop || text.size() > kLongestTop) return false;
  for (const char letter : text) {
    if (!is_letter(letter)) return false;
  }
  return !is_one_of(text, kLocalTrees);
}

// The label that was registered; empty when there is none.
std::string_view registered_label(std::string_view name) {
  const size_t top_dot = name.rfind('.');
  if (top_dot == std::string_view::npos || top_dot == 0) return {};
  const std::string_view top = name.substr(top_dot + 1);
  if (!is_top(top)) return {};
  std::string_view rest = name.substr(0, top_dot);
  size_t dot = rest.rfind('.');
  if (top.size() == 2 && dot != std::string_view::npos && is_one_of(rest.substr(dot + 1), kSecondLevels)) {
    rest = rest.substr(0, dot);
    dot = rest.rfind('.');
  }
  return dot == std::string_view::npos ? rest : rest.substr(dot + 1);
}

// Letters and digits of a label.
struct LabelCounts {
  size_t digits = 0;
  // How often letters and digits change places.
  size_t changes = 0;
  size_t distinct = 0;
  // Nothing but letters and digits.
  bool is_plain = true;
};

LabelCounts counts_of(std::string_view label) {
  LabelCounts counts;
  uint64_t seen = 0;
  bool was_digit = false;
  for (size_t i = 0; i < label.size(); i++) {
    const bool digit = is_digit(label[i]);
    if (!digit && !is_letter(label[i])) {
      counts.is_plain = false;
      break;
    }
    if (digit) counts.digits++;
    if (i > 0 && digit != was_digit) counts.changes++;
    was_digit = digit;
    const uint64_t bit = uint64_t{1} << index_of(label[i]);
    if ((seen & bit) == 0) counts.distinct++;
    seen |= bit;
  }
  return counts;
}

// Mean commonness of the pairs of letters.
double commonness(std::string_view label) {
  int sum = 0;
  int pairs = 0;
  for (size_t i = 1; i < label.size(); i++) {
    if (is_digit(label[i - 1]) || is_digit(label[i])) continue;
    sum += kFollowers[lower(label[i - 1]) - 'a'][lower(label[i]) - 'a'] - '0';
    pairs++;
  }
  return pairs == 0 ? 9 : static_cast<double>(sum) / pairs;
}

// Bits per character of letters and digits.
double entropy(std::string_view label) {
  size_t counts[36] = {};
  for (const char letter : label) counts[index_of(letter)]++;
  double bits = 0;
  for (const size_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(label.size());
    if (count > 0) bits -= share * std::log2(share);
  }
  return bits;
}

bool is_cargo_label(std::string_view label) {
  if (label.size() < kCargoLabel) return false;
  for (const char letter : label) {
    if (!is_digit(letter) && !is_letter(letter)) return false;
  }
  return true;
}

// Calls `found` with each label that may be cargo.
template <class Found>
void each_cargo_label(std::string_view name, Found found) {
  for (size_t from = 0; from < name.size();) {
    const size_t to = std::min(name.find('.', from), name.size());
    if (is_cargo_label(name.substr(from, to - from))) found(name.substr(from, to - from));
    from = to + 1;
  }
}

// False where rounding may decide.
bool judge_cargo(std::string_view name, bool& tunnelled) {
  size_t most = 0;
  tunnelled = false;
  if (name.size() <= kCargoName) return true;
  each_cargo_label(name, [&](std::string_view label) { most += label.size(); });
  if (most <= kCargoName) return true;
  size_t cargo = 0;
  bool sure = true;
  each_cargo_label(name, [&](std::string_view label) {
    const double bits = entropy(label);
    if (std::abs(bits - kCargoEntropy) < kDoubt) sure = false;
    if (bits > kCargoEntropy) cargo += label.size();
  });
  tunnelled = cargo > kCargoName;
  return sure;
}

bool is_punycode(std::string_view name) { return name.substr(0, 4) == "xn--" || name.find(".xn--") != std::string_view::npos; }

}  // namespace

bool looks_generated(std::string_view name) {
  const std::string_view label = registered_label(name);
  if (label.size() < kMixedLength || label.size() > kLongestLabel) return false;
  const LabelCounts counts = counts_of(label);
  if (!counts.is_plain || counts.digits == label.size()) return false;
  if (counts.changes >= kMixedChanges) return true;
  if (label.size() < kLettersLength || counts.digits > 2 || counts.distinct < kDistinctLetters) return false;
  return commonness(label) < (label.size() >= kLongLength ? kLongBound : kShortBound);
}

bool judge_name(std::string_view name, uint64_t& risks) {
  bool is_host = true;
  for (const char letter : name) is_host &= kHostLetters[static_cast<uint8_t>(letter)];
  if (!is_host) risks |= kRiskInvalidCharacters;
  if (is_punycode(name)) risks |= kRiskPunycodeIdn;
  if (looks_generated(name)) risks |= kRiskSuspiciousDgaDomain;
  bool tunnelled = false;
  if (!judge_cargo(name, tunnelled)) return false;
  if (tunnelled) risks |= kRiskDnsSuspiciousTraffic;
  return true;
}

}  // namespace weir
