/**
 * AMQP 0-8, 0-9, 0-9-1, 0-10 and 1.0: protocol headers (AMQP 0-9-1 section 4.2.2, OASIS AMQP 1.0 sections 2.2 and 5.3), the connection
 * methods of 0-9-1 and the SASL init of 1.0.
 */
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
import { FRAME_UNKNOWN, FramedSession, NOT_A_FRAME } from './framed-session.ts';
import { startsWith, textOf } from './text.ts';

const MAGIC = 'AMQP';
const HEADER_BYTES = 8;
/** The four bytes behind the magic. */
const HEADERS: ReadonlyMap<number, string> = new Map([
  [0x00000901, '0-9-1'],
  [0x01010009, '0-9'],
  [0x01010800, '0-8'],
  [0x0101000a, '0-10'],
  [0x00010000, '1.0'],
  [0x02010000, '1.0 tls'],
  [0x03010000, '1.0 sasl'],
]);
const FRAME_END = 0xce;
const METHOD = 1;
const MAX_FRAME_BYTES = 0x1000000;
const CLASS_CONNECTION = 10;
const START = 10;
const START_OK = 11;
const OPEN = 40;
const NAME_LIMIT = 128;
const MAX_ENTRIES = 32;
/** Descriptors of AMQP 1.0. */
const SASL_INIT = 0x41;
const OPEN_1_0 = 0x10;

/** A value of a field table: only strings are read, the rest must be skipped exactly. */
const FIXED_VALUES: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  U: 2,
  u: 2,
  s: 2,
  I: 4,
  i: 4,
  L: 8,
  l: 8,
  f: 4,
  d: 8,
  D: 5,
  T: 8,
  V: 0,
};

function readTable(cursor: Cursor, wanted: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  const table = cursor.part(cursor.u32());
  for (let i = 0; i < MAX_ENTRIES && table.left > 1; i++) {
    const name = textOf(table.take(table.u8()), NAME_LIMIT);
    const type = String.fromCharCode(table.u8());
    const fixed = FIXED_VALUES[type];
    if (fixed !== undefined) table.skip(fixed);
    else {
      const value = table.take(table.u32());
      if (type === 'S' && wanted.includes(name)) found[name] = textOf(value, NAME_LIMIT);
      else if (!'SAFx'.includes(type)) break;
    }
    if (table.overrun) break;
  }
  return found;
}

