import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { stunTcp, stunUdp } from '../../../src/app/stun.ts';
import { cutDatagrams, cutStream, driveWithLabel, noise, readStream } from '../../support/app/dialogue.ts';
import { driveDatagrams, driveStream, fromHex } from '../../support/app/drive.ts';
import { clientHelloBody, join, sniExtension, text, u16, u24 } from '../../support/app/tls.ts';

const COOKIE = fromHex('2112a442');
const ID = noise(12);

function attribute(type: number, value: Uint8Array, padded = true): Uint8Array {
  return join(u16(type), u16(value.length), value, new Uint8Array(padded ? (4 - (value.length % 4)) % 4 : 0));
}

function message(type: number, attributes: readonly Uint8Array[], id = join(COOKIE, ID)): Uint8Array {
  const body = join(...attributes);
  return join(u16(type), u16(body.length), id, body);
}

const request = message(0x0001, [attribute(0x0006, text('abcd:efgh')), attribute(0x8022, text('tester 1'))]);
/** RFC 5769 section 2.2: 192.0.2.1, port 32853. */
const answer = message(0x0101, [attribute(0x0020, fromHex('0001a147e112a643'))]);

describe('over UDP', () => {
  it('reads a binding', () => {
    const { verdict, facts } = driveDatagrams(stunUdp, [
      [0, request],
      [1, answer],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('stun')).toEqual({
      methods: ['binding'],
      turn: false,
      classic: false,
      username: 'abcd:efgh',
      software: 'tester 1',
      mapped_address: '192.0.2.1:32853',
    });
  });

  it('knows either side alone, an allocation, an error and IPv6', () => {
    expect(driveDatagrams(stunUdp, [[1, answer]]).verdict).toBe(Verdict.YES);
    const refused = message(0x0113, [attribute(0x0009, join([0, 0, 4, 1], text('Unauthorized'))), attribute(0x0014, text('example.org'))]);
    const address = fromHex('20010db8000000000000000000000001');
    const hidden = join(COOKIE, ID).map((byte, i) => byte ^ address[i]);
    const allocated = message(0x0103, [attribute(0x0016, join([0, 2], u16(0x1234 ^ 0x2112), hidden))]);
    const { facts } = driveDatagrams(stunUdp, [
      [0, message(0x0003, [attribute(0x0019, fromHex('11000000'))])],
      [1, refused],
      [1, allocated],
    ]);
    expect(facts.details.get('stun')).toMatchObject({
      methods: ['allocate'],
      turn: true,
      error_code: 401,
      realm: 'example.org',
      relayed_address: '[2001:db8:0:0:0:0:0:1]:4660',
    });
  });

  it('takes messages without padding', () => {
    const unpadded = message(0x0003, [attribute(0x0015, text('"realmnonce'), false), attribute(0x0006, text('user'), false)]);
    expect(driveDatagrams(stunUdp, [[0, unpadded]]).verdict).toBe(Verdict.YES);
  });

  it('asks for corroboration of classic STUN', () => {
    const id = noise(16, 7);
    const bare = message(0x0001, [], id);
    expect(driveDatagrams(stunUdp, [[0, bare]]).verdict).toBe(Verdict.MORE);
    expect(driveDatagrams(stunUdp, [[0, message(0x0001, [attribute(3, fromHex('00000006'))], id)]]).verdict).toBe(Verdict.YES);
    const mapped = message(0x0101, [attribute(0x0001, fromHex('00017530c0000201'))], id);
    const { verdict, facts } = driveDatagrams(stunUdp, [
      [0, bare],
      [1, mapped],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('stun')).toMatchObject({ classic: true, mapped_address: '192.0.2.1:30000' });
    const foreign = message(0x0002, [attribute(0x0103, fromHex('00017530c0000201'))], id);
    expect(
      driveDatagrams(stunUdp, [
        [0, message(0x0001, [attribute(0x0101, noise(20))], id)],
        [1, foreign],
      ]).verdict,
    ).toBe(Verdict.YES);
    expect(
      driveDatagrams(stunUdp, [
        [0, bare],
        [1, bare],
      ]).verdict,
    ).not.toBe(Verdict.YES);
  });

  it('knows relayed data by its channel', () => {
    const relayed = (i: number) => join(u16(0x4001), u16(40), noise(40, i));
    expect(
      driveDatagrams(stunUdp, [
        [0, relayed(1)],
        [1, relayed(2)],
        [0, relayed(3)],
      ]).verdict,
    ).toBe(Verdict.MORE);
    expect(
      driveDatagrams(stunUdp, [
        [0, relayed(1)],
        [1, relayed(2)],
        [0, relayed(3)],
        [0, relayed(4)],
      ]).verdict,
    ).toBe(Verdict.YES);
  });

  it('names no part of a message', () => {
    expect(
      cutDatagrams(stunUdp, [
        [0, request],
        [1, answer],
      ]),
    ).toBe(0);
  });
});

describe('over TCP', () => {
  it('reads messages one behind the other', () => {
    const { verdict, facts } = readStream(stunTcp, [
      [0, join(message(0x0003, []), request)],
      [1, answer],
      [0, join(u16(0x4000), u16(8), noise(8))],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('stun')).toMatchObject({ methods: ['allocate', 'binding'], turn: true, mapped_address: '192.0.2.1:32853' });
    expect(cutStream(stunTcp, [[0, request]])).toBe(20);
  });

  it('reads the framing of ICE', () => {
    const framed = (bytes: Uint8Array) => join(u16(bytes.length), bytes);
    const { verdict, facts } = readStream(stunTcp, [
      [0, framed(request)],
      [1, framed(answer)],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.details.get('stun')).toMatchObject({ username: 'abcd:efgh' });
  });

  it('is nothing else', () => {
    for (const decoy of [text('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), join([0, 1, 0, 8], noise(40)), new Uint8Array(64)]) {
      expect(driveStream(stunTcp, [[0, decoy]]).verdict).toBe(Verdict.NO);
    }
  });
});

describe('the DTLS of a media session', () => {
  const hello = clientHelloBody({ version: 0xfefd, extensions: [sniExtension('media.example')] });
  const record = join(
    [22, 0xfe, 0xff],
    new Uint8Array(8),
    u16(12 + hello.length),
    [1],
    u24(hello.length),
    [0, 0],
    u24(0),
    u24(hello.length),
    hello,
  );

  it('names the flow, whichever side began it', () => {
    for (const side of [0, 1] as const) {
      const { verdict, facts, label } = driveWithLabel(stunUdp, [
        [0, request],
        [1, answer],
        [side, record],
      ]);
      expect(verdict).toBe(Verdict.YES);
      expect(label).toBe('dtls');
      expect(facts.tls?.sni).toBe('media.example');
      expect(facts.ja4).toMatch(/^dd2/);
    }
    expect(
      driveWithLabel(stunUdp, [
        [0, request],
        [0, join([22], noise(50))],
      ]).label,
    ).toBe('stun');
  });
});
