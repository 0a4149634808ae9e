/** The frames of Initial packets (RFC 9000 sections 12.4 and 19), and the handshake stream that CRYPTO frames make up. */
import { Cursor } from './cursor.ts';
import { readVarint } from './quic-packet.ts';

/** A handshake message longer than this is not waited for. */
const STREAM_LIMIT = 16_384;
const FIRST_BYTES = 2048;
const NOTHING = new Uint8Array(0);
/** Ranges of an ACK frame; a client's first packets acknowledge a handful. */
const ACK_RANGES = 64;

/** The bytes of one side's handshake, written in any order. */
export class CryptoStream {
  #bytes: Uint8Array = NOTHING;
  /** The only piece so far is not copied: nearly always it is all there is. */
  #isBorrowed = false;
  /** Which bytes are there, 1 each; empty as long as they came in order. */
  #have: Uint8Array = NOTHING;
  #length = 0;

  /** `piece` must not change afterwards. */
  write(offset: number, piece: Uint8Array): void {
    const end = offset + piece.length;
    if (end > STREAM_LIMIT) return;
    if (offset === 0 && this.#bytes.length === 0) {
      this.#bytes = piece;
      this.#length = end;
      this.#isBorrowed = true;
      return;
    }
    if (this.#isBorrowed || end > this.#bytes.length)
      this.#grow(Math.min(Math.max(2 * this.#bytes.length, end, FIRST_BYTES), STREAM_LIMIT));
    this.#bytes.set(piece, offset);
    if (offset <= this.#length && this.#have.length === 0) {
      this.#length = Math.max(this.#length, end);
      return;
    }
    if (this.#have.length < this.#bytes.length) this.#keepMarks();
    this.#have.fill(1, offset, end);
    while (this.#length < this.#have.length && this.#have[this.#length] === 1) this.#length++;
  }

  /** What is there without a hole. */
  get start(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(length: number): void {
    const bytes = new Uint8Array(length);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#isBorrowed = false;
  }

  #keepMarks(): void {
    const have = new Uint8Array(this.#bytes.length);
    have.set(this.#have);
    have.fill(1, 0, this.#length);
    this.#have = have;
  }
}

const PADDING = 0x00;
const PING = 0x01;
const ACK = 0x02;
const ACK_ECN = 0x03;

function skipAck(cursor: Cursor, ecn: boolean): boolean {
  readVarint(cursor); // largest acknowledged
  readVarint(cursor); // delay
  const ranges = readVarint(cursor);
  if (ranges > ACK_RANGES) return false;
  for (let i = 0; i < 1 + 2 * ranges + (ecn ? 3 : 0); i++) readVarint(cursor);
  return !cursor.overrun;
}

/** The frames that tell how the two layouts differ. */
const CRYPTO = 0x06;
const GOOGLE_CRYPTO = 0x08;
const GOOGLE_PING = 0x07;

/**
 * Google's ACK: `01ntllmm`. n: more than one block follows; ll and mm: bytes of the largest number and of block lengths, 1,
 * 2, 4 or 6.
 */
function skipGoogleAck(cursor: Cursor, type: number): boolean {
  const widths = [1, 2, 4, 6];
  const blockWidth = widths[type & 3];
  cursor.skip(widths[(type >> 2) & 3] + 2);
  const blocks = (type & 0x20) === 0 ? 0 : cursor.u8();
  cursor.skip(blockWidth + blocks * (1 + blockWidth));
  const times = cursor.u8();
  if (times > 0) cursor.skip(5 + 3 * (times - 1));
  return !cursor.overrun;
}

/** True when a frame that carries nothing of interest was skipped. */
function skipFrame(cursor: Cursor, type: number, google: boolean): boolean {
  if (google) {
    if (type >= 0x40 && type <= 0x7f) return skipGoogleAck(cursor, type);
    return type === GOOGLE_PING;
  }
  if (type === ACK || type === ACK_ECN) return skipAck(cursor, type === ACK_ECN);
  return type === PING;
}

/** Gives the handshake bytes of a packet's frames to `stream`; `google`: in the layout of Google's versions. */
export function readCryptoFrames(payload: Uint8Array, google: boolean, stream: CryptoStream): void {
  const cursor = new Cursor(payload);
  const crypto = google ? GOOGLE_CRYPTO : CRYPTO;
  while (cursor.left > 0) {
    const type = cursor.u8();
    if (type === PADDING) {
      // A thousand of them in a client's first packet.
      while (cursor.at < cursor.end && payload[cursor.at] === PADDING) cursor.at++;
      continue;
    }
    if (type !== crypto) {
      if (!skipFrame(cursor, type, google)) return;
      continue;
    }
    const offset = readVarint(cursor);
    const piece = cursor.take(readVarint(cursor));
    if (cursor.overrun) return;
    stream.write(offset, piece);
  }
}