class AmqpSession extends FramedSession {
  #version = '';
  readonly #greeted = [false, false];

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    const known = Math.min(end - at, 4);
    if (!this.#greeted[side] || bytes[at] === 0x41) {
      if (startsWith(bytes, end, MAGIC.slice(0, known), at)) return end - at < HEADER_BYTES ? FRAME_UNKNOWN : HEADER_BYTES;
      // In 0-9-1 the server answers a header that it accepts with a frame.
      if (side === CLIENT) return NOT_A_FRAME;
    }
    if (this.#version.startsWith('1.0')) {
      if (known < 4) return FRAME_UNKNOWN;
      const size = new Cursor(bytes, at).u32();
      return size < HEADER_BYTES || size > MAX_FRAME_BYTES ? NOT_A_FRAME : size;
    }
    if (end - at < 7) return FRAME_UNKNOWN;
    const size = new Cursor(bytes, at + 3).u32();
    return bytes[at] > HEADER_BYTES || size > MAX_FRAME_BYTES ? NOT_A_FRAME : size + HEADER_BYTES;
  }

  protected override onFrame(frame: Uint8Array, side: Side, whole: boolean): ProgressCode {
    const section = this.context.facts.detail('amqp');
    if (startsWith(frame, frame.length, MAGIC)) {
      const version = HEADERS.get(new Cursor(frame, 4).u32());
      if (version === undefined) return Progress.BROKEN;
      this.#greeted[side] = true;
      this.confirmed ||= side !== CLIENT;
      if (side === CLIENT) this.#version = version;
      section.version = version.split(' ')[0];
      if (version === '1.0 tls' && this.#greeted[0] && this.#greeted[1]) return this.handOver();
      return Progress.MORE;
    }
    if (this.#version.startsWith('1.0')) return this.#onFrame1(frame);
    if (whole && frame[frame.length - 1] !== FRAME_END) return Progress.BROKEN;
    if (side !== CLIENT) this.confirmed = true;
    return frame[0] === METHOD ? this.#onMethod(new Cursor(frame, 7)) : Progress.MORE;
  }

  #onMethod(cursor: Cursor): ProgressCode {
    if (cursor.u16() !== CLASS_CONNECTION) return Progress.DONE;
    const section = this.context.facts.detail('amqp');
    const method = cursor.u16();
    if (method === START) {
      cursor.skip(2);
      const { product, version } = readTable(cursor, ['product', 'version']);
      if (product !== undefined) section.server_product = product;
      if (version !== undefined) section.server_version = version;
    } else if (method === START_OK) {
      const { product, version } = readTable(cursor, ['product', 'version']);
      if (product !== undefined) section.client_product = product;
      if (version !== undefined) section.client_version = version;
      const mechanism = textOf(cursor.take(cursor.u8()), 32);
      this.#onCredentials(mechanism, cursor.take(cursor.u32()));
    } else if (method === OPEN) section.virtual_host = textOf(cursor.take(cursor.u8()), NAME_LIMIT);
    return Progress.MORE;
  }

  #onCredentials(mechanism: string, response: Uint8Array): void {
    const section = this.context.facts.detail('amqp');
    section.mechanism = mechanism;
    if (mechanism === 'AMQPLAIN' && response.length > 0) this.context.facts.risks.add('cleartext_credentials');
    if (mechanism !== 'PLAIN' || response.length === 0) return;
    const end = response.indexOf(0, 1);
    const start = response.indexOf(0) + 1;
    if (end >= start) section.user = textOf(response.subarray(start, end), NAME_LIMIT);
    this.context.facts.risks.add('cleartext_credentials');
  }

  /** AMQP 1.0: a described list; the descriptor is a small unsigned long. */
  #onFrame1(frame: Uint8Array): ProgressCode {
    const cursor = new Cursor(frame, Math.max((frame[4] ?? 0) * 4, HEADER_BYTES));
    if (cursor.left === 0) return Progress.MORE;
    if (cursor.u8() !== 0 || cursor.u8() !== 0x53) return Progress.DONE;
    const descriptor = cursor.u8();
    const list = cursor.u8();
    cursor.skip(list === 0xd0 ? 8 : 2);
    const next = () => {
      const type = cursor.u8();
      if (type === 0xa1 || type === 0xa3 || type === 0xa0) return cursor.take(cursor.u8());
      return type === 0xb1 || type === 0xb0 ? cursor.take(cursor.u32()) : new Uint8Array(0);
    };
    const section = this.context.facts.detail('amqp');
    if (descriptor === SASL_INIT) {
      const mechanism = textOf(next(), 32);
      this.#onCredentials(mechanism, next());
    } else if (descriptor === OPEN_1_0) {
      section.container = textOf(next(), NAME_LIMIT);
      const host = textOf(next(), NAME_LIMIT);
      if (host !== '') section.host = host;
    }
    return Progress.MORE;
  }
}

function headerVerdict({ bytes, length, complete }: StreamHead): VerdictCode {
  if (!startsWith(bytes, Math.min(length, 4), MAGIC.slice(0, Math.min(length, 4)))) return Verdict.NO;
  if (length < HEADER_BYTES) return complete ? Verdict.NO : Verdict.MORE;
  return HEADERS.has(new Cursor(bytes, 4).u32()) ? Verdict.YES : Verdict.NO;
}

export const amqp: StreamDissector = {
  transport: 'tcp',
  protocol: 'amqp',
  ports: [5672],
  probe: ([client]) => headerVerdict(client),
  open: (context) => new AmqpSession(context),
};
