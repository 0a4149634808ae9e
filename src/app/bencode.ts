/** Walks bencoded values (BEP 3) without building them: enough to tell a DHT message from anything else. */

/** Nesting and values of the messages of the DHT: a handful. */
const DEPTH_LIMIT = 8;
const VALUE_LIMIT = 512;

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const COLON = 0x3a;
const END = 0x65;

export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** A string at `at`, or null. */
function readString(bytes: Uint8Array, at: number): Slice | null {
  let length = 0;
  let i = at;
  for (; i < bytes.length && i - at < 6 && bytes[i] >= DIGIT_0 && bytes[i] <= DIGIT_9; i++) length = length * 10 + bytes[i] - DIGIT_0;
  if (i === at || bytes[i] !== COLON) return null;
  const start = i + 1;
  return start + length <= bytes.length ? { start, end: start + length } : null;
}

class Walker {
  readonly #bytes: Uint8Array;
  #left = VALUE_LIMIT;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Offset behind the value at `at`, or -1. */
  skip(at: number, depth: number): number {
    if (depth > DEPTH_LIMIT || --this.#left < 0) return -1;
    const first = this.#bytes[at];
    if (first === 0x69) return this.#skipInteger(at + 1);
    if (first === 0x64 || first === 0x6c) {
      let i = at + 1;
      while (i < this.#bytes.length && this.#bytes[i] !== END) {
        const value = first === 0x64 ? (readString(this.#bytes, i)?.end ?? -1) : i;
        i = value < 0 ? -1 : this.skip(value, depth + 1);
        if (i < 0) return -1;
      }
      return i < this.#bytes.length ? i + 1 : -1;
    }
    return readString(this.#bytes, at)?.end ?? -1;
  }

  #skipInteger(at: number): number {
    let i = this.#bytes[at] === 0x2d ? at + 1 : at;
    const digits = i;
    while (i < this.#bytes.length && i - digits < 20 && this.#bytes[i] >= DIGIT_0 && this.#bytes[i] <= DIGIT_9) i++;
    return i > digits && this.#bytes[i] === END ? i + 1 : -1;
  }
}

/** The entries of the dictionary that begins at `start`, by their names; null when it is none. `whole`: it must end the bytes. */
export function readDictionary(bytes: Uint8Array, start = 0, whole = true): Map<string, Slice> | null {
  if (bytes[start] !== 0x64) return null;
  const walker = new Walker(bytes);
  const out = new Map<string, Slice>();
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== END) {
    const key = readString(bytes, at);
    if (key === null || key.end - key.start > 32) return null;
    const end = walker.skip(key.end, 1);
    if (end < 0) return null;
    out.set(Buffer.from(bytes.subarray(key.start, key.end)).toString('latin1'), { start: key.end, end });
    at = end;
  }
  return at < bytes.length && (!whole || at + 1 === bytes.length) ? out : null;
}

/** The contents of the string at `slice`; null when the value is none. */
export function stringAt(bytes: Uint8Array, slice: Slice | undefined): Uint8Array | null {
  const found = slice === undefined ? null : readString(bytes, slice.start);
  return found === null ? null : bytes.subarray(found.start, found.end);
}
