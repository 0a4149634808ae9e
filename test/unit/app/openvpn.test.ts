import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { openvpnTcp, openvpnUdp } from '../../../src/app/openvpn.ts';
import { cutDatagrams, cutStream, noise, oneSide, readStream } from '../../support/app/dialogue.ts';
import { driveDatagrams, driveStream, type Sent } from '../../support/app/drive.ts';
import { u32 } from '../../support/app/quic.ts';
import { join, text, u16 } from '../../support/app/tls.ts';

const C = noise(8, 3);
const S = noise(8, 4);
const TIME = 0x669fcf00;
const plain = {
  reset: join([0x38], C, [0], u32(0)),
  answer: join([0x40], S, [1], u32(0), C, u32(0)),
  ack: join([0x28], C, [1], u32(0), S),
  control: join([0x20], C, [0], u32(1), noise(100)),
};
const auth = {
  reset: join([0x38], C, noise(20), u32(1), u32(TIME), [0], u32(0)),
  answer: join([0x40], S, noise(20), u32(1), u32(TIME + 2), [1], u32(0), C, u32(0)),
};
const crypt = {
  reset: join([0x38], C, u32(1), u32(TIME), noise(32), noise(5)),
  answer: join([0x40], S, u32(1), u32(TIME + 1), noise(32), noise(17)),
  control: join([0x20], C, u32(2), u32(TIME), noise(32), noise(200)),
};

describe('over UDP', () => {
  it('reads a handshake without protection', () => {
    const sent: Sent[] = [
      [0, plain.reset],
      [1, plain.answer],
    ];
    const { verdict, facts } = driveDatagrams(openvpnUdp, sent);
    expect(verdict).toBe(Verdict.YES);
    const session = (id: Uint8Array) => Buffer.from(id).toString('hex');
    expect(facts.details.get('openvpn')).toEqual({
      client_session: session(C),
      server_session: session(S),
      wrapping: 'none',
      reset_version: 2,
    });
    expect(cutDatagrams(openvpnUdp, sent)).toBe(0);
  });

  it('corroborates by the session of either side', () => {
    expect(driveDatagrams(openvpnUdp, [[0, plain.reset]]).verdict).toBe(Verdict.MORE);
    expect(
      driveDatagrams(openvpnUdp, [
        [0, plain.reset],
        [0, plain.reset],
      ]).verdict,
    ).toBe(Verdict.MORE);
    expect(
      driveDatagrams(openvpnUdp, [
        [0, plain.reset],
        [0, plain.ack],
      ]).verdict,
    ).toBe(Verdict.YES);
    expect(
      driveDatagrams(openvpnUdp, [
        [0, plain.reset],
        [0, plain.control],
      ]).verdict,
    ).toBe(Verdict.YES);
    const foreign = join([0x40], S, [1], u32(0), noise(8, 9), u32(0));
    expect(
      driveDatagrams(openvpnUdp, [
        [0, plain.reset],
        [1, foreign],
      ]).verdict,
    ).not.toBe(Verdict.YES);
    expect(driveDatagrams(openvpnUdp, [[1, plain.reset]]).verdict).toBe(Verdict.NO);
  });

  it('reads tls-auth and tls-crypt', () => {
    const authenticated = driveDatagrams(openvpnUdp, [
      [0, auth.reset],
      [1, auth.answer],
    ]);
    expect(authenticated.verdict).toBe(Verdict.YES);
    expect(authenticated.facts.details.get('openvpn')).toMatchObject({ wrapping: 'tls-auth' });
    const sent: Sent[] = [
      [0, crypt.reset],
      [1, crypt.answer],
      [0, crypt.control],
    ];
    expect(driveDatagrams(openvpnUdp, sent.slice(0, 2)).verdict).toBe(Verdict.YES);
    expect(driveDatagrams(openvpnUdp, sent).facts.details.get('openvpn')).toMatchObject({ wrapping: 'tls-crypt' });
    expect(oneSide(openvpnUdp, sent, 0)).toBe(Verdict.YES);
    expect(driveDatagrams(openvpnUdp, [[0, crypt.reset]]).verdict).toBe(Verdict.MORE);
  });

  it('knows a run of data packets', () => {
    const data = (i: number): Sent => [0, join([0x48, 0, 0, 1], u32(i), noise(72, i))];
    expect(driveDatagrams(openvpnUdp, [1, 2, 3, 4].map(data)).verdict).toBe(Verdict.MORE);
    expect(driveDatagrams(openvpnUdp, [1, 2, 3, 4, 5].map(data)).verdict).toBe(Verdict.YES);
    const clear = (i: number): Sent => [0, join([0x48, 0, 0, 1], u32(i), text('nothing but words in here, and then some more words'))];
    expect(driveDatagrams(openvpnUdp, [1, 2, 3, 4, 5].map(clear)).verdict).not.toBe(Verdict.YES);
  });
});

describe('over TCP', () => {
  const framed = (bytes: Uint8Array) => join(u16(bytes.length), bytes);

  it('reads every wrapping', () => {
    for (const [wrapping, { reset, answer }] of [
      ['none', plain],
      ['tls-auth', auth],
      ['tls-crypt', crypt],
    ] as const) {
      const { verdict, facts } = readStream(openvpnTcp, [
        [0, framed(reset)],
        [1, framed(answer)],
        [0, framed(plain.ack)],
      ]);
      expect(verdict).toBe(Verdict.YES);
      expect(facts.details.get('openvpn')).toMatchObject({ wrapping });
    }
    expect(
      cutStream(openvpnTcp, [
        [0, framed(plain.reset)],
        [1, framed(plain.answer)],
      ]),
    ).toBe(16 + 28);
  });

  it('is no HTTP, no TLS and no noise', () => {
    for (const decoy of [text('GET / HTTP/1.1\r\n'), join([22, 3, 1, 2, 0], noise(60)), join([0, 14], noise(60))]) {
      expect(driveStream(openvpnTcp, [[0, decoy]]).verdict).not.toBe(Verdict.YES);
    }
  });
});
