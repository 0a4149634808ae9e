/**
 * HTTP/1.x messages of one side (RFC 9112), read piece by piece: start line, header fields, body by its framing.
 *
 *   START ─▶ FIELDS ─▶ (HEAD) ─▶ BODY / CHUNK … ─▶ START
 *
 * After HEAD the session says how the body is framed, because that of a response depends on the request.
 */
import { HEAD_LIMIT } from './assembler.ts';
import { CLIENT, type Side, type StreamHead } from './dissector.ts';
import { asciiOf, fieldOf, isTextLine, LineReader, replyCode } from './lines.ts';
import { startsWithAnyCase, TEXT_LIMIT, textOf } from './text.ts';

/** What `read` found. */
export const Found = {
  /** More bytes are needed, or none will come. */
  NOTHING: 0,
  /** A whole head: see `message`. The session must call `frame`. */
  HEAD: 1,
  /** The first bytes of the body: see `bodyStart`. */
  BODY: 2,
} as const;
export type FoundCode = (typeof Found)[keyof typeof Found];

export const Framing = { NONE: 0, LENGTH: 1, CHUNKED: 2, UNTIL_CLOSE: 3 } as const;
export type FramingCode = (typeof Framing)[keyof typeof Framing];

const State = { START: 0, FIELDS: 1, FRAME: 2, BODY: 3, CHUNK_SIZE: 4, CHUNK: 5, CHUNK_END: 6, TRAILER: 7, DEAD: 8 } as const;

/** Empty lines before a start line that are forgiven (RFC 9112 section 2.2 wants at least one). */
const MAX_EMPTY_LINES = 8;
/** Header names that are compared at all. */
const MAX_NAME = 32;
/** How much of a body the risks look at. */
const SNIFF = 16;

export class Message {
  method: string | null = null;
  target = '';
  version = '';
  status: number | null = null;
  reason: string | null = null;
  host: string | null = null;
  userAgent: string | null = null;
  referer: string | null = null;
  server: string | null = null;
  contentType: string | null = null;
  contentEncoding: string | null = null;
  disposition: string | null = null;
  authorization: string | null = null;
  upgrade: string | null = null;
  contentLength: number | null = null;
  chunked = false;
  /** A name that no browser or server sends. */
  oddField = false;
  /** The value of Server or Host holds bytes that are no text. */
  unprintableServer = false;
  unprintableHost = false;
  /** The end of the head was not seen. */
  partial = false;
}

/** Fields that malware is known to send and that HTTP does not define; nDPI's list. */
export const ODD_FIELDS = new Set(['arch', 'cores', 'mem', 'os', 'osname', 'osversion', 'root', 's', 'tls_version', 'uuid', 'x-hire-me']);

export class MessageReader {
  message = new Message();
  bodyStart: Uint8Array = new Uint8Array(0);
  /** Messages whose start line was good. */
  messages = 0;
  /** A start line was wrong. */
  broken = false;
  private readonly side: Side;
  private readonly lines = new LineReader();
  private state: number = State.START;
  private left = 0;
  private empty = 0;
  private sniffed = false;

  constructor(side: Side) {
    this.side = side;
  }

  /** Where the next byte that has not been read is. */
  get at(): number {
    return this.lines.at;
  }

  get dead(): boolean {
    return this.state === State.DEAD;
  }

  /** True between two messages. */
  get idle(): boolean {
    return this.state === State.START;
  }

  /** Nothing more will be found on this side. */
  finished(head: StreamHead): boolean {
    return this.state === State.DEAD || (head.complete && this.state !== State.FRAME);
  }

  /** The body that is being passed over reaches to the end of the head, however long that gets. */
  get fillsHead(): boolean {
    return this.state === State.BODY && this.sniffed && this.left >= HEAD_LIMIT - this.lines.at;
  }

  stop(): void {
    this.state = State.DEAD;
  }

  read(head: StreamHead): FoundCode {
    for (;;) {
      const before = this.lines.at;
      const state = this.state;
      const found = this.step(head);
      if (found !== Found.NOTHING) return found;
      if (this.state === state && this.lines.at === before) return Found.NOTHING;
    }
  }

  frame(framing: FramingCode, length: number): void {
    this.sniffed = false;
    this.left = length;
    if (this.message.partial) this.state = State.DEAD;
    else if (framing === Framing.NONE || (framing === Framing.LENGTH && length === 0)) this.state = State.START;
    else if (framing === Framing.CHUNKED) this.state = State.CHUNK_SIZE;
    else {
      if (framing === Framing.UNTIL_CLOSE) this.left = Number.POSITIVE_INFINITY;
      this.state = State.BODY;
    }
  }

