/**
 * Gnutella: the handshake over TCP ("Gnutella 0.6", section 2), messages over UDP (the same, with GGEP), the DHT beside
 * them, and the datagrams of Gnutella2 ("Reliability layer": `GND`).
 */

import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { LineReader } from './lines.ts';
import { anyOf, prefixVerdict } from './prefix.ts';
import { startsWith, startsWithAnyCase, textOf } from './text.ts';

const CONNECT = 'GNUTELLA CONNECT/0.';
const ANSWER = 'GNUTELLA/0.';
const HEADER_LIMIT = 40;

class TcpSession implements StreamSession {
  readonly #facts: AppFacts;
  readonly #lines = [new LineReader(), new LineReader()];
  readonly #ended = [false, false];
  #left = HEADER_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('gnutella');
    this.#facts.risks.add('unsafe_protocol');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      const reader = this.#lines[side];
      while (!this.#ended[side] && reader.next(heads[side]) && --this.#left > 0) {
        this.#readLine(side, heads[side].bytes.subarray(reader.start, reader.end));
      }
      if (reader.ended(heads[side])) this.#ended[side] = true;
    }
    return this.#left <= 0 || this.#ended.every(Boolean) ? Progress.DONE : Progress.MORE;
  }

  #readLine(side: 0 | 1, line: Uint8Array): void {
    const section = this.#facts.detail('gnutella');
    if (line.length === 0) this.#ended[side] = true;
    else if (startsWith(line, line.length, ANSWER)) section.status ??= textOf(line.subarray(ANSWER.length + 2), 128);
    else if (startsWithAnyCase(line, line.length, 'USER-AGENT:')) {
      section[side === CLIENT ? 'user_agent' : 'server_agent'] ??= textOf(line.subarray(11), 128).trim();
    } else if (startsWithAnyCase(line, line.length, 'X-ULTRAPEER:')) {
      section.ultrapeer ??= startsWithAnyCase(line, line.length, ' TRUE', 12);
    }
  }
}

export const gnutellaTcp: StreamDissector = {
  transport: 'tcp',
  protocol: 'gnutella',
  ports: [6346, 6347],
  probe(heads) {
    const client = prefixVerdict(heads[CLIENT], CONNECT);
    const server = prefixVerdict(heads[SERVER], ANSWER);
    return Math.min(client, server) === Verdict.NO ? Verdict.NO : anyOf(client, server);
  },
  open: (context) => new TcpSession(context),
};

const MESSAGE_HEADER = 23;
const PING = 0x00;
const PONG = 0x01;
const DHT = 0x44;
const messageTypes = new Map<number, string>([
  [PING, 'ping'],
  [PONG, 'pong'],
  [0x02, 'bye'],
  [0x30, 'route_table'],
  [0x31, 'vendor'],
  [0x32, 'standard_vendor'],
  [0x40, 'push'],
  [DHT, 'dht'],
  [0x80, 'query'],
  [0x81, 'query_hit'],
]);
/** First byte of a block of extensions. */
const GGEP = 0xc3;
/** Port, address, files and kilobytes come before them in a pong. */
const PONG_BODY = 14;
const HOP_LIMIT = 16;

interface Message {
  readonly kind: string;
  /** More than lengths and ranges agree. */
  readonly sure: boolean;
}

function readMessage(bytes: Uint8Array): Message | null {
  if (bytes.length < MESSAGE_HEADER) return null;
  const type = bytes[16];
  const kind = messageTypes.get(type);
  if (kind === undefined || new Cursor(bytes, 19).u32le() !== bytes.length - MESSAGE_HEADER) return null;
  if (type === DHT) {
    // Kademlia of the same clients: version in place of time to live and hops, then opcode and a vendor of four letters.
    const letters = bytes.length > MESSAGE_HEADER + 5 && bytes.subarray(24, 28).every((byte) => byte >= 0x41 && byte <= 0x5a);
    return letters ? { kind, sure: true } : null;
  }
  if (bytes[17] + bytes[18] > HOP_LIMIT || bytes[17] + bytes[18] === 0) return null;
  // Byte 8 of an id is 0xff in all clients since 0.6.
  const modern = bytes[8] === 0xff;
  const extended = bytes[MESSAGE_HEADER + (type === PONG ? PONG_BODY : 0)] === GGEP && (type === PING || type === PONG);
  return { kind, sure: modern && extended };
}

const GND_HEADER = 8;

/** `GND`, flags, sequence, part and number of parts; then a packet with a name in capitals whose length agrees. */
function readDatagram2(bytes: Uint8Array): Message | null {
  if (!startsWith(bytes, bytes.length, 'GND') || bytes.length < GND_HEADER) return null;
  const part = bytes[6];
  const parts = bytes[7];
  if (parts === 0) return bytes.length === GND_HEADER && part > 0 ? { kind: 'acknowledgement', sure: false } : null;
  if (part === 0 || part > parts) return null;
  const cursor = new Cursor(bytes, GND_HEADER);
  const control = cursor.u8();
  const lengthWidth = control >> 6;
  let length = 0;
  for (let i = 0; i < lengthWidth; i++) length += cursor.u8() * 256 ** i;
  const name = cursor.take(((control >> 3) & 7) + 1);
  const named = name.length > 0 && name.every((byte) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39));
  const sure = part === 1 && named && !cursor.overrun && (parts === 1 ? cursor.left >= length : length >= cursor.left);
  return { kind: sure ? textOf(name) : 'fragment', sure };
}

const readUdp = (bytes: Uint8Array) => readDatagram2(bytes) ?? readMessage(bytes);

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const newest = readUdp(datagrams[datagrams.length - 1].bytes);
  if (newest === null) return datagrams.length > 1 ? Verdict.MORE : Verdict.NO;
  if (newest.sure) return Verdict.YES;
  return datagrams.filter(({ bytes }) => readUdp(bytes) !== null).length >= 3 ? Verdict.YES : Verdict.MORE;
}

const DATAGRAM_LIMIT = 6;

class UdpSession implements DatagramSession {
  readonly #facts: AppFacts;
  #left = DATAGRAM_LIMIT;
  confirmed = true;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.risks.add('unsafe_protocol');
  }

  advance({ bytes }: Datagram): boolean {
    const message = readUdp(bytes);
    if (message !== null) addDetail(this.#facts.detail('gnutella'), 'messages', message.kind);
    return --this.#left <= 0;
  }
}

export const gnutellaUdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'gnutella',
  ports: [6346, 6347],
  probe,
  open: (context) => new UdpSession(context),
};
