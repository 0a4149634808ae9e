/** Messages of a start line, header fields and a body (SIP: RFC 3261 section 7; RTSP: RFC 2326 section 4), out of a stream or a datagram. */
import type { StreamHead } from './dissector.ts';
import { fieldOf, LineReader } from './lines.ts';
import { indexOfByte } from './text.ts';

export interface TextMessage {
  readonly startLine: string;
  /** Lower-case names, the first value of each. */
  readonly fields: ReadonlyMap<string, string>;
  /** As much of the body as there is. */
  readonly body: Uint8Array;
}

const LINE_LIMIT = 128;
const START_LIMIT = 1024;
const VALUE_LIMIT = 512;
const NAME_LIMIT = 40;
const COLON = 0x3a;
/** An interleaved binary frame (RFC 2326 section 10.12). */
const FRAME = 0x24;
const NO_BODY = new Uint8Array(0);

export class TextMessageReader {
  readonly #lines = new LineReader();
  readonly #longNames: ReadonlyMap<string, string>;
  #startLine = '';
  #fields = new Map<string, string>();
  #count = 0;
  #bodyAt = -1;

  /** `longNames`: what compact field names stand for. */
  constructor(longNames: ReadonlyMap<string, string> = new Map()) {
    this.#longNames = longNames;
  }

  /** The next message that is whole, or that will not become so; null when there is none yet. */
  next(head: StreamHead): TextMessage | null {
    if (this.#bodyAt < 0 && !this.#readHead(head)) return null;
    const stated = this.#fields.get('content-length');
    // A datagram may leave the length out: the body goes to its end (RFC 3261 section 18.3).
    const rest = head.complete ? head.length - this.#bodyAt : 0;
    const length = stated === undefined ? rest : Number.parseInt(stated, 10) || 0;
    const end = this.#bodyAt + Math.max(length, 0);
    if (end > head.length && !head.complete) return null;
    return this.#take(head.bytes.subarray(this.#bodyAt, Math.min(end, head.length)), end);
  }

  /** True when no more messages can come. */
  ended(head: StreamHead): boolean {
    return head.complete && this.#lines.at >= head.length;
  }

  #take(body: Uint8Array, end: number): TextMessage {
    const message = { startLine: this.#startLine, fields: this.#fields, body: body.length > 0 ? body : NO_BODY };
    this.#lines.at = end;
    this.#startLine = '';
    this.#fields = new Map();
    this.#count = 0;
    this.#bodyAt = -1;
    return message;
  }

  /** True at the empty line behind the fields; at the end of a head without one too. */
  #readHead(head: StreamHead): boolean {
    for (;;) {
      if (this.#startLine === '' && !this.#skipFrames(head)) return false;
      if (!this.#lines.next(head)) {
        if (!this.#lines.ended(head) || this.#startLine === '') return false;
        this.#bodyAt = head.length;
        return true;
      }
      const { start, end } = this.#lines;
      if (this.#startLine === '') this.#startLine = fieldOf(head.bytes, start, end, START_LIMIT);
      else if (start === end) {
        this.#bodyAt = this.#lines.at;
        return true;
      } else if (++this.#count <= LINE_LIMIT) this.#readField(head.bytes, start, end);
    }
  }

  #readField(bytes: Uint8Array, start: number, end: number): void {
    const colon = indexOfByte(bytes, end, COLON, start);
    if (colon < 0 || colon === start || colon - start > NAME_LIMIT) return;
    const name = fieldOf(bytes, start, colon, NAME_LIMIT).toLowerCase();
    const long = this.#longNames.get(name) ?? name;
    if (!this.#fields.has(long)) this.#fields.set(long, fieldOf(bytes, colon + 1, end, VALUE_LIMIT));
  }

  /** False while a frame is not whole. */
  #skipFrames(head: StreamHead): boolean {
    for (;;) {
      const { at } = this.#lines;
      if (at >= head.length || head.bytes[at] !== FRAME) return true;
      if (at + 4 > head.length) return false;
      const end = at + 4 + ((head.bytes[at + 2] << 8) | head.bytes[at + 3]);
      if (end > head.length && !head.complete) return false;
      this.#lines.at = end;
    }
  }
}
