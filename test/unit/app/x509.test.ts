import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oidText, timeSeconds } from '../../../src/app/asn1.ts';
import { isForHost, parseCertificate } from '../../../src/app/x509.ts';
import { certificate, text } from '../../support/app/tls.ts';

const DER = certificate({
  subject: [
    ['C', 'NL', 19],
    ['O', 'Dam, Weir & Co'],
    ['CN', 'example.org'],
  ],
  issuer: [
    ['O', Uint8Array.from([0x57, 0xe9]), 0x14],
    ['2.5.4.97', Uint8Array.from([0x04, 0x14, 0x04, 0x35]), 0x1e],
  ],
  serial: [0, 0xab, 0xcd],
  notBefore: '991231235959Z',
  notAfter: '20500101000000Z',
  dnsNames: ['example.org', '*.example.org'],
  addresses: [
    [192, 0, 2, 1],
    [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5],
  ],
});

describe('a certificate', () => {
  it('is read', () => {
    expect(parseCertificate(DER)?.facts).toEqual({
      subject: 'C=NL, O=Dam\\, Weir & Co, CN=example.org',
      issuer: 'O=Wé, 2.5.4.97=ДЕ'.replace('ДЕ', '\u0414\u0435'),
      names: ['example.org', '*.example.org', '192.0.2.1', '2001:db8::5'],
      serial: 'abcd',
      not_before: Date.UTC(1999, 11, 31, 23, 59, 59) / 1000,
      not_after: Date.UTC(2050, 0, 1) / 1000,
      sha1: createHash('sha1').update(DER).digest('hex'),
      sha256: createHash('sha256').update(DER).digest('hex'),
      self_signed: false,
    });
  });

  it('keeps 32 names for people, and compares all', () => {
    const dnsNames = Array.from({ length: 200 }, (_, i) => `n${i}.example`);
    const read = parseCertificate(certificate({ dnsNames }));
    expect(read?.facts.names).toHaveLength(32);
    expect(isForHost(read?.names ?? [], 'n199.example')).toBe(true);
  });

  it('makes names safe', () => {
    const read = parseCertificate(certificate({ subject: [['CN', 'a\n<b>\u202e']] }));
    expect(read?.facts.subject).toBe('CN=a?\\<b\\>?');
  });

  it('is nothing when cut, and never throws', () => {
    for (let cut = 0; cut < DER.length; cut++) expect(parseCertificate(DER.subarray(0, cut))).toBeNull();
    fc.assert(
      fc.property(fc.nat(DER.length - 1), fc.nat(255), (at, value) => {
        const changed = Uint8Array.from(DER);
        changed[at] = value;
        parseCertificate(changed);
      }),
      { numRuns: 500 },
    );
  });
});

it.each([
  [0x17, '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59) / 1000],
  [0x17, '500101000000Z', Date.UTC(1950, 0, 1) / 1000],
  [0x18, '20240229120000Z', Date.UTC(2024, 1, 29, 12) / 1000],
  [0x18, '00010101000000Z', -62_135_596_800],
  [0x17, '231301000000Z', null],
  [0x17, '23010100000Z', null],
  [0x17, '2301010000000', null],
  [0x04, '230101000000Z', null],
])('reads time %i %s', (tag, value, seconds) => {
  expect(timeSeconds(tag, text(value))).toBe(seconds);
});

it('spells object identifiers', () => {
  expect(oidText(Uint8Array.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]))).toBe('1.2.840.113549');
  expect(oidText(Uint8Array.from([0x88, 0x37]))).toBe('2.999');
  expect(oidText(new Uint8Array(0))).toBe('');
});

it.each([
  ['example.org', ['EXAMPLE.org'], true],
  ['a.example.org', ['*.example.org'], true],
  ['example.org', ['*.example.org'], false],
  ['a.b.example.org', ['*.example.org'], false],
  ['example.org.', ['example.org'], true],
  ['192.0.2.1', ['192.0.2.1'], true],
  ['localhost', ['*'], false],
])('compares %s with %j', (host, names, same) => {
  expect(isForHost(names, host)).toBe(same);
});
