/**
 * SSL 2.0 as far as it shows itself (the specification of 1995, sections 2.5 and 2.6; RFC 5246 appendix E.2 for the
 * CLIENT-HELLO that leads to SSL 3.0 or TLS). All records here have the 2-byte header without padding.
 */
import { Cursor } from './cursor.ts';
import { SSL_2 } from './tls-registry.ts';

const CLIENT_HELLO = 1;
const CLIENT_MASTER_KEY = 2;
const SERVER_HELLO = 4;
const X509 = 1;

export interface Ssl2ClientHello {
  version: number;
  /** 3 bytes each: of SSL 2.0, or of SSL 3.0 and TLS with a leading 0. */
  ciphers: number[];
  /** Bytes of the whole record. */
  length: number;
}

export interface Ssl2ServerHello {
  resumed: boolean;
  certificate: Uint8Array | null;
  /** Bytes of the whole record. */
  length: number;
}

/** Bytes of the record at `at` with its header; 0 when it is no such record or its header is not there. */
export function ssl2RecordLength(bytes: Uint8Array, at: number, end: number): number {
  return at + 2 <= end && (bytes[at] & 0x80) !== 0 ? (((bytes[at] & 0x7f) << 8) | bytes[at + 1]) + 2 : 0;
}

/** The first 11 bytes of a CLIENT-HELLO: its lengths must add up, so that hardly anything else passes. Null when it is none. */
export function isSsl2ClientHello(bytes: Uint8Array, end: number): boolean {
  if (end < 11 || bytes[2] !== CLIENT_HELLO) return false;
  const cursor = new Cursor(bytes, 3, end);
  const version = cursor.u16();
  const cipherBytes = cursor.u16();
  const sessionBytes = cursor.u16();
  const challengeBytes = cursor.u16();
  const known = version === SSL_2 || (version >= 0x0300 && version <= 0x0303);
  if (!known || cipherBytes === 0 || cipherBytes % 3 !== 0 || challengeBytes < 16 || challengeBytes > 32) return false;
  const sum = 11 + cipherBytes + sessionBytes + challengeBytes;
  return (sessionBytes === 0 || sessionBytes === 16) && ssl2RecordLength(bytes, 0, end) === sum;
}

/** Null until the whole record is there. */
export function parseSsl2ClientHello(bytes: Uint8Array, end: number): Ssl2ClientHello | null {
  const length = ssl2RecordLength(bytes, 0, end);
  if (!isSsl2ClientHello(bytes, end) || length > end) return null;
  const cursor = new Cursor(bytes, 3, length);
  const version = cursor.u16();
  const list = new Cursor(bytes, 11, 11 + cursor.u16());
  const ciphers: number[] = [];
  while (list.left >= 3) ciphers.push(list.u24());
  return { version, ciphers, length };
}

/** The first 13 bytes of a SERVER-HELLO, whose lengths must add up as well. */
export function isSsl2ServerHello(bytes: Uint8Array, end: number): boolean {
  if (end < 13 || bytes[2] !== SERVER_HELLO || bytes[3] > 1) return false;
  const cursor = new Cursor(bytes, 4, end);
  const certificateType = cursor.u8();
  const version = cursor.u16();
  const certificateBytes = cursor.u16();
  const cipherBytes = cursor.u16();
  const connectionBytes = cursor.u16();
  const resumed = bytes[3] === 1;
  if (version !== SSL_2 || cipherBytes % 3 !== 0 || connectionBytes < 16 || connectionBytes > 32) return false;
  if (resumed ? certificateBytes !== 0 : certificateType !== X509 || certificateBytes === 0 || cipherBytes === 0) return false;
  return ssl2RecordLength(bytes, 0, end) === 13 + certificateBytes + cipherBytes + connectionBytes;
}

/** Null until the whole record is there. */
export function parseSsl2ServerHello(bytes: Uint8Array, end: number): Ssl2ServerHello | null {
  const length = ssl2RecordLength(bytes, 0, end);
  if (!isSsl2ServerHello(bytes, end) || length > end) return null;
  const resumed = bytes[3] === 1;
  const size = (bytes[7] << 8) | bytes[8];
  return { resumed, certificate: resumed ? null : bytes.subarray(13, 13 + size), length };
}

/** The cipher that the client chose, from its CLIENT-MASTER-KEY at `at`; null when that is something else. */
export function ssl2ChosenCipher(bytes: Uint8Array, at: number, end: number): number | null {
  if (ssl2RecordLength(bytes, at, end) < 12 || at + 6 > end || bytes[at + 2] !== CLIENT_MASTER_KEY) return null;
  return (bytes[at + 3] << 16) | (bytes[at + 4] << 8) | bytes[at + 5];
}
