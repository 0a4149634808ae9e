import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Verdict } from '../../../src/app/dissector.ts';
import { quic } from '../../../src/app/quic.ts';
import { parseClientHello } from '../../../src/app/tls-client-hello.ts';
import { parseServerHello } from '../../../src/app/tls-server-hello.ts';
import { ja3, ja3s } from '../../../src/fingerprint/ja3.ts';
import { ja4Forms } from '../../../src/fingerprint/ja4.ts';
import { cutDatagrams, noise } from '../../support/app/dialogue.ts';
import { driveDatagrams, type Sent } from '../../support/app/drive.ts';
import { CLIENT_ID, cryptoFrame, longPacket, type PacketParts, retryPacket, SERVER_ID, u32, varint } from '../../support/app/quic.ts';
import {
  algorithmsExtension,
  alpnExtension,
  clientHelloBody,
  extension,
  groupsExtension,
  handshake,
  join,
  serverHelloBody,
  sniExtension,
  text,
  u16,
  vector,
  versionsExtension,
} from '../../support/app/tls.ts';

const V2 = 0x6b3343cf;
const parameters = (agent: string) => extension(57, [1], varint(2), u16(0x4064), varint(0x3129), varint(agent.length), text(agent));

function clientHello(extra: readonly Uint8Array[] = []): Uint8Array {
  return clientHelloBody({
    ciphers: [0x1301, 0x1302],
    extensions: [
      sniExtension('quic.example.com'),
      groupsExtension(0x11ec, 29),
      algorithmsExtension(0x0403, 0x0804),
      alpnExtension('h3', 'h3-29'),
      versionsExtension(0x0304),
      parameters('Chrome/86.0 Linux'),
      ...extra,
    ],
  });
}

const serverHello = serverHelloBody({
  cipher: 0x1301,
  extensions: [extension(43, u16(0x0304)), extension(51, u16(29), vector(2, noise(32)))],
});
const hello = handshake(1, clientHello());
const first = (parts: PacketParts = {}, message = hello) => longPacket(cryptoFrame(0, message), { size: 1200, ...parts });
const answer = (parts: PacketParts = {}) =>
  longPacket(join([2, 0, 0, 0, 0], cryptoFrame(0, handshake(2, serverHello))), {
    destination: new Uint8Array(0),
    source: SERVER_ID,
    keyId: CLIENT_ID,
    from: 'server',
    ...parts,
  });

