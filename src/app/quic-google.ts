/**
 * Google QUIC before the long header of the drafts (Q001 to Q049), and the CHLO message of its handshake (Google's "QUIC
 * Crypto" and "QUIC Wire Layout Specification"): a table of four-letter tags, all in clear.
 */
import { Cursor } from './cursor.ts';
import { isEarlyGoogleVersion, versionName } from './quic-versions.ts';
import { textOf } from './text.ts';

export interface GooglePacket {
  readonly version: string;
  readonly connectionId: Uint8Array;
  /** Where a CHLO message begins; 0 when there is none. */
  readonly helloAt: number;
}

export interface GoogleHello {
  sni: string | null;
  userAgent: string | null;
  /** The protocol of a tag `ALPN`. */
  alpn: string | null;
}

const ID_LENGTH = 8;
/** The public flags of a client's packet with a version: the two top bits are never used, bit 1 is a reset. */
const Flags = { VERSION: 0x01, RESET: 0x02, ID: 0x08, UNUSED: 0xc0, LONG: 0x80 } as const;
/** Between the version and CHLO lie packet number, hash and the head of a stream frame: 30 bytes at most. */
const HELLO_WINDOW = 40;
const TAG_LIMIT = 128;
const VALUE_LIMIT = 256;

/** A message begins with its tag, the number of entries and two bytes of padding. */
function findHello(bytes: Uint8Array, from: number): number {
  const end = Math.min(bytes.length - 8, from + HELLO_WINDOW);
  for (let at = from; at <= end; at++) {
    if (bytes[at] !== 0x43 || bytes[at + 1] !== 0x48 || bytes[at + 2] !== 0x4c || bytes[at + 3] !== 0x4f) continue;
    const count = bytes[at + 4] | (bytes[at + 5] << 8);
    if (count > 0 && count <= TAG_LIMIT && bytes[at + 6] === 0 && bytes[at + 7] === 0) return at;
  }
  return 0;
}

/** A packet with a version field: those that the client sends until the server has agreed to it. */
export function readGooglePacket(bytes: Uint8Array): GooglePacket | null {
  if (bytes.length < 24) return null;
  const flags = bytes[0];
  if ((flags & Flags.LONG) !== 0) {
    // Q046 on: first byte, version, lengths of both ids in one byte. Only the client's id is ever there, of 8 bytes.
    const version = new Cursor(bytes, 1).u32();
    if ((flags & 0x40) === 0 || !isEarlyGoogleVersion(version) || (bytes[5] !== 0x50 && bytes[5] !== 0x05)) return null;
    return { version: versionName(version), connectionId: bytes.slice(6, 6 + ID_LENGTH), helloAt: findHello(bytes, 6 + ID_LENGTH) };
  }
  if ((flags & (Flags.UNUSED | Flags.RESET)) !== 0 || (flags & (Flags.VERSION | Flags.ID)) !== (Flags.VERSION | Flags.ID)) return null;
  const version = new Cursor(bytes, 1 + ID_LENGTH).u32();
  if (!isEarlyGoogleVersion(version)) return null;
  return { version: versionName(version), connectionId: bytes.slice(1, 1 + ID_LENGTH), helloAt: findHello(bytes, 1 + ID_LENGTH + 4) };
}

/** The message at the start of `bytes`; the values that lie behind their end are left out. */
export function readGoogleHello(bytes: Uint8Array): GoogleHello | null {
  const cursor = new Cursor(bytes);
  const tag = cursor.u32();
  const count = cursor.u16le();
  cursor.skip(2);
  if (tag !== 0x43484c4f || count === 0 || count > TAG_LIMIT || cursor.left < 8 * count) return null;
  const values = cursor.at + 8 * count;
  const hello: GoogleHello = { sni: null, userAgent: null, alpn: null };
  let start = 0;
  for (let i = 0; i < count; i++) {
    const name = cursor.u32();
    const end = cursor.u32le();
    // Ends never go back (section "Handshake Protocol Overview").
    if (end < start) return hello;
    const whole = values + end <= bytes.length;
    const value = whole && end - start <= VALUE_LIMIT ? bytes.subarray(values + start, values + end) : null;
    if (value !== null && value.length > 0) {
      if (name === 0x534e4900) hello.sni = textOf(value);
      else if (name === 0x55414944) hello.userAgent = textOf(value);
      else if (name === 0x414c504e) hello.alpn = textOf(value);
    }
    start = end;
  }
  return hello;
}

/** True when the whole table and the values are there. */
export function isWholeHello(bytes: Uint8Array): boolean {
  const cursor = new Cursor(bytes, 4);
  const count = cursor.u16le();
  const last = new Cursor(bytes, 8 + 8 * count - 4).u32le();
  return count > 0 && count <= TAG_LIMIT && bytes.length >= 8 + 8 * count && bytes.length >= 8 + 8 * count + last;
}
