import { expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { rtmp } from '../../../src/app/rtmp.ts';
import { cutStream, noise } from '../../support/app/dialogue.ts';
import { driveStream, fromHex, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, text, u16, u24 } from '../../support/app/tls.ts';

const amf = (value: string) => join([2], u16(value.length), text(value));
const property = (name: string, value: string) => join(u16(name.length), text(name), amf(value));
const connect = join(
  amf('connect'),
  [0],
  fromHex('3ff0000000000000'),
  [3],
  property('app', 'live'),
  join(u16(5), text('audio'), [0], new Uint8Array(8)),
  property('flashVer', 'WIN 32,0'),
  property('tcUrl', `rtmp://media.example/${'x'.repeat(150)}`),
  [0, 0, 9],
);

function chunks(body: Uint8Array): Uint8Array {
  const parts = [join([3, 0, 0, 0], u24(body.length), [20, 0, 0, 0, 0], body.subarray(0, 128))];
  for (let at = 128; at < body.length; at += 128) parts.push(join([0xc3], body.subarray(at, at + 128)));
  return join(...parts);
}

const c1 = join(u32(1000), new Uint8Array(4), noise(1528));
const s1 = join(u32(77), new Uint8Array(4), noise(1528, 3));
const dialogue: Sent[] = [
  [0, join([3], c1)],
  [1, join([3], s1, c1)],
  [0, join(s1, chunks(connect))],
];

it('reads handshake and connect', () => {
  for (const size of [0, 1, 500]) {
    const { verdict, facts, confirmed } = driveStream(rtmp, dialogue, size);
    expect(verdict).toBe(Verdict.YES);
    expect(confirmed).toBe(true);
    expect(facts.details.get('rtmp')).toEqual({
      app: 'live',
      url: `rtmp://media.example/${'x'.repeat(150)}`,
      flash_version: 'WIN 32,0',
    });
  }
});

it('waits for the other side', () => {
  expect(driveStream(rtmp, dialogue.slice(0, 1)).verdict).toBe(Verdict.MORE);
  expect(
    cutStream(rtmp, [
      [0, dialogue[0][1]],
      [1, Uint8Array.from(join([3], s1).subarray(0, 40))],
    ]),
  ).toBe(1537 + 9);
});

it('is no remote desktop and no noise', () => {
  const desktop = fromHex('03000013 0ee000000000000100080003000000');
  expect(
    driveStream(rtmp, [
      [0, desktop],
      [1, desktop],
    ]).verdict,
  ).toBe(Verdict.NO);
  expect(
    driveStream(rtmp, [
      [0, join([3], noise(1600))],
      [1, join([3], noise(1600))],
    ]).verdict,
  ).toBe(Verdict.NO);
});
