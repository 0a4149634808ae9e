/** Conversations with real bytes in them, as captured frames, and replays of them through the library. */
import { CLIENT, SERVER, type Side } from '../../src/app/dissector.ts';
import type { FlowRecord } from '../../src/index.ts';
import { a, dnsMessage, FIRST_NAME } from '../support/app/dns.ts';
import { clientHelloBody, handshake, record, sniExtension, versionsExtension } from '../support/app/tls.ts';
import { TCP_ACK, TCP_FIN, TCP_SYN, type TimedFrame, tcpFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { type Replayed, type ReplayOptions, replay } from './replay.ts';
import { PLACE, type Place, START_US } from './tcp-conversation.ts';

const PUSH = 8;
const ISN = [1000, 5000];

export type Content = string | Uint8Array;

const bytesOf = (content: Content): Uint8Array => (typeof content === 'string' ? Buffer.from(content, 'latin1') : content);

function ends(place: Place, side: Side) {
  const { client, server, clientPort, serverPort } = place;
  return side === CLIENT
    ? { source: client, destination: server, sourcePort: clientPort, destinationPort: serverPort }
    : { source: server, destination: client, sourcePort: serverPort, destinationPort: clientPort };
}

/** A datagram of one side of a UDP flow. */
export function datagram(atMs: number, side: Side, content: Content, place: Partial<Place> = {}): TimedFrame {
  const payload = bytesOf(content);
  return { timeUs: START_US + Math.round(atMs * 1000), bytes: udpFrame({ ...ends({ ...PLACE, ...place }, side), payload }) };
}

/** One TCP connection; every frame is `stepMs` after the one before. */
export class Connection {
  readonly frames: TimedFrame[] = [];
  readonly place: Place;
  atMs: number;
  private readonly stepMs: number;
  private readonly isn: readonly number[];
  /** Bytes that each side has sent, SYN and FIN left out. */
  private readonly sent = [0, 0];

  constructor(place: Partial<Place> = {}, atMs = 0, { stepMs = 1, isn = ISN }: { stepMs?: number; isn?: readonly number[] } = {}) {
    this.place = { ...PLACE, ...place };
    this.atMs = atMs;
    this.stepMs = stepMs;
    this.isn = isn;
  }

  open(): this {
    this.frame(CLIENT, TCP_SYN, this.isn[CLIENT], 0);
    this.frame(SERVER, TCP_SYN | TCP_ACK, this.isn[SERVER], this.isn[CLIENT] + 1);
    return this.segment(CLIENT, 0, '');
  }

  /** The next bytes of a side, in segments of `size`. */
  say(side: Side, content: Content, size = 1460): this {
    const bytes = bytesOf(content);
    for (let from = 0; from < bytes.length; from += size) {
      this.segment(side, this.sent[side], bytes.subarray(from, from + size));
    }
    return this;
  }

  /** Bytes at any offset of a side's stream. */
  segment(side: Side, offset: number, content: Content): this {
    const bytes = bytesOf(content);
    this.frame(side, bytes.length === 0 ? TCP_ACK : TCP_ACK | PUSH, this.isn[side] + 1 + offset, this.ackOf(side), bytes);
    this.sent[side] = Math.max(this.sent[side], offset + bytes.length);
    return this;
  }

  close(): this {
    for (const side of [CLIENT, SERVER] as const)
      this.frame(side, TCP_FIN | TCP_ACK, this.isn[side] + 1 + this.sent[side], this.ackOf(side));
    return this;
  }

  private ackOf(side: Side): number {
    return this.isn[side ^ 1] + 1 + this.sent[side ^ 1];
  }

  private frame(side: Side, flags: number, seq: number, ack: number, payload: Uint8Array = new Uint8Array(0)): void {
    const bytes = tcpFrame({ ...ends(this.place, side), flags, seq: seq >>> 0, ack: ack >>> 0, payload });
    this.frames.push({ timeUs: START_US + Math.round(this.atMs * 1000), bytes });
    this.atMs += this.stepMs;
  }
}

/** The record of a ClientHello with a name, and as many ciphers as it takes to be about `size` bytes long. */
export function clientHello(name: string, size = 0): Uint8Array {
  const ciphers = Array.from({ length: Math.max(2, size >> 1) }, (_, i) => 0x1301 + (i % 5));
  return record(22, handshake(1, clientHelloBody({ ciphers, extensions: [sniExtension(name), versionsExtension(0x0304)] })), 0x0301);
}

export const request = (host: string, path = '/') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: weir-test\r\n\r\n`;
export const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok';

export const dnsQuery = (name: string, id = 7) => dnsMessage({ id, questions: [[name, 1]] });
export const dnsAnswer = (name: string, address: string, id = 7) =>
  dnsMessage({ id, flags: 0x8180, questions: [[name, 1]], answers: [[FIRST_NAME, 1, 300, a(address)]] });

/** Replays the frames in the order of their times, with the built-in parsers only unless told otherwise. */
export function replayFrames(path: string, frames: readonly TimedFrame[], { tracking, ...options }: ReplayOptions = {}): Promise<Replayed> {
  writeCaptureFile(
    path,
    frames.toSorted((x, y) => x.timeUs - y.timeUs),
  );
  return replay(path, { ...options, tracking: { dpi: 'builtin', ...tracking } });
}

/** The flow with this port at either end. */
export function flowAt(flows: readonly FlowRecord[], port: number): FlowRecord {
  const found = flows.filter(({ endpoint_a, endpoint_b }) => endpoint_a.port === port || endpoint_b.port === port);
  if (found.length !== 1) throw new Error(`${found.length} flows at port ${port}`);
  return found[0];
}
