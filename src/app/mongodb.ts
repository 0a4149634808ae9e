/** MongoDB wire protocol (MongoDB manual, "Wire Protocol"): OP_MSG, OP_QUERY, OP_REPLY, OP_COMPRESSED, and the older operations. */
import { bsonChild, bsonElements } from './bson.ts';
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
import { indexOfByte, textOf } from './text.ts';

const HEADER_BYTES = 16;
const MAX_MESSAGE_BYTES = 48_000_000;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_COMPRESSED = 2012;
const OP_MSG = 2013;
/** UPDATE, INSERT, QUERY, GET_MORE, DELETE, KILL_CURSORS, COMPRESSED, MSG. */
const BY_CLIENT = new Set([2001, 2002, OP_QUERY, 2005, 2006, 2007, OP_COMPRESSED, OP_MSG]);
const BY_SERVER = new Set([OP_REPLY, OP_COMPRESSED, OP_MSG]);
const MAX_COMMANDS = 16;
const MAX_DATABASES = 8;
const ENOUGH_MESSAGES = 64;
/** Flags of OP_MSG that must be understood are the low 16: only two are defined. */
const MSG_FLAGS = 0x00010003;
const QUERY_FLAGS = 0x000000fe;

interface MessageHeader {
  length: number;
  responseTo: number;
  opCode: number;
}

function headerAt(bytes: Uint8Array, at: number): MessageHeader {
  const cursor = new Cursor(bytes, at);
  const length = cursor.u32le();
  cursor.skip(4);
  return { length, responseTo: cursor.u32le(), opCode: cursor.u32le() };
}

class MongodbSession extends FramedSession {
  readonly #commands: string[] = [];
  readonly #databases: string[] = [];
  #messages = 0;

  protected override measure(bytes: Uint8Array, at: number, end: number, side: Side): number {
    if (end - at < HEADER_BYTES) return FRAME_UNKNOWN;
    const { length, opCode } = headerAt(bytes, at);
    const known = (side === CLIENT ? BY_CLIENT : BY_SERVER).has(opCode);
    return known && length > HEADER_BYTES && length <= MAX_MESSAGE_BYTES ? length : NOT_A_FRAME;
  }

  protected override onFrame(frame: Uint8Array, side: Side): ProgressCode {
    this.confirmed ||= this.#messages > 0;
    this.#messages++;
    const { opCode } = headerAt(frame, 0);
    if (side !== CLIENT) return this.#messages >= ENOUGH_MESSAGES ? Progress.DONE : Progress.MORE;
    if (opCode === OP_COMPRESSED) this.context.facts.detail('mongodb').compressed = true;
    else if (opCode === OP_MSG) this.#onDocument(frame.subarray(HEADER_BYTES + 5), '');
    else if (opCode === OP_QUERY) {
      const nameEnd = indexOfByte(frame, frame.length, 0, HEADER_BYTES + 4);
      if (nameEnd < 0) return Progress.MORE;
      const collection = textOf(frame.subarray(HEADER_BYTES + 4, nameEnd), 128);
      this.#onDocument(frame.subarray(nameEnd + 9), collection);
    }
    return Progress.MORE;
  }

  #onDocument(document: Uint8Array, collection: string): void {
    const elements = bsonElements(document);
    const section = this.context.facts.detail('mongodb');
    const isCommand = collection === '' || collection.endsWith('.$cmd');
    const database = elements.find(({ name }) => name === '$db')?.text ?? collection.split('.')[0];
    pushUnique(this.#databases, database, MAX_DATABASES);
    if (isCommand && elements.length > 0) pushUnique(this.#commands, elements[0].name, MAX_COMMANDS);
    if (this.#commands.length > 0) section.commands = [...this.#commands];
    if (this.#databases.length > 0) section.databases = [...this.#databases];
    const client = bsonElements(bsonChild(elements, 'client'));
    const driver = bsonElements(bsonChild(client, 'driver'));
    const application = bsonElements(bsonChild(client, 'application'));
    const textIn = (list: typeof client, name: string) => list.find((element) => element.name === name)?.text ?? '';
    if (textIn(driver, 'name') !== '') section.driver = `${textIn(driver, 'name')} ${textIn(driver, 'version')}`.trim();
    if (textIn(application, 'name') !== '') section.application = textIn(application, 'name');
    const mechanism = textIn(elements, 'mechanism');
    if (mechanism !== '') section.mechanism = mechanism;
    // PLAIN sends the password as it is.
    if (mechanism === 'PLAIN' && elements[0].name === 'saslStart') this.context.facts.risks.add('cleartext_credentials');
  }
}

const isName = (byte: number) => byte > 0x20 && byte < 0x7f;

function sideVerdict({ bytes, length }: StreamHead, side: Side): VerdictCode {
  if (length === 0) return Verdict.MORE;
  const end = Math.min(length, 64);
  if (end > 3 && headerAt(bytes, 0).length > MAX_MESSAGE_BYTES) return Verdict.NO;
  if (end < HEADER_BYTES) return Verdict.MORE;
  const { length: size, responseTo, opCode } = headerAt(bytes, 0);
  if (!(side === CLIENT ? BY_CLIENT : BY_SERVER).has(opCode) || size < HEADER_BYTES + 10) return Verdict.NO;
  if ((side === CLIENT) !== (responseTo === 0)) return Verdict.NO;
  if (end < 26) return Verdict.MORE;
  const cursor = new Cursor(bytes, HEADER_BYTES, end);
  const first = cursor.u32le();
  if (opCode === OP_MSG) {
    const kind = cursor.u8();
    const document = cursor.u32le();
    return (first & ~MSG_FLAGS) === 0 && kind === 0 && document >= 5 && document <= size - 21 ? Verdict.YES : Verdict.NO;
  }
  if (opCode === OP_QUERY) {
    if ((first & ~QUERY_FLAGS) !== 0) return Verdict.NO;
    return bytes.subarray(20, 25).every(isName) ? Verdict.YES : Verdict.NO;
  }
  if (opCode === OP_COMPRESSED) {
    const uncompressed = cursor.u32le();
    return (BY_CLIENT.has(first) || BY_SERVER.has(first)) && uncompressed < MAX_MESSAGE_BYTES && cursor.u8() <= 3
      ? Verdict.YES
      : Verdict.NO;
  }
  if (opCode === OP_REPLY) return size >= 36 && (first & ~15) === 0 ? Verdict.YES : Verdict.NO;
  // The older ones start with 0 and a collection name; rare, so the other side must agree.
  return first === 0 && isName(bytes[20]) ? Verdict.MORE : Verdict.NO;
}

export const mongodb: StreamDissector = {
  transport: 'tcp',
  protocol: 'mongodb',
  ports: [27_017],
  probe([client, server]) {
    const asked = sideVerdict(client, 0);
    const answered = sideVerdict(server, 1);
    if (asked === Verdict.NO || answered === Verdict.NO) return Verdict.NO;
    return asked === Verdict.YES || answered === Verdict.YES ? Verdict.YES : Verdict.MORE;
  },
  open: (context) => new MongodbSession(context),
};
