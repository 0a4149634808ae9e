/**
 * JA3 and JA3S: MD5 of `version,ciphers,extensions,groups,point formats` of the ClientHello, and of `version,cipher,extensions`
 * of the ServerHello; decimal numbers joined by `-`, GREASE left out (github.com/salesforce/ja3, BSD-3-Clause). The version
 * is the one of the message itself, which TLS 1.3 leaves at 1.2.
 */
import { hash } from 'node:crypto';
import type { ClientHello } from '../app/tls-client-hello.ts';
import { isGrease } from '../app/tls-registry.ts';
import type { ServerHello } from '../app/tls-server-hello.ts';

function joined(codes: readonly number[]): string {
  return codes.filter((code) => !isGrease(code)).join('-');
}

export function ja3Text(hello: ClientHello): string {
  const { legacyVersion, ciphers, extensions, groups, pointFormats } = hello;
  return `${legacyVersion},${joined(ciphers)},${joined(extensions)},${joined(groups)},${pointFormats.join('-')}`;
}

export function ja3(hello: ClientHello): string {
  return hash('md5', ja3Text(hello));
}

export function ja3sText(server: ServerHello): string {
  return `${server.legacyVersion},${server.cipher},${joined(server.extensions)}`;
}

/** Servers are few, by what they choose: their texts and fingerprints. */
const known = new Map<string, string>();
const MOST_KNOWN = 1024;
/** A text that is longer is not kept. */
const LONGEST_KNOWN = 256;

export function ja3s(server: ServerHello): string {
  const text = ja3sText(server);
  let fingerprint = known.get(text);
  if (fingerprint === undefined) {
    fingerprint = hash('md5', text);
    if (known.size >= MOST_KNOWN) known.clear();
    if (text.length <= LONGEST_KNOWN) known.set(text, fingerprint);
  }
  return fingerprint;
}
