/**
 * RTMP (Adobe, "Real-Time Messaging Protocol" 1.0, sections 5.2 to 5.4 and 7.2.1): handshake of 1 + 1536 + 1536 bytes each
 * way, then chunks; the first message of the client is the command `connect`.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
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
import { textOf } from './text.ts';

const VERSION = 3;
const BLOCK = 1536;
const HANDSHAKE = 1 + 2 * BLOCK;
/** Version, time and four bytes that are zero, or the version of a program that hides a digest in the rest. */
const START = 9;

/** C0 and the start of C1, or S0 and S1. */
function judgeStart(head: StreamHead): VerdictCode {
  const { bytes, length } = head;
  if (length === 0) return Verdict.MORE;
  if (bytes[0] !== VERSION) return Verdict.NO;
  if (length < START) return head.complete ? Verdict.NO : Verdict.MORE;
  // Packets of ISO over TCP begin with 3, 0 and their length too.
  const isoLength = bytes[1] === 0 ? (bytes[2] << 8) | bytes[3] : 0;
  if (isoLength === length || (isoLength >= 7 && isoLength < length && bytes[isoLength] === 3 && bytes[isoLength + 1] === 0))
    return Verdict.NO;
  const zero = bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0 && bytes[8] === 0;
  // Versions of Flash players and servers: 9 to 32, and 128 for digests that are older.
  const flash = ((bytes[5] >= 9 && bytes[5] <= 32) || bytes[5] === 0x80) && bytes[7] < 0x80;
  return zero || flash ? Verdict.YES : Verdict.NO;
}

function probe([client, server]: readonly [StreamHead, StreamHead]): VerdictCode {
  const first = judgeStart(client);
  const second = judgeStart(server);
  if (first === Verdict.NO || second === Verdict.NO) return Verdict.NO;
  // One byte and four zeros are little: the other side must have begun in the same way, with a whole block before it.
  return first === Verdict.YES && second === Verdict.YES && client.length >= 1 + BLOCK ? Verdict.YES : Verdict.MORE;
}

/** Sizes of the message header by the two top bits of the first byte (section 5.3.1.2). */
const headerSizes = [11, 7, 3, 0];
const CHUNK = 128;
const COMMAND = 20;
const MESSAGE_LIMIT = 2048;

/** The body of the first message out of its chunks; null when it is not there. */
function firstMessage(bytes: Uint8Array): { type: number; body: Uint8Array } | null {
  const cursor = new Cursor(bytes);
  const first = cursor.u8();
  if (first >> 6 !== 0 || (first & 0x3f) < 2) return null;
  cursor.skip(3);
  const length = cursor.u24();
  const type = cursor.u8();
  cursor.skip(headerSizes[0] - 7);
  if (cursor.overrun || length === 0 || length > MESSAGE_LIMIT) return null;
  const body = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    if (at > 0 && cursor.u8() >> 6 !== 3) return null;
    const piece = cursor.take(Math.min(CHUNK, length - at));
    if (cursor.overrun) return null;
    body.set(piece, at);
    at += piece.length;
  }
  return { type, body };
}

const Amf = { NUMBER: 0, BOOLEAN: 1, STRING: 2, OBJECT: 3, NULL: 5, UNDEFINED: 6 } as const;
const PROPERTY_LIMIT = 32;

function skipValue(cursor: Cursor, type: number): boolean {
  if (type === Amf.NUMBER) cursor.skip(8);
  else if (type === Amf.BOOLEAN) cursor.skip(1);
  else if (type !== Amf.NULL && type !== Amf.UNDEFINED) return false;
  return !cursor.overrun;
}

/** The texts of the object that `connect` carries (section 7.2.1.1). */
function readConnect(body: Uint8Array): Map<string, string> | null {
  const cursor = new Cursor(body);
  if (cursor.u8() !== Amf.STRING || textOf(cursor.take(cursor.u16()), 16) !== 'connect') return null;
  if (cursor.u8() !== Amf.NUMBER) return null;
  cursor.skip(8);
  const out = new Map<string, string>();
  if (cursor.u8() !== Amf.OBJECT) return out;
  for (let i = 0; i < PROPERTY_LIMIT; i++) {
    const name = textOf(cursor.take(cursor.u16()), 64);
    const type = cursor.u8();
    if (name === '' || cursor.overrun) break;
    if (type !== Amf.STRING) {
      if (!skipValue(cursor, type)) break;
      continue;
    }
    const value = cursor.take(cursor.u16());
    if (cursor.overrun) break;
    out.set(name, textOf(value, 256));
  }
  return out;
}

class Session implements StreamSession {
  readonly #facts: AppFacts;
  confirmed = false;

  constructor(context: SessionContext) {
    this.#facts = context.facts;
    this.#facts.detail('rtmp');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    const client = heads[CLIENT];
    const server = heads[SERVER];
    const connect = this.#readConnect(client);
    if (connect === Progress.DONE) return connect;
    // C2 repeats the time of S1 (section 5.2.4).
    if (!this.confirmed && client.length >= HANDSHAKE && server.length >= 1 + 4) {
      this.confirmed = [0, 1, 2, 3].every((i) => client.bytes[1 + BLOCK + i] === server.bytes[1 + i]);
    }
    return client.complete ? Progress.DONE : connect;
  }

  #readConnect(client: StreamHead): ProgressCode {
    if (client.length <= HANDSHAKE) return Progress.MORE;
    const message = firstMessage(client.bytes.subarray(HANDSHAKE, client.length));
    if (message === null) return client.length > HANDSHAKE + 2 * MESSAGE_LIMIT ? Progress.DONE : Progress.MORE;
    const connect = message.type === COMMAND ? readConnect(message.body) : null;
    if (connect !== null) {
      this.confirmed = true;
      const section = this.#facts.detail('rtmp');
      for (const [key, name] of [
        ['app', 'app'],
        ['url', 'tcUrl'],
        ['flash_version', 'flashVer'],
        ['page_url', 'pageUrl'],
      ]) {
        const value = connect.get(name);
        if (value !== undefined && value !== '') section[key] = value;
      }
    }
    return Progress.DONE;
  }
}

export const rtmp: StreamDissector = {
  transport: 'tcp',
  protocol: 'rtmp',
  ports: [1935],
  probe,
  open: (context) => new Session(context),
};
