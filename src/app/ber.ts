/** ASN.1 in basic encoding rules, X.690: what SNMP, LDAP and Kerberos need of it. Tags above 30 are not known here. */
import { Cursor } from './cursor.ts';

export const BER_INTEGER = 0x02;
export const BER_OCTET_STRING = 0x04;
export const BER_OID = 0x06;
export const BER_ENUMERATED = 0x0a;
export const BER_SEQUENCE = 0x30;
export const BER_SET = 0x31;

/** Sub-identifiers of an object identifier that are shown. */
const ARC_LIMIT = 32;

export interface Element {
  readonly tag: number;
  readonly content: Cursor;
}

export interface ElementHeader {
  readonly tag: number;
  readonly headerLength: number;
  readonly contentLength: number;
}

/** Tag and length at `at`: null when they are malformed or longer than 4 bytes, undefined when more bytes are needed. */
export function elementHeader(bytes: Uint8Array, at: number, end: number): ElementHeader | null | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at];
  const first = bytes[at + 1];
  if ((tag & 0x1f) === 0x1f) return null;
  if (first < 0x80) return { tag, headerLength: 2, contentLength: first };
  const count = first & 0x7f;
  if (count === 0 || count > 4) return null;
  if (at + 2 + count > end) return undefined;
  let contentLength = 0;
  for (let i = 0; i < count; i++) contentLength = contentLength * 256 + bytes[at + 2 + i];
  return { tag, headerLength: 2 + count, contentLength };
}

/** The next element; null when it is malformed or not there in full. Steps over it. */
export function nextElement(cursor: Cursor): Element | null {
  const header = elementHeader(cursor.bytes, cursor.at, cursor.end);
  if (header === null || header === undefined) return null;
  const from = cursor.at + header.headerLength;
  if (from + header.contentLength > cursor.end) return null;
  cursor.at = from + header.contentLength;
  return { tag: header.tag, content: new Cursor(cursor.bytes, from, cursor.at) };
}

/** The next element when it has this tag; null otherwise, and then the cursor stays where it was. */
export function expectElement(cursor: Cursor, tag: number): Cursor | null {
  if (cursor.left === 0 || cursor.bytes[cursor.at] !== tag) return null;
  const before = cursor.at;
  const element = nextElement(cursor);
  if (element === null) cursor.at = before;
  return element?.content ?? null;
}

/** An INTEGER or ENUMERATED content of at most 6 bytes; null for others. */
export function integerOf(content: Cursor): number | null {
  const { bytes, at, left } = content;
  if (left === 0 || left > 6) return null;
  let value = bytes[at] >= 0x80 ? -1 : 0;
  for (let i = 0; i < left; i++) value = value * 256 + bytes[at + i];
  return value;
}

/** The next element as an integer; null when it is none. */
export function nextInteger(cursor: Cursor, tag = BER_INTEGER): number | null {
  const content = expectElement(cursor, tag);
  return content === null ? null : integerOf(content);
}

/** The next element as bytes; null when it has another tag. */
export function nextBytes(cursor: Cursor, tag = BER_OCTET_STRING): Uint8Array | null {
  const content = expectElement(cursor, tag);
  return content === null ? null : content.bytes.subarray(content.at, content.end);
}

/** `1.3.6.1` …; sub-identifiers above 2^53 are not exact. */
export function oidText(bytes: Uint8Array): string {
  const arcs: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) {
      const first = Math.min(Math.trunc(value / 40), 2);
      arcs.push(first, value - first * 40);
    } else arcs.push(value);
    value = 0;
    if (arcs.length >= ARC_LIMIT) break;
  }
  return arcs.join('.');
}
