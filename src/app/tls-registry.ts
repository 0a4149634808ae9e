/** Names in TLS and DTLS: versions, groups, alerts, application protocols, GREASE (RFC 8446, RFC 8701, RFC 9147, IANA registries). */

import { hexNumber } from './text.ts';
import { cipherName } from './tls-cipher-suites.ts';

export const SSL_2 = 0x0002;
export const SSL_3 = 0x0300;
export const TLS_1_0 = 0x0301;
export const TLS_1_1 = 0x0302;
export const TLS_1_2 = 0x0303;
export const TLS_1_3 = 0x0304;
/** OpenSSL's first DTLS, which some VPNs still speak. */
export const DTLS_BAD = 0x0100;
export const DTLS_1_0 = 0xfeff;
export const DTLS_1_2 = 0xfefd;
export const DTLS_1_3 = 0xfefc;

const VERSIONS: Readonly<Record<number, string>> = {
  [SSL_2]: 'SSLv2',
  [SSL_3]: 'SSLv3',
  [TLS_1_0]: 'TLSv1.0',
  [TLS_1_1]: 'TLSv1.1',
  [TLS_1_2]: 'TLSv1.2',
  [TLS_1_3]: 'TLSv1.3',
  [DTLS_BAD]: 'DTLSv0.9',
  [DTLS_1_0]: 'DTLSv1.0',
  [DTLS_1_2]: 'DTLSv1.2',
  [DTLS_1_3]: 'DTLSv1.3',
};

/** True for the values that RFC 8701 reserves so that servers learn to ignore what they do not know: 0x0a0a, 0x1a1a … 0xfafa. */
export function isGrease(code: number): boolean {
  return (code & 0x0f0f) === 0x0a0a && code >> 8 === (code & 0xff);
}

/** Drafts of TLS 1.3 (0x7f12 to 0x7f1c) and Facebook's variants of them (0xfb17, 0xfb1a) count as TLS 1.3. */
export function isTls13(version: number): boolean {
  const high = version >> 8;
  return version === TLS_1_3 || version === DTLS_1_3 || ((high === 0x7f || high === 0xfb) && (version & 0xff) >= 0x0e);
}

export function versionName(version: number): string {
  const name = VERSIONS[version];
  if (name !== undefined) return name;
  return isTls13(version) ? 'TLSv1.3' : hexNumber(version, 4);
}

/** How new a version is, to compare them: DTLS counts down, TLS counts up. 0 for what is not a version. */
export function versionRank(version: number): number {
  if (isTls13(version)) return 6;
  switch (version) {
    case SSL_2:
      return 1;
    case SSL_3:
      return 2;
    case TLS_1_0:
      return 3;
    case TLS_1_1:
    case DTLS_BAD:
    case DTLS_1_0:
      return 4;
    case TLS_1_2:
    case DTLS_1_2:
      return 5;
    default:
      return 0;
  }
}

export function cipherText(code: number): string {
  return cipherName(code) ?? hexNumber(code, code > 0xffff ? 6 : 4);
}

const GROUPS: Readonly<Record<number, string>> = {
  1: 'sect163k1',
  2: 'sect163r1',
  3: 'sect163r2',
  4: 'sect193r1',
  5: 'sect193r2',
  6: 'sect233k1',
  7: 'sect233r1',
  8: 'sect239k1',
  9: 'sect283k1',
  10: 'sect283r1',
  11: 'sect409k1',
  12: 'sect409r1',
  13: 'sect571k1',
  14: 'sect571r1',
  15: 'secp160k1',
  16: 'secp160r1',
  17: 'secp160r2',
  18: 'secp192k1',
  19: 'secp192r1',
  20: 'secp224k1',
  21: 'secp224r1',
  22: 'secp256k1',
  23: 'secp256r1',
  24: 'secp384r1',
  25: 'secp521r1',
  26: 'brainpoolP256r1',
  27: 'brainpoolP384r1',
  28: 'brainpoolP512r1',
  29: 'x25519',
  30: 'x448',
  31: 'brainpoolP256r1tls13',
  32: 'brainpoolP384r1tls13',
  33: 'brainpoolP512r1tls13',
  34: 'GC256A',
  35: 'GC256B',
  36: 'GC256C',
  37: 'GC256D',
  38: 'GC512A',
  39: 'GC512B',
  40: 'GC512C',
  41: 'curveSM2',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  259: 'ffdhe6144',
  260: 'ffdhe8192',
  512: 'MLKEM512',
  513: 'MLKEM768',
  514: 'MLKEM1024',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
  4590: 'curveSM2MLKEM768',
  16696: 'CECPQ2',
  25497: 'X25519Kyber768Draft00',
  25498: 'SecP256r1Kyber768Draft00',
  65281: 'arbitrary_explicit_prime_curves',
  65282: 'arbitrary_explicit_char2_curves',
};

export function groupName(group: number): string {
  return GROUPS[group] ?? hexNumber(group, 4);
}

/** As RFC 8446 section 6 and its predecessors spell them. */
const ALERTS: Readonly<Record<number, string>> = {
  0: 'close_notify',
  1: 'end_of_early_data',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  52: 'too_many_cids_requested',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  117: 'general_error',
  120: 'no_application_protocol',
  121: 'ech_required',
};

export const ALERT_WARNING = 1;
export const ALERT_FATAL = 2;

/** Null for what is not an alert. */
export function alertName(level: number, description: number): string | null {
  const name = ALERTS[description];
  if (name === undefined) return null;
  if (level === ALERT_FATAL) return `fatal ${name}`;
  return level === ALERT_WARNING ? `warning ${name}` : null;
}

/** IANA registry "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs", without those that begin as below. */
export const ALPN_IDS: ReadonlySet<string> = new Set(
  (
    'http/0.9 http/1.0 http/1.1 h2 h2c h3 stun.turn stun.nat-discovery webrtc c-webrtc ftp imap pop3 managesieve coap co ' +
    'xmpp-client xmpp-server acme-tls/1 mqtt dot ntske/1 sunrpc smb irc nntp nnsp doq sip/2 tds/8.0 dicom postgresql ' +
    'radius/1.0 radius/1.1 netperfmeter/control netperfmeter/data'
  ).split(' '),
);
/** Drafts of registered protocols, in use with a number behind them. */
export const ALPN_DRAFTS: readonly string[] = ['h2-', 'h3-', 'hq-', 'doq-', 'spdy/'];

export function isCommonAlpn(protocol: string): boolean {
  return ALPN_IDS.has(protocol) || ALPN_DRAFTS.some((draft) => protocol.startsWith(draft));
}
