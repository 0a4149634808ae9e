import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { gtp } from '../../../src/app/gtp.ts';
import { cutDatagrams, noise } from '../../support/app/dialogue.ts';
import { driveDatagrams, fromHex, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, u16 } from '../../support/app/tls.ts';

const ip = (length: number) => join([0x45, 0], u16(length), noise(length - 4));
const tunnel = (body: Uint8Array, teid = 0xaabbccdd) => join([0x30, 255], u16(body.length), u32(teid), body);

it('knows the user plane by the packet inside', () => {
  const { verdict, facts } = driveDatagrams(gtp, [[0, tunnel(ip(60))]]);
  expect(verdict).toBe(Verdict.YES);
  expect(facts.details.get('gtp')).toEqual({ version: 1, teid: 'aabbccdd', messages: ['g_pdu'] });
  const extended = join([0x34, 255], u16(4 + 4 + 40), u32(1), [0, 0, 0, 0x85], [1, 0, 5, 0], join([0x60], noise(3), [0, 0], noise(34)));
  expect(driveDatagrams(gtp, [[0, extended]]).verdict).toBe(Verdict.YES);
  const odd = (i: number): Sent => [0, tunnel(join([0xff], noise(50, i)))];
  expect(driveDatagrams(gtp, [odd(1), odd(2)]).verdict).toBe(Verdict.MORE);
  expect(driveDatagrams(gtp, [odd(1), odd(2), odd(3)]).verdict).toBe(Verdict.YES);
  expect(cutDatagrams(gtp, [[0, tunnel(ip(60))]])).toBe(0);
});

it('reads control of version 1, 2, 0 and records', () => {
  const create1 = join([0x32, 16], u16(4 + 9 + 2 + 7), u32(0), u16(1), [0, 0], [2], noise(8), [14, 7], [131, 0, 4], noise(4));
  const create2 = join([0x48, 32], u16(8 + 8 + 6), u32(0), [0, 0, 9, 0], [1, 0, 4, 0], noise(4), [71, 0, 2, 0, 1, 97]);
  const create0 = join([0x1e, 16], u16(9), u16(1), u16(0), [255, 255, 255, 255], noise(8), [2], noise(8));
  const records = join([0x4f, 240], u16(5 + 9), u16(3), [252, 0, 2, 1, 1], [252, 0, 6], noise(6));
  for (const [bytes, version] of [
    [create1, 1],
    [create2, 2],
    [create0, 0],
    [records, 2],
  ] as const) {
    const { verdict, facts } = driveDatagrams(gtp, [[0, bytes]]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('gtp')).toMatchObject({ version });
  }
});

it('waits for the answer to an echo', () => {
  const request = fromHex('32010004 00000000 0c000000');
  const answer = fromHex('32020006 00000000 0c000000 0e01');
  expect(driveDatagrams(gtp, [[0, request]]).verdict).toBe(Verdict.MORE);
  expect(
    driveDatagrams(gtp, [
      [0, request],
      [1, answer],
    ]).verdict,
  ).toBe(Verdict.YES);
  expect(
    driveDatagrams(gtp, [
      [0, fromHex('32010004 00000000 0d000000')],
      [1, answer],
    ]).verdict,
  ).toBe(Verdict.MORE);
  expect(driveDatagrams(gtp, [[0, noise(80)]]).verdict).toBe(Verdict.NO);
});
