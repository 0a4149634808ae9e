/**
 * Reads numbers and slices out of untrusted bytes. Reading past the end gives 0 or an empty slice and sets `overrun`,
 * so that a parser can read a whole structure and ask once whether it was there.
 */
const NOTHING = new Uint8Array(0);

export class Cursor {
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  at: number;
  /** Offset behind the last byte that may be read. */
  readonly end: number;
  overrun = false;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.end = Math.min(Math.max(end, 0), bytes.length);
    this.at = Math.min(Math.max(at, 0), this.end);
  }

  get left(): number {
    return this.end - this.at;
  }

  /** True when `count` more bytes are there; else `overrun` is set. */
  has(count: number): boolean {
    if (count >= 0 && this.at + count <= this.end) return true;
    this.overrun = true;
    return false;
  }

  u8(): number {
    return this.has(1) ? this.bytes[this.at++] : 0;
  }

  u16(): number {
    if (!this.has(2)) return 0;
    const value = (this.bytes[this.at] << 8) | this.bytes[this.at + 1];
    this.at += 2;
    return value;
  }

  u24(): number {
    if (!this.has(3)) return 0;
    const value = (this.bytes[this.at] << 16) | (this.bytes[this.at + 1] << 8) | this.bytes[this.at + 2];
    this.at += 3;
    return value;
  }

  u32(): number {
    if (!this.has(4)) return 0;
    const { bytes, at } = this;
    this.at += 4;
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  }

  u16le(): number {
    if (!this.has(2)) return 0;
    const value = this.bytes[this.at] | (this.bytes[this.at + 1] << 8);
    this.at += 2;
    return value;
  }

  u32le(): number {
    if (!this.has(4)) return 0;
    const { bytes, at } = this;
    this.at += 4;
    return ((bytes[at + 3] << 24) | (bytes[at + 2] << 16) | (bytes[at + 1] << 8) | bytes[at]) >>> 0;
  }

  /** A view of the next `count` bytes. */
  take(count: number): Uint8Array {
    if (!this.has(count)) return NOTHING;
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  skip(count: number): void {
    if (this.has(count)) this.at += count;
    else this.at = this.end;
  }

  /** A cursor over the next `count` bytes, over what is there when there are fewer (then `overrun` is set here). */
  part(count: number): Cursor {
    const whole = this.has(count);
    const end = whole ? this.at + count : this.end;
    const part = new Cursor(this.bytes, this.at, end);
    this.at = end;
    return part;
  }
}
