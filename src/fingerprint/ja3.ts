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

export function ja3s(server: ServerHello): string {
  return hash('md5', ja3sText(server));
}
