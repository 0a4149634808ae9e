/**
 * JA4, the fingerprint of a TLS client (FoxIO, github.com/FoxIO-LLC/ja4, technical_details/JA4.md, BSD-3-Clause):
 *
 *   t13d1516h2 _ 8daaf6152771 _ b186095e22b6
 *   │││ │ │ │    │              └ SHA-256 of the sorted extensions without SNI and ALPN, `_`, signature algorithms as sent
 *   │││ │ │ │    └ SHA-256 of the sorted cipher suites
 *   │││ │ │ └ first and last character of the first ALPN value
 *   │││ │ └ number of extensions, SNI and ALPN among them
 *   │││ └ number of cipher suites
 *   ││└ d: the server is named, i: it is not
 *   │└ the newest version that is offered
 *   └ transport
 *
 * GREASE counts nowhere. JA4_r is the same with lists in place of the hashes.
 */
import { hash } from 'node:crypto';
import { hexNumber } from '../app/text.ts';
import { type ClientHello, Extension } from '../app/tls-client-hello.ts';
import { isGrease } from '../app/tls-registry.ts';

/** TLS over TCP, QUIC, DTLS. */
export type Ja4Transport = 't' | 'q' | 'd';

const VERSIONS: Readonly<Record<number, string>> = {
  2: 's2',
  768: 's3',
  769: '10',
  770: '11',
  771: '12',
  772: '13',
  65279: 'd1',
  65277: 'd2',
  65276: 'd3',
};

function versionCode(hello: ClientHello): string {
  // The highest number, as the specification says; in DTLS numbers fall as versions rise.
  let version = hello.versions.length === 0 ? hello.legacyVersion : 0;
  for (const offered of hello.versions) if (offered > version) version = offered;
  return VERSIONS[version] ?? '00';
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

function alpnCode(alpn: Uint8Array | null): string {
  if (alpn === null || alpn.length === 0) return '00';
  const first = alpn[0];
  const last = alpn[alpn.length - 1];
  if (isAlphanumeric(first) && isAlphanumeric(last)) return String.fromCharCode(first, last);
  return (first >> 4).toString(16) + (last & 15).toString(16);
}

function count(codes: readonly number[]): string {
  return String(Math.min(codes.length, 99)).padStart(2, '0');
}

function hexCodes(codes: readonly number[]): string[] {
  return codes.map((code) => hexNumber(code, 4));
}

interface Parts {
  head: string;
  ciphers: string;
  extensions: string;
}

function partsOf(hello: ClientHello, transport: Ja4Transport): Parts {
  const ciphers = hello.ciphers.filter((code) => !isGrease(code));
  const extensions = hello.extensions.filter((code) => !isGrease(code));
  const named = extensions.includes(Extension.SERVER_NAME) ? 'd' : 'i';
  const head = `${transport}${versionCode(hello)}${named}${count(ciphers)}${count(extensions)}${alpnCode(hello.firstAlpn)}`;
  const hashed = extensions.filter((code) => code !== Extension.SERVER_NAME && code !== Extension.ALPN);
  const algorithms = hexCodes(hello.signatureAlgorithms.filter((code) => !isGrease(code)));
  const sorted = hexCodes(hashed).sort().join(',');
  return {
    head,
    ciphers: hexCodes(ciphers).sort().join(','),
    extensions: algorithms.length === 0 ? sorted : `${sorted}_${algorithms.join(',')}`,
  };
}

function shortHash(text: string): string {
  return text === '' ? '000000000000' : hash('sha256', text).slice(0, 12);
}

export interface Ja4Forms {
  readonly ja4: string;
  readonly ja4_r: string;
}

export function ja4Forms(hello: ClientHello, transport: Ja4Transport): Ja4Forms {
  const { head, ciphers, extensions } = partsOf(hello, transport);
  return { ja4: `${head}_${shortHash(ciphers)}_${shortHash(extensions)}`, ja4_r: `${head}_${ciphers}_${extensions}` };
}
