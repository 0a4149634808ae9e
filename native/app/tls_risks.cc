#include "tls_risks.h"

#include <algorithm>

#include "tables/labels.h"
#include "tls_names.h"

namespace weir {
namespace {

constexpr double kDay = 86'400;
constexpr double kAboutToExpire = 30 * kDay;
// CA/Browser Forum ballot SC31: no more than 398 days for certificates issued from 1 September 2020 on.
constexpr double kValidityLimitFrom = 1'598'918'400;
constexpr double kValidityLimit = 398 * kDay;
constexpr size_t kLongestHost = 253;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }
char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter; }

bool is_ipv4(std::string_view host) {
  size_t at = 0;
  for (int group = 0; group < 4; group++) {
    const size_t start = at;
    while (at < host.size() && at < start + 3 && is_digit(host[at])) at++;
    if (at == start) return false;
    if (group < 3 && (at == host.size() || host[at++] != '.')) return false;
  }
  if (at < host.size() && host[at] == '.') at++;
  return at == host.size();
}

bool is_ipv6(std::string_view host) {
  if (host.find(':') == std::string_view::npos) return false;
  if (host.front() == '[') host.remove_prefix(1);
  if (!host.empty() && host.back() == ']') host.remove_suffix(1);
  return !host.empty() && host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

// A `*` stands for one label, the leftmost (RFC 6125 section 6.4.3).
bool is_for_host(const std::vector<std::string>& names, std::string_view host) {
  if (!host.empty() && host.back() == '.') host.remove_suffix(1);
  const size_t dot = host.find('.');
  const bool has_parent = dot != std::string_view::npos && dot > 0;
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return name == host || (has_parent && name.size() == host.size() - dot + 1 && name.front() == '*' && name.substr(1) == host.substr(dot));
  });
}

}  // namespace

bool is_numeric_host(std::string_view host) { return is_ipv4(host) || is_ipv6(host); }

void put_host(std::string& out, std::string_view sni) {
  if (!sni.empty() && sni.back() == '.') sni.remove_suffix(1);
  if (sni.size() > kLongestHost || sni.find_first_of(" ?\"'<>\\,;") != std::string_view::npos) return;
  for (const char letter : sni) out += lower(letter);
}

uint64_t client_risks(const ClientHello& hello) {
  uint64_t risks = 0;
  bool has_http = false;
  if (hello.has_sni && is_numeric_host(hello.sni.text())) risks |= kRiskNumericIpHost;
  if (hello.sni.length > 0 && hello.esni) risks |= kRiskTlsSuspiciousEsniUsage;
  for (size_t i = 0; i < hello.alpn_count; i++) {
    const std::string_view protocol = hello.alpn[i].text();
    if (!is_common_alpn(protocol)) risks |= kRiskTlsUncommonAlpn;
    if (protocol == "h2" || protocol == "h3") has_http = true;
  }
  // In the days of TLS 1.0 and 1.1 it was usual to name neither the server nor the protocol.
  if (is_obsolete(hello.best_version)) return risks;
  if (hello.alpn_count == 0) risks |= kRiskTlsNotCarryingHttps;
  if (hello.has_sni || hello.ech || hello.esni) return risks;
  risks |= kRiskTlsMissingSni;
  // Whoever speaks HTTP/2 or HTTP/3 has to name the server (RFC 9113 section 9.2).
  if (has_http) risks |= kRiskTlsAlpnSniMismatch;
  return risks;
}

uint64_t certificate_risks(const KnownCertificate& leaf, uint32_t now, std::string_view host) {
  uint64_t risks = 0;
  // A time that could not be read is NaN, and every comparison with it false.
  const double from = leaf.not_before;
  const double to = leaf.not_after;
  if (!leaf.names.empty() && !host.empty() && !is_for_host(leaf.names, host)) risks |= kRiskTlsCertificateMismatch;
  if (leaf.self_signed) risks |= kRiskTlsSelfSignedCertificate;
  if (from >= kValidityLimitFrom && to - from > kValidityLimit) risks |= kRiskTlsCertValidityTooLong;
  if (now == 0) return risks;
  if (now < from || now > to) risks |= kRiskTlsCertificateExpired;
  else if (now > to - kAboutToExpire) risks |= kRiskTlsCertificateAboutToExpire;
  return risks;
}

}  // namespace weir