  private step(head: StreamHead): FoundCode {
    switch (this.state) {
      case State.START:
        return this.readStart(head);
      case State.FIELDS:
        return this.readField(head);
      case State.BODY:
      case State.CHUNK:
        return this.readBody(head);
      case State.CHUNK_SIZE:
        this.readChunkSize(head);
        return Found.NOTHING;
      case State.CHUNK_END:
        if (this.lines.next(head)) this.state = this.lines.start === this.lines.end ? State.CHUNK_SIZE : State.DEAD;
        return Found.NOTHING;
      case State.TRAILER:
        if (this.lines.next(head) && this.lines.start === this.lines.end) this.state = State.START;
        return Found.NOTHING;
      default:
        return Found.NOTHING;
    }
  }

  private readStart(head: StreamHead): FoundCode {
    const { lines } = this;
    if (!lines.nextOrRest(head)) return Found.NOTHING;
    const cut = lines.at === head.length && lines.end === head.length;
    if (lines.start === lines.end) {
      if (++this.empty > MAX_EMPTY_LINES) this.fail();
      return Found.NOTHING;
    }
    this.empty = 0;
    this.message = new Message();
    const good = this.side === CLIENT ? this.requestLine(head.bytes, cut) : this.statusLine(head.bytes);
    if (!good) {
      this.fail();
      return Found.NOTHING;
    }
    this.messages++;
    this.state = State.FIELDS;
    if (cut || this.message.version === '0.9') return this.headDone(true);
    return Found.NOTHING;
  }

  private fail(): void {
    if (this.messages === 0) this.broken = true;
    this.state = State.DEAD;
  }

  private headDone(partial: boolean): FoundCode {
    this.message.partial = partial;
    this.state = State.FRAME;
    return Found.HEAD;
  }

  private requestLine(bytes: Uint8Array, cut: boolean): boolean {
    const { end } = this.lines;
    let { start } = this.lines;
    while (start < end && isBlank(bytes[start])) start++;
    let at = start;
    while (at < end && isTokenByte(bytes[at])) at++;
    if (at === start || at - start > MAX_NAME || at >= end || !isBlank(bytes[at])) return false;
    const { message } = this;
    message.method = asciiOf(bytes, start, at);
    let last = end;
    while (last > at && isBlank(bytes[last - 1])) last--;
    const version = versionAt(bytes, last - 8, at, last);
    if (version !== '') last -= 8;
    else if (!cut && !(message.method === 'GET' && isTextLine(bytes, at, last) && !namesOtherProtocol(bytes, at, last))) return false;
    message.version = version !== '' ? version : cut ? '' : '0.9';
    message.target = fieldOf(bytes, at, last, TEXT_LIMIT);
    return message.target !== '' && isTarget(message.method, message.target);
  }

  private statusLine(bytes: Uint8Array): boolean {
    const { start, end } = this.lines;
    const version = versionAt(bytes, start, start, end);
    if (version === '') return false;
    let at = start + 8;
    if (at >= end || !isBlank(bytes[at])) return false;
    while (at < end && isBlank(bytes[at])) at++;
    const status = replyCode(bytes, end, at);
    if (status < 100 || (at + 3 < end && !isBlank(bytes[at + 3]))) return false;
    this.message.version = version;
    this.message.status = status;
    this.message.reason = fieldOf(bytes, at + 3, end);
    return true;
  }

  private readField(head: StreamHead): FoundCode {
    const { lines } = this;
    if (!lines.next(head)) return lines.ended(head) ? this.headDone(true) : Found.NOTHING;
    const { start, end } = lines;
    if (start === end) return this.headDone(false);
    const { bytes } = head;
    if (isBlank(bytes[start])) return Found.NOTHING;
    let colon = start;
    while (colon < end && colon - start <= MAX_NAME && bytes[colon] !== 0x3a) colon++;
    if (colon < end && colon - start <= MAX_NAME) {
      let nameEnd = colon;
      while (nameEnd > start && isBlank(bytes[nameEnd - 1])) nameEnd--;
      this.setField(asciiOf(bytes, start, nameEnd).toLowerCase(), bytes, colon + 1, end);
    }
    return Found.NOTHING;
  }

