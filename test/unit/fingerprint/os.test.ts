import { expect, test } from 'vitest';
import { osOfSyn, osOfSynAck } from '../../../src/fingerprint/os.ts';
import { SYN_ACK_SIGNATURES, SYN_SIGNATURES } from '../../../src/fingerprint/os-signatures.ts';
import { readSynFeatures, type SynFeatures, synSignature } from '../../../src/fingerprint/syn-features.ts';
import { DARWIN, FREEBSD, LINUX, MSS, NETBSD, NOP, OPENBSD, type Opening, SACK_OK, scale, syn, WINDOWS } from '../../support/openings.ts';

const features = (opening: Opening, peerMss = 0) => readSynFeatures(syn(opening), peerMss) as SynFeatures;

test.each<[string, Opening]>([
  ['Linux 4.20 or newer', { ttl: 64, window: 64_240, options: [...LINUX, ...scale(7)] }],
  ['Linux 3.11 to 4.19', { ttl: 52, window: 29_200, options: [...LINUX, ...scale(7)] }],
  ['Linux 2.6.39 to 3.10', { ttl: 60, window: 14_600, options: [...LINUX, ...scale(6)] }],
  ['Linux 2.6', { ttl: 64, window: 5840, options: [...LINUX, ...scale(7)] }],
  ['Linux (Android)', { ttl: 64, window: 65_535, options: [...LINUX, ...scale(9)] }],
  ['Windows 10 or 11', { ttl: 128, window: 64_240, options: WINDOWS(8) }],
  ['Windows 10 or 11', { ttl: 119, window: 65_535, options: WINDOWS(8) }],
  ['Windows 7, 8 or Server 2008 R2 to 2012', { ttl: 128, window: 8192, options: WINDOWS(8) }],
  ['Windows XP', { ttl: 128, window: 65_535, options: [...MSS, ...NOP, ...NOP, ...SACK_OK] }],
  ['macOS 10.13 or newer, or iOS 11 or newer', { ttl: 64, window: 65_535, options: DARWIN(6), id: 0 }],
  ['macOS or iOS 9 to 12', { ttl: 64, window: 65_535, options: DARWIN(5), id: 0 }],
  ['FreeBSD 9 or newer', { ttl: 64, window: 65_535, options: FREEBSD }],
  ['OpenBSD', { ttl: 64, window: 16_384, options: OPENBSD }],
  ['NetBSD', { ttl: 64, window: 32_768, options: NETBSD }],
  ['Cisco IOS', { ttl: 255, window: 4128, options: MSS, df: false }],
  ['nmap SYN scan', { ttl: 44, window: 1024, options: MSS, df: false }],
  ['masscan', { ttl: 240, window: 1024, options: [], df: false }],
  ['ZMap', { ttl: 250, window: 65_535, options: [], df: false, id: 54_321 }],
])('a SYN of %s is classified', (label, opening) => {
  const guess = osOfSyn(features(opening));
  expect(guess?.label).toBe(label);
  expect(guess?.confidence).toBeGreaterThanOrEqual(0.7);
});

test('the observed signature is written as p0f writes it', () => {
  expect(synSignature(features({ ttl: 64, window: 64_240, options: [...LINUX, ...scale(7)] }))).toBe(
    '4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0',
  );
  expect(synSignature(features({ ttl: 49, window: 65_535, options: DARWIN(5), id: 0 }))).toBe(
    '4:49+15:0:1460:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0',
  );
  expect(synSignature(features({ ttl: 64, window: 8192, options: [], df: false, id: 0, seq: 0, payload: 3 }))).toBe(
    '4:64+0:0:0:8192,0::id-,seq-:+',
  );
  expect(synSignature(features({ ttl: 190, window: 1024, options: MSS, df: false }))).toBe('4:190+?:0:1460:1024,0:mss::0');
  expect(synSignature(features({ ttl: 64, window: 65_160, options: [...LINUX, ...scale(7)], flags: 18, id: 0 }, 1460))).toBe(
    '4:64+0:0:1460:mss*45,7:mss,sok,ts,nop,ws:df:0',
  );
});

test.each<[string, Opening]>([
  ['Linux 4.20 or newer', { ttl: 64, window: 65_160, options: [...LINUX, ...scale(7)], id: 0 }],
  ['Linux 3.11 to 4.19', { ttl: 64, window: 28_960, options: [...LINUX, ...scale(7)], id: 0 }],
  ['Windows 10, 11 or Server 2016 and newer', { ttl: 128, window: 65_535, options: WINDOWS(8) }],
  ['macOS or iOS', { ttl: 64, window: 65_535, options: DARWIN(6), id: 0 }],
  ['FreeBSD', { ttl: 64, window: 65_535, options: FREEBSD, id: 0 }],
])('a SYN+ACK of %s is classified', (label, opening) => {
  expect(osOfSynAck(features({ ...opening, flags: 18 }, 1460))?.label).toBe(label);
});

test('IPv6 has no DF and no identification to ask for', () => {
  expect(osOfSyn(features({ ttl: 64, window: 64_240, options: [...LINUX, ...scale(7)], v6: true }))?.label).toBe('Linux 4.20 or newer');
});

test('a TTL of another start and strange flags make the guess less sure', () => {
  const opening = { ttl: 128, window: 64_240, options: [...LINUX, ...scale(7)] };
  expect(osOfSyn(features(opening))?.confidence).toBeLessThan(0.5);
  expect(osOfSyn(features({ ...opening, ttl: 64, seq: 0 }))?.confidence).toBeLessThan(0.6);
});

test('options that no system sends in this order are not named', () => {
  expect(osOfSyn(features({ ttl: 64, window: 64_240, options: [...SACK_OK, ...MSS, ...NOP, ...NOP] }))).toBeNull();
  expect(osOfSyn(features({ ttl: 64, window: 64_240, options: [] }))).toBeNull();
});

test('only whole SYN and SYN+ACK segments are read', () => {
  const packet = syn({ ttl: 64, window: 64_240, options: [...LINUX, ...scale(7)] });
  for (let length = 0; length < packet.length; length++) expect(readSynFeatures(packet.subarray(0, length))).toBeNull();
  expect(readSynFeatures(syn({ ttl: 64, window: 1, options: [], flags: 16 }))).toBeNull();
  expect(readSynFeatures(syn({ ttl: 64, window: 1, options: [], flags: 6 }))).toBeNull();
  expect(readSynFeatures(syn({ ttl: 64, window: 1, options: [5, 1, 1, 1] }))?.badOptions).toBe(true);
});

test('every line of the tables can be read and the labels are plain', () => {
  for (const [label, confidence, pattern] of [...SYN_SIGNATURES, ...SYN_ACK_SIGNATURES]) {
    expect(pattern).toMatch(/^[46*]:[\d-]+:[\d*-]+:(\d[\d-]*|m(ss|tu)\*\d+|max|half|\*),(\d[\d-]*|[-*]):[a-z0-9?+,]*:([+-](df|id[+-]))*$/);
    expect(confidence).toBeGreaterThan(0.2);
    expect(confidence).toBeLessThan(1);
    expect(label).not.toBe('');
  }
});
