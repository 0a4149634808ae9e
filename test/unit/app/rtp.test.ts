import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { rtcp, rtp } from '../../../src/app/rtp.ts';
import { cutDatagrams, noise } from '../../support/app/dialogue.ts';
import { driveDatagrams, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const packet = (sequence: number, ssrc = 0x12345678, type = 8, step = 160) =>
  join([0x80, type], u16(sequence), u32(sequence * step), u32(ssrc), noise(160, sequence));
const report = (ssrc: number) => join([0x80, 200, 0, 6], u32(ssrc), noise(20));
const description = (ssrc: number) => join([0x81, 202, 0, 3], u32(ssrc), [1, 5], text('a@b.c'), [0]);

describe('RTP', () => {
  it('is proved by three datagrams of a source', () => {
    const { verdict, facts } = driveDatagrams(
      rtp,
      [65_535, 65_536, 65_537].map((i): Sent => [0, packet(i & 0xffff, 0x12345678, 8, 0)]),
    );
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('rtp')).toEqual({ payload_types: [8], encodings: ['PCMA'], ssrc: ['12345678'] });
    expect(
      driveDatagrams(rtp, [
        [0, packet(1)],
        [0, packet(2)],
      ]).verdict,
    ).toBe(Verdict.MORE);
    expect(
      driveDatagrams(rtp, [
        [0, packet(1)],
        [1, packet(700, 9)],
        [0, packet(1)],
        [0, packet(2)],
      ]).verdict,
    ).toBe(Verdict.YES);
  });

  it('takes RTCP and one stranger beside it', () => {
    const sent: Sent[] = [
      [0, packet(1)],
      [1, join(report(5), description(5))],
      [0, text('x')],
      [0, packet(2)],
      [0, packet(4)],
    ];
    expect(driveDatagrams(rtp, sent).verdict).toBe(Verdict.YES);
  });

  it('wants numbers that agree', () => {
    const jumps = [1, 900, 17].map((i): Sent => [0, packet(i)]);
    const sources = [1, 2, 3].map((i): Sent => [0, packet(i, i)]);
    const types = [1, 2, 3].map((i): Sent => [0, packet(i, 7, 72)]);
    const zeros = [1, 2, 3].map((i): Sent => [0, join([0x80, 0], u16(i), new Uint8Array(40))]);
    const random = [1, 2, 3, 4, 5, 6].map((i): Sent => [0, join([0x80], noise(100, i))]);
    for (const sent of [jumps, sources, types, zeros, random]) expect(driveDatagrams(rtp, sent).verdict).not.toBe(Verdict.YES);
    expect(driveDatagrams(rtp, [[0, text('GET / HTTP/1.1')]]).verdict).toBe(Verdict.NO);
  });
});

describe('RTCP', () => {
  it('is proved by a report with its description', () => {
    const { verdict, facts } = driveDatagrams(rtcp, [[0, join(report(0xabcd), description(0xabcd))]]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('rtcp')).toEqual({ types: ['sender_report', 'source_description'], ssrc: ['0000abcd'], cname: 'a@b.c' });
    expect(cutDatagrams(rtcp, [[0, join(report(0xabcd), description(0xabcd))]])).toBe(0);
  });

  it('waits for more of what is encrypted', () => {
    const encrypted = (i: number): Sent => [0, join([0x80, 200, 0, 6], u32(77), noise(34, i))];
    expect(driveDatagrams(rtcp, [encrypted(1)]).verdict).toBe(Verdict.MORE);
    expect(driveDatagrams(rtcp, [encrypted(1), encrypted(2), encrypted(3)]).verdict).toBe(Verdict.YES);
  });

  it('leaves a flow of both to RTP', () => {
    expect(driveDatagrams(rtcp, [[0, packet(1)]]).verdict).toBe(Verdict.NO);
  });
});
