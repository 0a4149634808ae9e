/** Is it a DNS message at all? Counts, names, types and classes must agree with each other and with the length; no text is made. */
import { bits16, FLAG_RESPONSE, FLAG_TRUNCATED, HEADER_LENGTH } from './dns-message.ts';

export interface DnsShape {
  id: number;
  bits: number;
  response: boolean;
  questions: number;
  /** All sections end exactly where the message ends. */
  whole: boolean;
  /** Labels of the first name (of the question, else of the first record), and whether its bytes are all printable. */
  labels: number;
  printable: boolean;
  /** The first name ends in `local`, or in `arpa`. */
  local: boolean;
  arpa: boolean;
  /** Type of the first question. */
  qtype: number;
  /** The top bit of a class is set: multicast DNS wants a unicast answer, or a cache flush. */
  marked: boolean;
}

const OPCODE_IQUERY = 1;
const OPCODE_NOTIFY = 4;
const OPCODE_UPDATE = 5;
const OPCODE_LAST = 6;
const TYPE_OPT = 41;
const TYPE_IXFR = 251;
const QUESTION_LIMIT = 64;

function endsIn(bytes: Uint8Array, at: number, length: number, word: string): boolean {
  if (length !== word.length) return false;
  for (let i = 0; i < length; i++) if ((bytes[at + i] | 0x20) !== word.charCodeAt(i)) return false;
  return true;
}

/** Assigned numbers and those for private use. */
function isType(type: number): boolean {
  return (type > 0 && type < 300) || type === 32768 || type === 32769 || type >= 65280;
}

function isClass(code: number): boolean {
  const plain = code & 0x7fff;
  return (plain >= 1 && plain <= 4) || plain === 254 || plain === 255;
}

class ShapeReader {
  private readonly bytes: Uint8Array;
  private at: number;
  private readonly end: number;
  private readonly shape: DnsShape;

  constructor(bytes: Uint8Array, at: number, end: number, shape: DnsShape) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.shape = shape;
  }

  /** The first name of the message, which cannot point anywhere. Steps over it. */
  firstName(): boolean {
    const { bytes, end, shape } = this;
    let last = 0;
    const start = this.at;
    for (let at = start; at < end && at - start < 255; ) {
      const length = bytes[at];
      if (length > 63) return false;
      if (length === 0) {
        const size = bytes[last];
        shape.local = endsIn(bytes, last + 1, size, 'local');
        shape.arpa = endsIn(bytes, last + 1, size, 'arpa');
        this.at = at + 1;
        return true;
      }
      if (at + 1 + length > end) return false;
      for (let i = at + 1; i <= at + length; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e) shape.printable = false;
      last = at;
      shape.labels++;
      at += 1 + length;
    }
    return false;
  }

  private name(): boolean {
    const { bytes, end } = this;
    const start = this.at;
    for (let at = start; at < end && at - start < 255; ) {
      const length = bytes[at];
      if (length >= 0xc0) {
        this.at = at + 2;
        return this.at <= end;
      }
      if (length > 63) return false;
      at += 1 + length;
      if (length === 0) {
        this.at = at;
        return true;
      }
    }
    return false;
  }

  /** Type and class behind a name. */
  private kind(record: boolean): boolean {
    const { bytes, shape } = this;
    if (this.at + 4 > this.end) return false;
    const type = bits16(bytes, this.at);
    const code = bits16(bytes, this.at + 2);
    this.at += 4;
    if (record && type === TYPE_OPT) return true;
    if (code >= 0x8000) shape.marked = true;
    return isType(type) && isClass(code);
  }

  firstQuestion(): boolean {
    if (!this.firstName()) return false;
    if (this.at + 2 <= this.end) this.shape.qtype = bits16(this.bytes, this.at);
    return this.kind(false);
  }

  questions(count: number): boolean {
    if (count > QUESTION_LIMIT) return false;
    for (let i = 1; i < count; i++) if (!this.name() || !this.kind(false)) return false;
    return true;
  }

  record(first: boolean): boolean {
    if (!(first ? this.firstName() : this.name()) || !this.kind(true) || this.at + 6 > this.end) return false;
    this.at += 6 + bits16(this.bytes, this.at + 4);
    return this.at <= this.end;
  }

  get ended(): boolean {
    return this.at === this.end;
  }
}

/** Bits that no message of this direction has. */
function isHeader(bits: number): boolean {
  const opcode = (bits >> 11) & 15;
  if ((bits & 0x0040) !== 0 || opcode > OPCODE_LAST || opcode === 3) return false;
  return (bits & FLAG_RESPONSE) !== 0 || (bits & (FLAG_TRUNCATED | 0x000f)) === 0 || (bits & 0x780f) === 0;
}

/** Queries carry no answers, but for updates, notifications and inverse queries. */
export function isPlainQuery(bytes: Uint8Array, start: number, shape: DnsShape): boolean {
  const opcode = (shape.bits >> 11) & 15;
  if (opcode === OPCODE_UPDATE || opcode === OPCODE_NOTIFY || opcode === OPCODE_IQUERY) return true;
  const answers = bits16(bytes, start + 6);
  const authority = bits16(bytes, start + 8);
  return answers === 0 && authority <= (shape.qtype === TYPE_IXFR ? 1 : 0) && bits16(bytes, start + 10) <= 4;
}

/** What the message in [start, end) looks like; null when it is none. Needs the first question (or record) in full. */
export function shapeOf(bytes: Uint8Array, start: number, end: number): DnsShape | null {
  if (end - start < HEADER_LENGTH + 5) return null;
  const bits = bits16(bytes, start + 2);
  const questions = bits16(bytes, start + 4);
  if (!isHeader(bits)) return null;
  const shape: DnsShape = {
    id: bits16(bytes, start),
    bits,
    response: (bits & FLAG_RESPONSE) !== 0,
    questions,
    whole: false,
    labels: 0,
    printable: true,
    local: false,
    arpa: false,
    qtype: 0,
    marked: false,
  };
  const reader = new ShapeReader(bytes, start + HEADER_LENGTH, end, shape);
  const records = bits16(bytes, start + 6) + bits16(bytes, start + 8) + bits16(bytes, start + 10);
  if (questions > 0 ? !reader.firstQuestion() : records === 0) return null;
  let sound = reader.questions(questions);
  // A record has at least 11 bytes: the message bounds the walk.
  for (let i = 0; sound && i < records; i++) sound = reader.record(questions === 0 && i === 0);
  shape.whole = sound && reader.ended;
  return shape.whole || questions > 0 ? shape : null;
}

/** True for the 32 letters A to P that a NetBIOS name is written with (RFC 1001 section 14.1). */
export function isNetbiosName(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 34 > end || bytes[at] !== 32) return false;
  for (let i = at + 1; i <= at + 32; i++) if (bytes[i] < 0x41 || bytes[i] > 0x50) return false;
  return true;
}
