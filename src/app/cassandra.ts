/** Cassandra CQL native protocol, versions 1 to 5 ("CQL binary protocol", Apache Cassandra's documentation, section 2 on). */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME, pushUnique } from './framed-session.ts';
import { textOf } from './text.ts';

const RESPONSE = 0x80;
const LAST_VERSION = 6;
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const ERROR = 0x00;
const STARTUP = 0x01;
const READY = 0x02;
const AUTHENTICATE = 0x03;
const OPTIONS = 0x05;
const SUPPORTED = 0x06;
const QUERY = 0x07;
const AUTH_RESPONSE = 0x0f;
const LAST_OPCODE = 0x10;
const MAX_PAIRS = 16;
const MAX_QUERIES = 8;
const QUERY_LIMIT = 256;
const FLAG_COMPRESSED = 0x01;
const KEYS: Readonly<Record<string, string>> = {
  CQL_VERSION: 'cql_version',
  DRIVER_NAME: 'driver',
  DRIVER_VERSION: 'driver_version',
  COMPRESSION: 'compression',
};

const headerBytes = (version: number) => ((version & 0x7f) < 3 ? 8 : 9);

interface FrameHeader {
  opcode: number;
  bodyBytes: number;
  flags: number;
}

/** Header at `at`; null when it is none for this side. Only called with 9 bytes there. */
function headerAt(bytes: Uint8Array, at: number, side: Side): FrameHeader | null {
  const version = bytes[at] & 0x7f;
  const isResponse = (bytes[at] & RESPONSE) !== 0;
  if (isResponse === (side === CLIENT) || version < 1 || version > LAST_VERSION || (bytes[at + 1] & 0xe0) !== 0) return null;
  const cursor = new Cursor(bytes, at + headerBytes(version) - 5);
  const opcode = cursor.u8();
  const bodyBytes = cursor.u32();
  return opcode > LAST_OPCODE || bodyBytes > MAX_BODY_BYTES ? null : { opcode, bodyBytes, flags: bytes[at + 1] };
}

class CassandraSession extends FramedSession {
  readonly #queries: string[] = [];

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    if (end - at < 9) return FRAME_UNKNOWN;
    const header = headerAt(bytes, at, side);
    return header === null ? NOT_A_FRAME : headerBytes(bytes[at]) + header.bodyBytes;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    const header = frame.length >= 9 ? headerAt(frame, 0, side) : null;
    // A body of nothing has 8 bytes in versions 1 and 2.
    if (header === null) return Progress.DONE;
    const section = this.context.facts.detail('cassandra');
    section.version = frame[0] & 0x7f;
    const body = new Cursor(frame, headerBytes(frame[0]));
    const readable = (header.flags & FLAG_COMPRESSED) === 0;
    if (side !== CLIENT) {
      this.confirmed = true;
      if (header.opcode === ERROR && readable) section.error = body.u32();
      if (header.opcode === AUTHENTICATE && readable) section.authenticator = textOf(body.take(body.u16()), 128);
      // From version 5 on, frames are wrapped in segments behind READY.
      const isWrapped = (frame[0] & 0x7f) >= 5 && (header.opcode === READY || header.opcode === AUTHENTICATE);
      return isWrapped ? Progress.DONE : Progress.MORE;
    }
    if (header.opcode === STARTUP) this.#readStartup(body);
    else if (header.opcode === AUTH_RESPONSE && readable) this.#readToken(body.take(body.u32()));
    else if (header.opcode === QUERY && readable) {
      const query = body.part(body.u32());
      pushUnique(this.#queries, textOf(query.take(query.left), QUERY_LIMIT), MAX_QUERIES);
      if (this.#queries.length > 0) section.queries = [...this.#queries];
    }
    return Progress.MORE;
  }

  #readStartup(body: Cursor): void {
    this.confirmed = true;
    const section = this.context.facts.detail('cassandra');
    const pairs = Math.min(body.u16(), MAX_PAIRS);
    for (let i = 0; i < pairs && !body.overrun; i++) {
      const key = KEYS[textOf(body.take(body.u16()), 64)];
      const value = textOf(body.take(body.u16()), 128);
      if (key !== undefined && value !== '') section[key] = value;
    }
  }

  /** PasswordAuthenticator: SASL PLAIN, `\0user\0password`. */
  #readToken(token: Uint8Array): void {
    if (token[0] !== 0) return;
    const end = token.indexOf(0, 1);
    if (end < 2) return;
    this.context.facts.detail('cassandra').user = textOf(token.subarray(1, end), 128);
    if (end + 1 < token.length) this.context.facts.risks.add('cleartext_credentials');
  }
}

/** MORE also for an OPTIONS or an answer alone: they need the other side. */
function sideVerdict({ bytes, length }: StreamHead, side: Side): { verdict: VerdictCode; opcode: number } {
  if (length === 0) return { verdict: Verdict.MORE, opcode: -1 };
  const version = bytes[0] & 0x7f;
  if (((bytes[0] & RESPONSE) !== 0) === (side === CLIENT) || version < 1 || version > LAST_VERSION)
    return { verdict: Verdict.NO, opcode: -1 };
  if (length < 9) return { verdict: Verdict.MORE, opcode: -1 };
  const header = headerAt(bytes, 0, side);
  if (header === null) return { verdict: Verdict.NO, opcode: -1 };
  const { opcode, bodyBytes } = header;
  if (side === CLIENT) {
    if (opcode === OPTIONS) return { verdict: bodyBytes === 0 ? Verdict.MORE : Verdict.NO, opcode };
    if (opcode !== STARTUP || bodyBytes < 22 || bodyBytes > 4096) return { verdict: Verdict.NO, opcode };
    // A map of a few pairs; the first key is a word in capitals.
    const cursor = new Cursor(bytes, headerBytes(version), Math.min(length, 64));
    const pairs = cursor.u16();
    const key = cursor.take(Math.min(cursor.u16(), 8));
    if (cursor.overrun) return { verdict: Verdict.MORE, opcode };
    const isWord = key.length > 3 && key.every((byte) => (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f);
    return { verdict: pairs >= 1 && pairs <= MAX_PAIRS && isWord ? Verdict.YES : Verdict.NO, opcode };
  }
  const isAnswer = opcode === SUPPORTED || opcode === READY || opcode === AUTHENTICATE || opcode === ERROR;
  return { verdict: isAnswer ? Verdict.MORE : Verdict.NO, opcode };
}

export const cassandra: StreamDissector = {
  transport: 'tcp',
  protocol: 'cassandra',
  ports: [9042],
  probe([client, server]) {
    const asked = sideVerdict(client, 0);
    const answered = sideVerdict(server, 1);
    if (asked.verdict === Verdict.NO || answered.verdict === Verdict.NO) return Verdict.NO;
    if (asked.verdict === Verdict.YES) return Verdict.YES;
    if (asked.opcode === OPTIONS && answered.opcode === SUPPORTED) return Verdict.YES;
    return client.complete && server.complete ? Verdict.NO : Verdict.MORE;
  },
  open: (context) => new CassandraSession(context),
};
