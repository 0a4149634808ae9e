/**
 * Risks of a flow: numbered as nDPI numbers its own (a bit of a 64-bit mask), so that both can stand in one mask.
 * The score is what nDPI adds per severity.
 */
export type RiskSeverity = 'low' | 'medium' | 'high' | 'severe';

export const SEVERITY_SCORE: Readonly<Record<RiskSeverity, number>> = { low: 10, medium: 50, high: 100, severe: 250 };

/** [bit, name, severity]. */
const list = [
  [1, 'url_possible_xss', 'severe'],
  [2, 'url_possible_sql_injection', 'severe'],
  [3, 'url_possible_rce_injection', 'severe'],
  [4, 'binary_application_transfer', 'severe'],
  [5, 'known_protocol_on_non_standard_port', 'medium'],
  [6, 'tls_self_signed_certificate', 'high'],
  [7, 'tls_obsolete_version', 'high'],
  [8, 'tls_weak_cipher', 'high'],
  [9, 'tls_certificate_expired', 'high'],
  [10, 'tls_certificate_mismatch', 'high'],
  [11, 'http_suspicious_user_agent', 'high'],
  [12, 'numeric_ip_host', 'low'],
  [13, 'http_suspicious_url', 'high'],
  [14, 'http_suspicious_header', 'high'],
  [15, 'tls_not_carrying_https', 'low'],
  [16, 'suspicious_dga_domain', 'high'],
  [17, 'malformed_packet', 'low'],
  [18, 'ssh_obsolete_client_version_or_cipher', 'high'],
  [19, 'ssh_obsolete_server_version_or_cipher', 'medium'],
  [20, 'smb_insecure_version', 'high'],
  [21, 'tls_suspicious_esni_usage', 'medium'],
  [22, 'unsafe_protocol', 'low'],
  [23, 'dns_suspicious_traffic', 'high'],
  [24, 'tls_missing_sni', 'medium'],
  [25, 'http_suspicious_content', 'high'],
  [26, 'risky_asn', 'medium'],
  [27, 'risky_domain', 'medium'],
  [28, 'malicious_fingerprint', 'high'],
  [29, 'malicious_sha1_certificate', 'high'],
  [30, 'desktop_or_file_sharing_session', 'low'],
  [31, 'tls_uncommon_alpn', 'medium'],
  [32, 'tls_cert_validity_too_long', 'medium'],
  [33, 'tls_suspicious_extension', 'high'],
  [34, 'tls_fatal_alert', 'low'],
  [35, 'suspicious_entropy', 'medium'],
  [36, 'cleartext_credentials', 'high'],
  [37, 'dns_large_packet', 'medium'],
  [38, 'dns_fragmented', 'medium'],
  [39, 'invalid_characters', 'high'],
  [40, 'possible_exploit', 'severe'],
  [41, 'tls_certificate_about_to_expire', 'medium'],
  [42, 'punycode_idn', 'low'],
  [43, 'error_code_detected', 'low'],
  [44, 'http_crawler_bot', 'low'],
  [45, 'anonymous_subscriber', 'medium'],
  [46, 'unidirectional_traffic', 'low'],
  [47, 'http_obsolete_server', 'medium'],
  [48, 'periodic_flow', 'low'],
  [49, 'minor_issues', 'low'],
  [50, 'tcp_issues', 'medium'],
  [51, 'fully_encrypted', 'medium'],
  [52, 'tls_alpn_sni_mismatch', 'medium'],
  [53, 'malware_host_contacted', 'severe'],
  [54, 'binary_data_transfer', 'medium'],
  [55, 'probing_attempt', 'medium'],
  [56, 'obfuscated_traffic', 'high'],
] as const;

export type RiskName = (typeof list)[number][1];

export interface Risk {
  id: number;
  name: RiskName;
  severity: RiskSeverity;
  score: number;
}

export const RISKS: readonly Risk[] = list.map(([id, name, severity]) => ({ id, name, severity, score: SEVERITY_SCORE[severity] }));

const byName = new Map<string, Risk>(RISKS.map((risk) => [risk.name, risk]));
const byId = new Map<number, Risk>(RISKS.map((risk) => [risk.id, risk]));

export function riskByName(name: RiskName): Risk {
  const risk = byName.get(name);
  if (risk === undefined) throw new RangeError(`no risk is called ${name}`);
  return risk;
}

export function riskById(id: number): Risk | null {
  return byId.get(id) ?? null;
}
