/** A reader of DER (X.690), as much of it as certificates need: one-byte tags, definite lengths, nothing kept. */
import type { Cursor } from './cursor.ts';
import { textOf } from './text.ts';

export const Tag = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OID: 0x06,
  UTF8_STRING: 0x0c,
  TELETEX_STRING: 0x14,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

export interface DerElement {
  tag: number;
  /** Header and content. */
  whole: Uint8Array;
  content: Uint8Array;
}

/** The next element, null at the end and for what is not DER or reaches beyond its container. */
export function nextElement(cursor: Cursor): DerElement | null {
  const start = cursor.at;
  const tag = cursor.u8();
  let length = cursor.u8();
  if (length === 0x80 || length > 0x83 || (tag & 0x1f) === 0x1f) return null;
  if (length === 0x81) length = cursor.u8();
  else if (length === 0x82) length = cursor.u16();
  else if (length === 0x83) length = cursor.u24();
  const content = cursor.take(length);
  return cursor.overrun ? null : { tag, whole: cursor.bytes.subarray(start, cursor.at), content };
}

/** The next element when it has this tag. */
export function nextOf(cursor: Cursor, tag: number): DerElement | null {
  const element = nextElement(cursor);
  return element?.tag === tag ? element : null;
}

/** Longest object identifier that is spelt out. */
const OID_BYTES = 32;

/** `2.5.4.3`; empty when it is not an object identifier. */
export function oidText(content: Uint8Array): string {
  if (content.length === 0 || content.length > OID_BYTES) return '';
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER) return '';
    if ((byte & 0x80) !== 0) continue;
    if (arcs.length === 0) {
      const root = Math.min(Math.floor(arc / 40), 2);
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

const encoder = new TextEncoder();

/** Characters of a fixed width of 1, 2 or 4 bytes, most significant byte first. */
function wideText(content: Uint8Array, width: number, limit: number): string {
  let text = '';
  for (let at = 0; at + width <= content.length && at < limit * width; at += width) {
    let code = 0;
    for (let i = 0; i < width; i++) code = code * 256 + content[at + i];
    text += code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
  }
  return textOf(encoder.encode(text), limit * 3);
}

/** Any of the character strings of X.680, at most `limit` characters. */
export function stringText(tag: number, content: Uint8Array, limit: number): string {
  if (tag === Tag.BMP_STRING) return wideText(content, 2, limit);
  if (tag === Tag.UNIVERSAL_STRING) return wideText(content, 4, limit);
  // Called T.61, but practically always ISO 8859-1.
  if (tag === Tag.TELETEX_STRING) return wideText(content, 1, limit);
  return textOf(content, limit);
}

function twoDigits(content: Uint8Array, at: number): number {
  const tens = content[at] - 0x30;
  const ones = content[at + 1] - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** UTCTime and GeneralizedTime as RFC 5280 section 4.1.2.5 allows them: to seconds since the epoch, null when malformed. */
export function timeSeconds(tag: number, content: Uint8Array): number | null {
  const general = tag === Tag.GENERALIZED_TIME;
  const rest = general ? 4 : 2;
  if ((!general && tag !== Tag.UTC_TIME) || content.length !== rest + 11 || content[rest + 10] !== 0x5a) return null;
  const year = general ? twoDigits(content, 0) * 100 + twoDigits(content, 2) : twoDigits(content, 0);
  const fullYear = general ? year : year + (year < 50 ? 2000 : 1900);
  const [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map((at) => twoDigits(content, rest + at));
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 23 && minute <= 59 && second <= 60)) return null;
  const time = Date.UTC(2000, month - 1, day, hour, minute, second);
  // Years below 100 would be taken for those of the 20th century.
  const seconds = new Date(time).setUTCFullYear(fullYear, month - 1, day) / 1000;
  return Number.isFinite(seconds) ? seconds : null;
}
