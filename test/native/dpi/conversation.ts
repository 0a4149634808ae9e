/** Packets of hand-made conversations, from their IP headers on, and a batch that hands them to a detector. */
import {
  type Detector,
  DPI_ENTRY_WORDS,
  DPI_FROM_SERVER,
  DPI_RESULT_WORDS,
  DPI_WHOLE,
  DpiWord,
  writeDpiTime,
} from '../../../src/native/dpi.ts';
import { ascii, type Bytes, IP_A, IP_B, ipv4, tcp, u16, udp } from '../../fixtures/headers.ts';

export interface Packet {
  slot: number;
  fromServer: boolean;
  bytes: Uint8Array;
}

/** One line of a conversation: who speaks, and what. */
export type Line = readonly [side: 'client' | 'server', payload: Bytes];

export interface Ports {
  client?: number;
  server?: number;
}

function addressed(fromServer: boolean, protocol: number, transport: Bytes): Uint8Array {
  return Uint8Array.from(ipv4(protocol, transport, fromServer ? { source: IP_B, destination: IP_A } : { source: IP_A, destination: IP_B }));
}

/** A TCP connection: handshake, then the lines, one segment each. */
export function overTcp(slot: number, ports: Ports, lines: readonly Line[]): Packet[] {
  const { client = 40000, server = 9999 } = ports;
  const next = { client: 1000, server: 5000 };
  const packets: Packet[] = [];
  const send = (side: 'client' | 'server', flags: number, payload: Bytes, takes: number) => {
    const fromServer = side === 'server';
    const other = fromServer ? 'client' : 'server';
    const header = {
      sourcePort: fromServer ? server : client,
      destinationPort: fromServer ? client : server,
      seq: next[side],
      ack: next[other],
      flags,
    };
    packets.push({ slot, fromServer, bytes: addressed(fromServer, 6, tcp(payload, header)) });
    next[side] += takes;
  };
  send('client', 0x02, [], 1);
  send('server', 0x12, [], 1);
  send('client', 0x10, [], 0);
  for (const [side, payload] of lines) send(side, 0x18, payload, payload.length);
  return packets;
}

export function overUdp(slot: number, ports: Ports, lines: readonly Line[]): Packet[] {
  const { client = 40000, server = 9999 } = ports;
  return lines.map(([side, payload]) => {
    const fromServer = side === 'server';
    const datagram = fromServer ? udp(server, client, payload) : udp(client, server, payload);
    return { slot, fromServer, bytes: addressed(fromServer, 17, datagram) };
  });
}

const vector = (lengthBytes: 1 | 2 | 3, content: Bytes): number[] => [
  ...[content.length >> 16, content.length >> 8, content.length].slice(3 - lengthBytes).map((byte) => byte & 255),
  ...content,
];

/** A ClientHello of TLS 1.2 in its record, with a server name. */
export function clientHello(name: string): number[] {
  const serverName = [...u16(0), ...vector(2, vector(2, [0, ...vector(2, ascii(name))]))];
  const groups = [...u16(10), ...vector(2, vector(2, [...u16(29), ...u16(23)]))];
  const random = Array.from({ length: 32 }, (_, at) => (at * 37 + 11) & 255);
  const ciphers = [0xc02f, 0xc030, 0xcca8, 0x009c].flatMap(u16);
  const body = [3, 3, ...random, 0, ...vector(2, ciphers), ...vector(1, [0]), ...vector(2, [...serverName, ...groups])];
  return [22, 3, 1, ...vector(2, [1, ...vector(3, body)])];
}

export const httpRequest = (host: string): number[] =>
  ascii(`GET /index.html HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: gauge/1.0\r\nAccept: */*\r\n\r\n`);

export const httpResponse: number[] = ascii('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello');

const labels = (name: string): number[] => [...name.split('.').flatMap((label) => vector(1, ascii(label))), 0];

export const dnsQuery = (name: string): number[] => [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels(name), 0, 1, 0, 1];

const addressRecord = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1];

export const dnsAnswer = (name: string): number[] => [
  ...u16(0x1234),
  ...u16(0x8180),
  ...u16(1),
  ...u16(1),
  ...u16(0),
  ...u16(0),
  ...labels(name),
  ...u16(1),
  ...u16(1),
  ...addressRecord,
];

export interface Result {
  state: number;
  master: string | null;
  app: string | null;
  category: string | null;
  confidence: string | null;
  risksLow: number;
  risksHigh: number;
  guessed: boolean;
}

export function resultAt(detector: Detector, words: Int32Array, index = 0): Result {
  const word = (at: number) => words[index * DPI_RESULT_WORDS + at] ?? 0;
  return {
    state: word(DpiWord.STATE),
    master: detector.protocolName(word(DpiWord.MASTER)),
    app: detector.protocolName(word(DpiWord.APP)),
    category: detector.categoryName(word(DpiWord.CATEGORY)),
    confidence: detector.confidenceName(word(DpiWord.CONFIDENCE)),
    risksLow: word(DpiWord.RISKS_LOW) >>> 0,
    risksHigh: word(DpiWord.RISKS_HIGH) >>> 0,
    guessed: word(DpiWord.GUESSED) === 1,
  };
}

/** The typed arrays of one call. */
export function batchOf(
  packets: readonly Packet[],
  startMs = 1_700_000_000_000,
): { entries: Int32Array; bytes: Uint8Array; results: Int32Array } {
  const entries = new Int32Array(packets.length * DPI_ENTRY_WORDS);
  const bytes = new Uint8Array(packets.reduce((sum, packet) => sum + packet.bytes.length, 0));
  let offset = 0;
  for (const [index, packet] of packets.entries()) {
    const at = index * DPI_ENTRY_WORDS;
    entries.set([packet.slot, DPI_WHOLE | (packet.fromServer ? DPI_FROM_SERVER : 0), 0, 0, offset, packet.bytes.length], at);
    writeDpiTime(entries, at, startMs + index);
    bytes.set(packet.bytes, offset);
    offset += packet.bytes.length;
  }
  return { entries, bytes, results: new Int32Array(packets.length * DPI_RESULT_WORDS) };
}

export function feed(detector: Detector, packets: readonly Packet[]): Result[] {
  const { entries, bytes, results } = batchOf(packets);
  detector.process(entries, packets.length, bytes, results);
  return packets.map((_, index) => resultAt(detector, results, index));
}

export function giveUp(detector: Detector, slot: number): Result {
  const words = new Int32Array(DPI_RESULT_WORDS);
  detector.giveUp(slot, words);
  return resultAt(detector, words);
}
