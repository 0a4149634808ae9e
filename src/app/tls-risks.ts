/** What is wrong with a handshake: the meanings are nDPI's (doc/flow_risks.rst), so that one mask can hold the risks of both. */
import type { CertificateFacts } from './facts.ts';
import type { RiskName } from './risks.ts';
import { hasUnprintable } from './text.ts';
import type { ClientHello } from './tls-client-hello.ts';
import { isCommonAlpn, TLS_1_2, versionRank } from './tls-registry.ts';

const DAY = 86_400;
/** nDPI's default of `tls.certificate_expiration_threshold`. */
const ABOUT_TO_EXPIRE = 30 * DAY;
/** CA/Browser Forum ballot SC31: no more than 398 days for certificates issued from 1 September 2020 on. */
const VALIDITY_LIMIT_FROM = 1_598_918_400;
const VALIDITY_LIMIT = 398 * DAY;

type Risks = Set<RiskName>;

/** TLS 1.1, DTLS 1.0 and whatever is older (RFC 8996). */
export function isObsolete(version: number): boolean {
  const rank = versionRank(version);
  return rank > 0 && rank < versionRank(TLS_1_2);
}

/** An IPv4 address, or what can only be an IPv6 address. */
export function isNumericHost(host: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}\.?$/.test(host) || (host.includes(':') && /^\[?[0-9a-f:.]+\]?$/i.test(host));
}

export function addClientRisks(risks: Risks, hello: ClientHello): void {
  const { sni, serverName, alpn } = hello;
  if (serverName !== null && hasUnprintable(serverName)) risks.add('tls_suspicious_extension');
  if (sni !== null && isNumericHost(sni)) risks.add('numeric_ip_host');
  if (sni !== null && sni !== '' && hello.encryptedServerName) risks.add('tls_suspicious_esni_usage');
  if (alpn.some((protocol) => !isCommonAlpn(protocol))) risks.add('tls_uncommon_alpn');
  // In the days of TLS 1.0 and 1.1 it was usual to name neither the server nor the protocol.
  if (isObsolete(hello.bestVersion)) return;
  if (alpn.length === 0) risks.add('tls_not_carrying_https');
  if (sni !== null || hello.encryptedClientHello || hello.encryptedServerName) return;
  risks.add('tls_missing_sni');
  // Whoever speaks HTTP/2 or HTTP/3 has to name the server (RFC 9113 section 9.2).
  if (alpn.includes('h2') || alpn.includes('h3')) risks.add('tls_alpn_sni_mismatch');
}

/** The server's own certificate; `now` in seconds since the epoch, 0 when there is no clock. */
export function addCertificateRisks(risks: Risks, leaf: CertificateFacts, now: number): void {
  if (leaf.self_signed) risks.add('tls_self_signed_certificate');
  const { not_before: from, not_after: to } = leaf;
  if (from !== null && to !== null && from >= VALIDITY_LIMIT_FROM && to - from > VALIDITY_LIMIT) risks.add('tls_cert_validity_too_long');
  if (now <= 0) return;
  if ((from !== null && now < from) || (to !== null && now > to)) risks.add('tls_certificate_expired');
  else if (to !== null && now > to - ABOUT_TO_EXPIRE) risks.add('tls_certificate_about_to_expire');
}
