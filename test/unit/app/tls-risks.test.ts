import { describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import { tls } from '../../../src/app/tls.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';
import {
  alertRecord,
  alpnExtension,
  certificate,
  clientHelloBody,
  extension,
  handshake,
  join,
  LEAF,
  noise,
  record,
  serverHelloBody,
  sniExtension,
  tls12,
} from '../../support/app/tls.ts';

describe('risks of TLS', () => {
  const risksOf = (dialogue: readonly Sent[]) => [...driveStream(tls, dialogue).facts.risks].sort();
  const offered = (extensions: Uint8Array[], version = 0x0303): Sent[] => [
    [CLIENT, record(22, handshake(1, clientHelloBody({ version, extensions })))],
  ];
  const h2 = alpnExtension('h2');
  const name = sniExtension('www.example.org');

  it('of the client', () => {
    expect(risksOf(offered([name, h2]))).toEqual([]);
    expect(risksOf(offered([name]))).toEqual(['tls_not_carrying_https']);
    expect(risksOf(offered([h2]))).toEqual(['tls_alpn_sni_mismatch', 'tls_missing_sni']);
    expect(risksOf(offered([sniExtension('192.0.2.7'), h2]))).toEqual(['numeric_ip_host']);
    expect(risksOf(offered([sniExtension('2001:db8::1'), h2]))).toEqual(['numeric_ip_host']);
    expect(risksOf(offered([name, alpnExtension('h2', 'x-tunnel')]))).toEqual(['tls_uncommon_alpn']);
    expect(risksOf(offered([name, h2, extension(0xffce, noise(300))]))).toEqual(['tls_suspicious_esni_usage']);
    expect(risksOf(offered([], 0x0301))).toEqual(['tls_obsolete_version']);
  });

  it('of the server', () => {
    const answer = (version: number, cipher: number): Sent => [SERVER, record(22, handshake(2, serverHelloBody({ version, cipher })))];
    const hello = offered([name, h2]);
    expect(risksOf([...hello, answer(0x0303, 0xc02f)])).toEqual([]);
    expect(risksOf([...hello, answer(0x0302, 0xc014)])).toEqual(['tls_obsolete_version']);
    for (const cipher of [0x0005, 0x000a, 0x0018, 0x002f, 0x003b, 0xc011]) {
      expect(risksOf([...hello, answer(0x0303, cipher)])).toEqual(['tls_weak_cipher']);
    }
    expect(risksOf([...hello, [SERVER, alertRecord(2, 40)]])).toEqual(['tls_fatal_alert']);
    expect(risksOf([...hello, [SERVER, alertRecord(1, 112)]])).toEqual([]);
  });

  it('of the certificate', () => {
    const self = [['CN', 'www.example.org']] as const;
    const risksOfLeaf = (leaf: Uint8Array, sni?: string) => risksOf(tls12([leaf], sni));
    expect(risksOfLeaf(certificate({ subject: self, issuer: self }))).toEqual(['tls_self_signed_certificate']);
    expect(risksOfLeaf(certificate({ subject: self, notAfter: '231101000000Z' }))).toEqual(['tls_certificate_expired']);
    expect(risksOfLeaf(certificate({ subject: self, notBefore: '231201000000Z' }))).toEqual(['tls_certificate_expired']);
    expect(risksOfLeaf(certificate({ subject: self, notAfter: '231130000000Z' }))).toEqual(['tls_certificate_about_to_expire']);
    expect(risksOfLeaf(certificate({ subject: self, notAfter: '251130000000Z' }))).toEqual(['tls_cert_validity_too_long']);
    expect(risksOfLeaf(LEAF, 'other.example')).toEqual(['tls_certificate_mismatch']);
    expect(risksOfLeaf(LEAF, 'A.CDN.example.org.')).toEqual([]);
    expect(risksOfLeaf(LEAF, 'a.b.cdn.example.org')).toEqual(['tls_certificate_mismatch']);
  });

  it('of a hello whose extensions do not fit', () => {
    const body = clientHelloBody({ extensions: [name, h2] });
    body[body.length - 6] = 0xff;
    const { facts } = driveStream(tls, [[CLIENT, record(22, handshake(1, join(body, [0, 0])))]]);
    expect(facts.tls?.sni).toBe('www.example.org');
    expect(facts.ja3).toBeNull();
    expect(facts.risks.has('malformed_packet')).toBe(true);
  });
});
