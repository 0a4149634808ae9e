/** QUIC flows as browsers, curl and servers begin them: packets as frames that are not protected yet, so that they can be changed. */
import type { Side } from '../../../src/app/dissector.ts';
import type { ReadEvent } from './native-readers.ts';
import { cryptoFrame, longPacket, type PacketParts, varint } from './quic.ts';
import {
  algorithmsExtension,
  alpnExtension,
  clientHelloBody,
  extension,
  groupsExtension,
  handshake,
  join,
  noise,
  serverHelloBody,
  sniExtension,
  text,
  u16,
  vector,
  versionsExtension,
} from './tls.ts';

export interface PlannedPacket {
  frames: Uint8Array;
  parts: PacketParts;
}

export interface PlannedDatagram {
  side: Side;
  packets: PlannedPacket[];
  /** What follows the long packets: a short header, padding. */
  tail: Uint8Array;
}

export type Plan = PlannedDatagram[];

/** A random number in [0, below). */
export type Pick = (below: number) => number;

/** Xorshift (Marsaglia 2003). */
export function seeded(seed: number): Pick {
  let state = (seed * 0x9e37_79b1) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export function datagram(side: Side, packets: PlannedPacket[], tail: Uint8Array = new Uint8Array(0)): PlannedDatagram {
  return { side, packets, tail };
}

export function eventsOf(plan: Plan): ReadEvent[] {
  return plan.map(({ side, packets, tail }) => ({
    side,
    bytes: join(...packets.map(({ frames, parts }) => longPacket(frames, parts)), tail),
  }));
}

export const V2 = 0x6b3343cf;
export const PING = Uint8Array.of(1);
export const ACK = Uint8Array.of(2, 0, 20, 0, 0);
export const ACK_ECN = Uint8Array.of(3, 5, 20, 1, 2, 0, 1, 4, 2, 0);

export interface Ends {
  /** The id that the client chose for the server. */
  first: Uint8Array;
  client: Uint8Array;
  server: Uint8Array;
  version: number;
}

export const ends = (seed: number, first: number, client: number, server: number, version = 1): Ends => ({
  first: noise(first, seed),
  client: noise(client, seed + 1),
  server: noise(server, seed + 2),
  version,
});

/** A client's packets of a hello before the server is known. */
export function clientPacket({ first, client, version }: Ends, frames: Uint8Array, parts: PacketParts = {}): PlannedPacket {
  return { frames, parts: { destination: first, source: client, version, ...parts } };
}

/** A client's packets that go to the id that the server chose. */
export function laterPacket({ first, client, server, version }: Ends, frames: Uint8Array, parts: PacketParts = {}): PlannedPacket {
  return { frames, parts: { destination: server, source: client, version, keyId: first, ...parts } };
}

export function serverPacket({ first, client, server, version }: Ends, frames: Uint8Array, parts: PacketParts = {}): PlannedPacket {
  return { frames, parts: { destination: client, source: server, version, keyId: first, from: 'server', ...parts } };
}

export const shortPacket = (ends: Ends, length: number) => join([0x40 | (length & 0x3f)], ends.server, noise(length, length));

const parameter = (id: number, ...content: readonly (Uint8Array | readonly number[])[]) => {
  const value = join(...content);
  return join(varint(id), varint(value.length), value);
};

/** Transport parameters in the order and with the GREASE that browsers send. */
export function transportParameters({ client }: Ends, agent: string | null = null): Uint8Array {
  return extension(
    57,
    parameter(0x01, varint(30_000)),
    parameter(0x03, varint(1472)),
    parameter(0x04, varint(15_728_640)),
    join([0xe0 | 0x00, 0, 0, 0, 0x1b, 0x2c, 0x3d, 0x4e], [4], noise(4)),
    parameter(0x0f, client),
    ...(agent === null ? [] : [parameter(0x3129, text(agent))]),
    parameter(0x11, [0, 0, 0, 1], [0x5a, 0x6a, 0x7a, 0x8a], [0, 0, 0, 1]),
    parameter(0x20, varint(65_536)),
  );
}

const keyShare = (...shares: readonly [number, number][]) =>
  extension(51, vector(2, ...shares.map(([group, length]) => join(u16(group), vector(2, noise(length, group & 255))))));

/** What a hello of Chrome holds, with a post-quantum key share or without. */
export function browserHello(ends: Ends, name: string, large: boolean, more: readonly Uint8Array[] = []): Uint8Array {
  const body = clientHelloBody({
    ciphers: [0x1301, 0x1302, 0x1303],
    extensions: [
      extension(0x2a2a),
      sniExtension(name),
      extension(0xfe0d, [0, 0, 1, 0, 1, 9], vector(2, noise(32)), vector(2, noise(144))),
      alpnExtension('h3'),
      keyShare([0x3a3a, 1], ...(large ? [[0x11ec, 1216] as [number, number]] : []), [29, 32]),
      groupsExtension(0x3a3a, ...(large ? [0x11ec] : []), 29, 23, 24),
      algorithmsExtension(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201),
      versionsExtension(0x0304),
      extension(45, vector(1, [1])),
      extension(27, vector(1, u16(2))),
      extension(0x44cd, vector(2, vector(1, text('h3')))),
      transportParameters(ends),
      ...more,
    ],
  });
  return handshake(1, body);
}

export function serverMessage(more: readonly Uint8Array[] = [], share = 32): Uint8Array {
  return handshake(2, serverHelloBody({ cipher: 0x1301, extensions: [keyShareOf(share), extension(43, u16(0x0304)), ...more] }));
}
const keyShareOf = (length: number) => extension(51, u16(length > 32 ? 0x11ec : 29), vector(2, noise(length)));

/** A message in frames of these lengths, the rest in one. */
export function framesOf(message: Uint8Array, ...lengths: readonly number[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let at = 0;
  for (const length of [...lengths, message.length]) {
    if (at >= message.length) break;
    out.push(cryptoFrame(at, message.subarray(at, at + length)));
    at += length;
  }
  return out;
}

/** The same in another order with PING and PADDING between them, as Chrome sends it. */
export function chaos(frames: readonly Uint8Array[], pick: Pick): Uint8Array {
  const order = [...frames];
  for (let i = order.length - 1; i > 0; i--) {
    const other = pick(i + 1);
    [order[i], order[other]] = [order[other], order[i]];
  }
  return join(...order.flatMap((frame) => [frame, pick(2) === 0 ? PING : new Uint8Array(pick(40))]));
}

/** The server's first datagram: ServerHello, and the beginning of what only the two sides can read. */
export function answerOf(ends: Ends, message = serverMessage()): PlannedDatagram {
  return datagram(1, [serverPacket(ends, join(ACK, cryptoFrame(0, message))), serverPacket(ends, noise(900), { type: 2 })]);
}