describe('version 1', () => {
  it('gives the names of the ClientHello and both fingerprints', () => {
    const { verdict, facts, confirmed } = driveDatagrams(quic, [
      [0, first()],
      [1, answer()],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(confirmed).toBe(true);
    expect(facts.quic).toEqual({
      version: 'v1',
      sni: 'quic.example.com',
      alpn: ['h3', 'h3-29'],
      user_agent: 'Chrome/86.0 Linux',
      dcid: '8394c8f03e515708',
      scid: '',
    });
    const parsed = parseClientHello(clientHello());
    expect(facts.ja3).toBe(parsed && ja3(parsed));
    expect(facts.ja4).toBe(parsed && ja4Forms(parsed, 'q').ja4);
    expect(facts.ja4).toMatch(/^q13d0206h3_/);
    expect(facts.ja4_r).toMatch(/^q13d0206h3_/);
    const answered = parseServerHello(serverHello);
    expect(facts.ja3s).toBe(answered && ja3s(answered));
    expect(facts.host).toBe('quic.example.com');
    expect(facts.hostSource).toBe('quic_sni');
  });

  it('puts a ClientHello of three packets together, whatever their order', () => {
    const large = handshake(1, clientHello([extension(51, vector(2, u16(0x11ec), vector(2, noise(2400))))]));
    const cut = [0, 1100, 2200, large.length];
    const packets = [0, 1, 2].map((i) =>
      longPacket(cryptoFrame(cut[i], large.subarray(cut[i], cut[i + 1])), { number: i, source: SERVER_ID, size: 1200 }),
    );
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      const { facts } = driveDatagrams(
        quic,
        order.map((i): Sent => [0, packets[i]]),
      );
      expect(facts.quic?.sni).toBe('quic.example.com');
      expect(facts.ja4).toMatch(/^q13d0207h3_/);
    }
    expect(driveDatagrams(quic, [[0, packets[0]]]).facts.quic).toMatchObject({ version: 'v1', sni: null });
  });

  it('reads frames in pieces, repeated and out of order, between PING and PADDING', () => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < hello.length; at += 37) pieces.unshift(cryptoFrame(at, hello.subarray(at, at + 45)), Uint8Array.of(1, 0, 0));
    expect(driveDatagrams(quic, [[0, longPacket(join(...pieces), { size: 1200 })]]).facts.quic?.sni).toBe('quic.example.com');
  });

  it('reads coalesced packets and 0-RTT before the Initial', () => {
    const early = longPacket(noise(200), { type: 1 });
    const half = hello.length >> 1;
    const both = join(
      longPacket(cryptoFrame(half, hello.subarray(half)), { number: 1 }),
      longPacket(cryptoFrame(0, hello.subarray(0, half)), { number: 0, size: 800 }),
    );
    const { verdict, facts } = driveDatagrams(quic, [
      [0, early],
      [0, both],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.quic?.sni).toBe('quic.example.com');
  });

  it('takes new keys after a Retry, and keeps the first id', () => {
    const refused = longPacket(cryptoFrame(0, hello.subarray(0, 40)), { size: 1200 });
    const again = first({ destination: SERVER_ID, token: noise(60), number: 1 });
    const { facts } = driveDatagrams(quic, [
      [0, refused],
      [1, retryPacket(SERVER_ID, noise(60))],
      [0, again],
      [1, answer({ keyId: SERVER_ID, source: noise(8, 5) })],
    ]);
    expect(facts.quic).toMatchObject({ sni: 'quic.example.com', dcid: '8394c8f03e515708' });
    expect(facts.ja3s).not.toBeNull();
  });

  it('is certain of a flow that shows only the server, but not of short headers', () => {
    expect(driveDatagrams(quic, [[0, answer({ destination: noise(8) })]]).verdict).toBe(Verdict.YES);
    const short = (i: number): Sent => [0, join([0x40], noise(80, i))];
    expect(driveDatagrams(quic, [1, 2, 3, 4, 5, 6].map(short)).verdict).not.toBe(Verdict.YES);
  });

  it('lets only the client send a ClientHello', () => {
    expect(driveDatagrams(quic, [[1, first()]]).verdict).toBe(Verdict.NO);
  });
});

describe('other versions', () => {
  it.each([
    [V2, 'v2'],
    [0xff00001d, 'draft-29'],
    [0xff00001b, 'draft-27'],
    [0xff000017, 'draft-23'],
    [0xff000022, 'draft-34'],
    [0xfaceb002, 'faceb002'],
  ])('reads %d', (version, name) => {
    const { verdict, facts } = driveDatagrams(quic, [
      [0, first({ version })],
      [1, answer({ version })],
    ]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.quic).toMatchObject({ version: name, sni: 'quic.example.com' });
    expect(facts.ja3s).not.toBeNull();
  });

  it('follows a compatible change to version 2', () => {
    const { facts } = driveDatagrams(quic, [
      [0, first()],
      [1, answer({ version: V2 })],
    ]);
    expect(facts.quic).toMatchObject({ version: 'v1', sni: 'quic.example.com' });
    expect(facts.ja3s).not.toBeNull();
  });

  it('reads an offer of versions and what the client makes of it', () => {
    const offer = join([0x80], u32(0), [0], [8], CLIENT_ID, u32(0x3a4a5a6a), u32(0xff00001d));
    expect(driveDatagrams(quic, [[1, offer]]).verdict).toBe(Verdict.YES);
    const { facts } = driveDatagrams(quic, [
      [0, first()],
      [1, offer],
      [0, first({ version: 0xff00001d })],
    ]);
    expect(facts.quic).toMatchObject({ sni: 'quic.example.com' });
    const unknown = join([0x80], u32(0), [0], [8], CLIENT_ID, u32(0x12345678));
    expect(driveDatagrams(quic, [[1, unknown]]).verdict).not.toBe(Verdict.YES);
    const reserved = join([0xc1], u32(0x1a2a3a4a), first().subarray(5));
    expect(
      driveDatagrams(quic, [
        [0, reserved],
        [1, unknown],
      ]).verdict,
    ).toBe(Verdict.YES);
  });

  it('finds the user agent in the parameters of old drafts', () => {
    const list = vector(2, u16(0x3129), vector(2, text('Chrome/70')));
    const old = clientHelloBody({ extensions: [sniExtension('old.example'), extension(0xffa5, list)] });
    const { facts } = driveDatagrams(quic, [[0, first({ version: 0xff000019 }, handshake(1, old))]]);
    expect(facts.quic).toMatchObject({ version: 'draft-25', sni: 'old.example', user_agent: 'Chrome/70' });
  });
});

