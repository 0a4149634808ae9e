import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { dnscryptTcp, dnscryptUdp } from '../../../src/app/dnscrypt.ts';
import { noise, readStream } from '../../support/app/dialogue.ts';
import { driveDatagrams, driveStream } from '../../support/app/drive.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const query = noise(512);
const answer = (nonce = query.subarray(40, 52)) => join(text('r6fnvWj8'), nonce, noise(200, 4));

it('knows the answer by its magic number and nonce', () => {
  expect(driveDatagrams(dnscryptUdp, [[0, query]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(dnscryptUdp, [
      [0, query],
      [1, answer()],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(driveDatagrams(dnscryptUdp, [[1, answer()]]).verdict).toBe(Verdict.YES);
  expect(
    driveDatagrams(dnscryptUdp, [
      [0, query],
      [1, answer(noise(12, 8))],
    ]).verdict,
  ).not.toBe(Verdict.YES);
  expect(
    driveDatagrams(dnscryptUdp, [
      [0, query],
      [1, noise(300)],
    ]).verdict,
  ).toBe(Verdict.NO);
});

it('knows it over TCP', () => {
  expect(
    readStream(dnscryptTcp, [
      [0, join(u16(512), query)],
      [1, join(u16(220), answer())],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(driveStream(dnscryptTcp, [[1, 'SSH-2.0-OpenSSH_9\r\n']]).verdict).toBe(Verdict.NO);
});
