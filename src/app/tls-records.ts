/**
 * The record layer of SSL 3.0 and TLS (RFC 8446 section 5.1) and the handshake messages in it (section 4), which may be
 * split over records, or several in one.
 */
import type { StreamHead } from './dissector.ts';

export const ContentType = {
  CHANGE_CIPHER_SPEC: 20,
  ALERT: 21,
  HANDSHAKE: 22,
  APPLICATION_DATA: 23,
  HEARTBEAT: 24,
} as const;

export const HandshakeType = {
  HELLO_REQUEST: 0,
  CLIENT_HELLO: 1,
  SERVER_HELLO: 2,
  /** DTLS 1.0 and 1.2. */
  HELLO_VERIFY_REQUEST: 3,
  NEW_SESSION_TICKET: 4,
  /** Drafts of TLS 1.3. */
  HELLO_RETRY_REQUEST: 6,
  CERTIFICATE: 11,
  SERVER_KEY_EXCHANGE: 12,
  CERTIFICATE_REQUEST: 13,
  SERVER_HELLO_DONE: 14,
  CERTIFICATE_VERIFY: 15,
  CLIENT_KEY_EXCHANGE: 16,
  FINISHED: 20,
} as const;

export const RECORD_HEADER = 5;
export const HANDSHAKE_HEADER = 4;
/** 2^14 bytes of content and the 2,048 that TLS 1.2 and older allow a cipher to add. */
const RECORD_LIMIT = 16_384 + 2048;

/** True when the 5 bytes at `at` can be a record's header. */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at];
  const length = (bytes[at + 3] << 8) | bytes[at + 4];
  if (type < ContentType.CHANGE_CIPHER_SPEC || type > ContentType.HEARTBEAT) return false;
  if (bytes[at + 1] !== 3 || bytes[at + 2] > 4 || length > RECORD_LIMIT) return false;
  if (type === ContentType.CHANGE_CIPHER_SPEC) return length === 1;
  // In clear 2 bytes; under a cipher no more than 2 bytes, MAC, padding and IV.
  if (type === ContentType.ALERT) return length >= 2 && length <= 320;
  return length > 0;
}

export function recordLength(bytes: Uint8Array, at: number): number {
  return (bytes[at + 3] << 8) | bytes[at + 4];
}

export interface TlsRecord {
  type: number;
  version: number;
  /** Length in its header. */
  length: number;
  /** A view of what is there: all of it, unless the head ends before. */
  body: Uint8Array;
  whole: boolean;
}

/** Walks the records of one side's head; keeps only where it is. */
export class RecordReader {
  at = 0;
  /** The bytes at `at` are no record: nothing more is read. */
  broken = false;

  /** The next record; null when it is not (wholly) there yet, and when nothing more comes. */
  next(head: StreamHead): TlsRecord | null {
    const { at } = this;
    const { bytes, length } = head;
    if (this.broken || at + RECORD_HEADER > length) return null;
    if (!isRecordHeader(bytes, at)) {
      this.broken = true;
      return null;
    }
    const size = recordLength(bytes, at);
    const whole = at + RECORD_HEADER + size <= length;
    if (!whole && !head.complete) return null;
    const end = Math.min(at + RECORD_HEADER + size, length);
    this.at = whole ? end : length;
    return {
      type: bytes[at],
      version: (bytes[at + 1] << 8) | bytes[at + 2],
      length: size,
      body: bytes.subarray(at + RECORD_HEADER, end),
      whole,
    };
  }
}

export interface HandshakeMessage {
  type: number;
  /** Valid until the next call. */
  body: Uint8Array;
}

/** No message is collected beyond this: no head is longer. */
const MESSAGE_LIMIT = 16_384;
const FIRST_BYTES = 2048;
const NOTHING = new Uint8Array(0);

/** Puts the handshake messages of one side together out of the records they come in. */
export class HandshakeBuffer {
  private bytes: Uint8Array = NOTHING;
  /** `bytes` is the caller's record, not a copy: only until `keep`. */
  private isBorrowed = false;
  private start = 0;
  private end = 0;

  /** Adds a record's bytes, which are only borrowed: call `keep` before they change. */
  append(part: Uint8Array): void {
    if (this.start === this.end && part.length <= MESSAGE_LIMIT) {
      // Nearly always whole messages: nothing need be copied.
      this.bytes = part;
      this.isBorrowed = true;
      this.start = 0;
      this.end = part.length;
      return;
    }
    const room = MESSAGE_LIMIT - (this.end - this.start);
    const added = part.length > room ? part.subarray(0, room) : part;
    if (this.isBorrowed || this.end + added.length > this.bytes.length) this.grow(added.length);
    this.bytes.set(added, this.end);
    this.end += added.length;
  }

  next(): HandshakeMessage | null {
    const { bytes, start } = this;
    if (start + HANDSHAKE_HEADER > this.end) return null;
    const end = start + HANDSHAKE_HEADER + this.wanted();
    if (end > this.end) return null;
    this.start = end;
    return { type: bytes[start], body: bytes.subarray(start + HANDSHAKE_HEADER, end) };
  }

  /** The beginning of the message that has not come to its end. */
  rest(): HandshakeMessage | null {
    if (this.start + HANDSHAKE_HEADER >= this.end) return null;
    return { type: this.bytes[this.start], body: this.bytes.subarray(this.start + HANDSHAKE_HEADER, this.end) };
  }

  clear(): void {
    this.bytes = NOTHING;
    this.isBorrowed = false;
    this.start = 0;
    this.end = 0;
  }

  /** The last record's memory will be used for something else: keeps what is left of it. */
  keep(): void {
    if (this.start === this.end) this.clear();
    else if (this.isBorrowed) this.grow(0);
  }

  private wanted(): number {
    const { bytes, start } = this;
    return (bytes[start + 1] << 16) | (bytes[start + 2] << 8) | bytes[start + 3];
  }

  private grow(more: number): void {
    const held = this.end - this.start;
    const size = Math.max(FIRST_BYTES, 2 * held, held + more);
    const larger = new Uint8Array(size);
    larger.set(this.bytes.subarray(this.start, this.end));
    this.bytes = larger;
    this.isBorrowed = false;
    this.start = 0;
    this.end = held;
  }
}
