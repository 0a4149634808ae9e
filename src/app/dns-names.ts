/**
 * Domain names on the wire (RFC 1035 sections 3.1 and 4.1.4) as text in presentation form: bytes that are not printable
 * ASCII as UTF-8 where they are valid UTF-8, else as `\DDD`; a dot or backslash inside a label with a backslash before it
 * (RFC 4343 section 2.1). The root is `.`.
 */
import { Buffer } from 'node:buffer';

/** A name has at most 255 bytes, so at most 127 labels. */
const NAME_LIMIT = 255;
/** Every jump must go backwards as well, so that a loop cannot exist even below this bound. */
const JUMP_LIMIT = 32;
const scratch = Buffer.alloc(NAME_LIMIT + 1);
const utf8 = new TextDecoder('utf-8', { fatal: true });
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

const DOT = 0x2e;
const BACKSLASH = 0x5c;

function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== DOT && byte !== BACKSLASH;
}

function escapedByte(byte: number): string {
  if (byte === DOT || byte === BACKSLASH) return `\\${String.fromCharCode(byte)}`;
  // A space stays as it is: DNS-SD instance names have them.
  return isPlain(byte) || byte === 0x20 ? String.fromCharCode(byte) : `\\${byte.toString().padStart(3, '0')}`;
}

function ascii(label: Uint8Array): string {
  let text = '';
  for (const byte of label) text += escapedByte(byte);
  return text;
}

/** One label as text. */
export function labelText(label: Uint8Array): string {
  let wide = false;
  for (const byte of label) if (byte >= 0x80) wide = true;
  if (!wide) return ascii(label);
  try {
    const text = utf8.decode(label);
    return UNPRINTABLE.test(text) ? ascii(label) : text.replaceAll('\\', '\\\\').replaceAll('.', '\\.');
  } catch {
    return ascii(label);
  }
}

/**
 * Reads names of one message after the other; `next` is the offset behind the name that was read last. Kept for a whole
 * session, so that reading a message makes nothing but the texts.
 */
export class NameReader {
  bytes: Uint8Array = scratch;
  /** Pointers count from here. */
  start = 0;
  end = 0;
  next = 0;
  /** Labels in the scratch buffer are plain ASCII. */
  private plain = true;
  /** Bytes in the scratch buffer: labels with their length bytes. */
  private used = 0;

  over(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** Gathers the labels of the name at `at` into the scratch buffer. False when it is not a name. */
  private gather(at: number): boolean {
    const { bytes, end } = this;
    this.used = 0;
    this.plain = true;
    let jumps = 0;
    let lowest = at;
    for (;;) {
      if (at >= end) return false;
      const length = bytes[at];
      if (length === 0) {
        if (jumps === 0) this.next = at + 1;
        return true;
      }
      if (length >= 0xc0) {
        if (at + 1 >= end) return false;
        if (jumps === 0) this.next = at + 2;
        const target = this.start + (((length & 0x3f) << 8) | bytes[at + 1]);
        if (target >= lowest || ++jumps > JUMP_LIMIT) return false;
        at = target;
        lowest = target;
        continue;
      }
      if (length > 63 || at + 1 + length > end || this.used + 2 + length > NAME_LIMIT) return false;
      this.copy(at, length);
      at += 1 + length;
    }
  }

  private copy(at: number, length: number): void {
    const { bytes } = this;
    let used = this.used;
    scratch[used++] = length;
    for (let i = 1; i <= length; i++) {
      const byte = bytes[at + i];
      if (!isPlain(byte)) this.plain = false;
      scratch[used++] = byte;
    }
    this.used = used;
  }

  /** The name at `at`, null when it is malformed. */
  read(at: number): string | null {
    if (!this.gather(at)) return null;
    if (this.used === 0) return '.';
    if (this.plain) {
      // The length bytes become the dots between the labels.
      for (let i = 0; i < this.used; ) {
        const length = scratch[i];
        scratch[i] = DOT;
        i += 1 + length;
      }
      return scratch.toString('latin1', 1, this.used);
    }
    let text = '';
    for (let i = 0; i < this.used; ) {
      const length = scratch[i];
      text += `${i === 0 ? '' : '.'}${labelText(scratch.subarray(i + 1, i + 1 + length))}`;
      i += 1 + length;
    }
    return text;
  }

  /** Steps over the name at `at` without following pointers. False when it is not there in full. */
  skip(at: number): boolean {
    const { bytes, end } = this;
    for (let labels = 0; labels < 128 && at < end; labels++) {
      const length = bytes[at];
      if (length >= 0xc0) {
        this.next = at + 2;
        return this.next <= end;
      }
      if (length > 63) return false;
      at += 1 + length;
      if (length === 0) {
        this.next = at;
        return true;
      }
    }
    return false;
  }
}