describe("Google's versions", () => {
  function chlo(): Uint8Array {
    const values: [string, string][] = [
      ['PAD\0', '-'.repeat(1000)],
      ['SNI\0', 'www.example.net'],
      ['UAID', 'Chrome/80 Windows'],
    ];
    let end = 0;
    const table = values.map(([tag, value]) => {
      end += value.length;
      return join(text(tag), [end & 255, end >> 8, 0, 0]);
    });
    return join(text('CHLO'), [values.length, 0, 0, 0], ...table, text(values.map(([, value]) => value).join('')));
  }
  const frame = join([0xa0, 0x01], [chlo().length >> 8, chlo().length & 255], chlo());

  it('reads Q043 and Q046', () => {
    const q043 = join([0x0d], CLIENT_ID, text('Q043'), [1], noise(12), frame);
    const q046 = join([0xc3], text('Q046'), [0x50], CLIENT_ID, [0, 0, 0, 1], noise(12), frame);
    for (const [packet, version] of [
      [q043, 'Q043'],
      [q046, 'Q046'],
    ] as const) {
      const { verdict, facts } = driveDatagrams(quic, [[0, packet]]);
      expect(verdict).toBe(Verdict.YES);
      expect(facts.quic).toMatchObject({ version, sni: 'www.example.net', user_agent: 'Chrome/80 Windows', dcid: '8394c8f03e515708' });
      expect(facts.host).toBe('www.example.net');
    }
    const bare = join([0x0d], CLIENT_ID, text('Q043'), [1], noise(40));
    expect(driveDatagrams(quic, [[0, bare]]).verdict).toBe(Verdict.MORE);
  });

  it('opens Q050 and T051', () => {
    const q050 = longPacket(cryptoFrame(0, chlo(), 0x08), { version: 0x51303530, size: 1350 });
    expect(driveDatagrams(quic, [[0, q050]]).facts.quic).toMatchObject({ version: 'Q050', sni: 'www.example.net' });
    const t051 = longPacket(join([0x40, 1, 0, 0, 1, 0], cryptoFrame(0, hello, 0x08)), { version: 0x54303531, size: 1350 });
    expect(driveDatagrams(quic, [[0, t051]]).facts.quic).toMatchObject({ version: 'T051', sni: 'quic.example.com' });
  });
});

describe('hostile bytes', () => {
  it('survives every cut', () => {
    const dialogue: Sent[] = [
      [0, longPacket(cryptoFrame(0, hello), { size: 400 })],
      [1, answer()],
    ];
    expect(cutDatagrams(quic, dialogue)).toBe(0);
  });

  it('is not DNS, not TLS records, not noise', () => {
    for (const decoy of [
      text('\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x03www\0\0\x01\0\x01'),
      join([0xc3, 0, 0, 0, 1], noise(600)),
      noise(1200, 9),
    ]) {
      expect(driveDatagrams(quic, [[0, decoy]]).verdict).not.toBe(Verdict.YES);
    }
  });

  it('never throws on mutations of its own packets, nor on frames that lie', () => {
    const packet = first();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }), fc.uint8Array({ maxLength: 200 }), (changes, frames) => {
        const bytes = packet.slice();
        for (const [at, value] of changes) bytes[at] = value;
        driveDatagrams(quic, [
          [0, bytes],
          [0, longPacket(frames)],
          [1, longPacket(frames, { from: 'server' })],
        ]);
      }),
      { numRuns: 200 },
    );
  });
});