  private setField(name: string, bytes: Uint8Array, start: number, end: number): void {
    const { message } = this;
    switch (name) {
      case 'host':
        message.host ??= fieldOf(bytes, start, end);
        message.unprintableHost ||= !isTextLine(bytes, start, end);
        break;
      case 'user-agent':
        message.userAgent ??= fieldOf(bytes, start, end, TEXT_LIMIT);
        break;
      case 'referer':
        message.referer ??= fieldOf(bytes, start, end, TEXT_LIMIT);
        break;
      case 'server':
        message.server ??= fieldOf(bytes, start, end);
        message.unprintableServer ||= end - start > 7 && !isAscii(bytes, start, end);
        break;
      case 'content-type':
        message.contentType ??= fieldOf(bytes, start, end);
        break;
      case 'content-encoding':
        message.contentEncoding ??= fieldOf(bytes, start, end);
        break;
      case 'content-disposition':
        message.disposition ??= fieldOf(bytes, start, end);
        break;
      case 'content-length':
        message.contentLength ??= decimal(fieldOf(bytes, start, end, 20));
        break;
      case 'transfer-encoding':
        message.chunked ||= /(?:^|[\s,])chunked$/i.test(fieldOf(bytes, start, end, 64));
        break;
      case 'authorization':
        // The scheme alone: what follows is a secret.
        message.authorization ??= fieldOf(bytes, start, end, 16).split(' ', 1)[0].toLowerCase();
        break;
      case 'upgrade':
        message.upgrade ??= fieldOf(bytes, start, end, 64).toLowerCase();
        break;
      default:
        if (ODD_FIELDS.has(name)) message.oddField = true;
    }
  }

  private readBody(head: StreamHead): FoundCode {
    const { lines } = this;
    const available = Math.min(head.length - lines.at, this.left);
    if (!this.sniffed) {
      if (available < Math.min(SNIFF, this.left) && !head.complete) return Found.NOTHING;
      this.sniffed = true;
      this.bodyStart = head.bytes.subarray(lines.at, lines.at + Math.min(available, SNIFF));
      if (available > 0) return Found.BODY;
    }
    lines.at += available;
    this.left -= available;
    if (this.left === 0) this.state = this.state === State.CHUNK ? State.CHUNK_END : State.START;
    else if (head.complete) this.state = State.DEAD;
    return Found.NOTHING;
  }

  private readChunkSize(head: StreamHead): void {
    if (!this.lines.next(head)) return;
    const text = asciiOf(head.bytes, this.lines.start, this.lines.end, 64);
    const size = /^\s*([0-9a-f]{1,8})\s*(?:;|$)/i.exec(text);
    if (size === null) {
      this.state = State.DEAD;
      return;
    }
    this.left = Number.parseInt(size[1], 16);
    this.state = this.left === 0 ? State.TRAILER : State.CHUNK;
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** Bytes of method names: letters, digits, `-` and `_`. */
export function isTokenByte(byte: number): boolean {
  const letter = byte & 0xdf;
  return (letter >= 0x41 && letter <= 0x5a) || byte === 0x2d || byte === 0x5f || (byte >= 0x30 && byte <= 0x39);
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
  return true;
}

/** `1.1` when `HTTP/1.1` is at `at`, after `from` and before `end`; else empty. */
function versionAt(bytes: Uint8Array, at: number, from: number, end: number): string {
  if (at < from || at + 8 > end || !startsWithAnyCase(bytes, end, 'HTTP/', at)) return '';
  const major = bytes[at + 5] - 0x30;
  const minor = bytes[at + 7] - 0x30;
  if (major !== 1 || bytes[at + 6] !== 0x2e || minor < 0 || minor > 9) return '';
  return `${major}.${minor}`;
}

/** `… RTSP/1.0`, `… SIP/2.0`, `… ICE/1.0`: the same form, another protocol. */
function namesOtherProtocol(bytes: Uint8Array, start: number, end: number): boolean {
  return / [A-Z]{2,12}\/\d/.test(textOf(bytes.subarray(Math.max(start, end - 24), end), 24));
}

/** Origin, absolute, authority or asterisk form (RFC 9112 section 3.2); other schemes than http and https belong to other protocols. */
function isTarget(method: string, target: string): boolean {
  if (method === 'CONNECT') return /^[^\s/]/.test(target);
  const scheme = /^([a-z][a-z0-9+.-]{0,15}):/i.exec(target);
  return scheme === null || !/^(?:sips?|rtspu?|rtsps|tel|im|pres)$/i.test(scheme[1]);
}

function decimal(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
