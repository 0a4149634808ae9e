/** Resource record data as text, in the presentation form of the RFC that defines each type; others by RFC 3597. */
import { ipv4Text, ipv6Text, macText } from './address-text.ts';
import { Cursor } from './cursor.ts';
import { typeName } from './dns-codes.ts';
import { labelText, type NameReader } from './dns-names.ts';
import { parametersText } from './dns-svcb.ts';
import { hexOf } from './text.ts';

/** Bytes of a record of unknown type, a key or a digest that are kept. */
export const OPAQUE_LIMIT = 256;
/** Strings of a TXT record and characters of its text that are kept. */
const STRINGS_LIMIT = 32;
const TEXT_LIMIT = 1024;
/** Types of an NSEC bitmap that are named. */
const BITMAP_LIMIT = 64;

type Render = (cursor: Cursor, names: NameReader) => string | null;

/** RFC 3597 section 5. */
export function opaqueText(bytes: Uint8Array): string {
  return `\\# ${bytes.length} ${hexOf(bytes, OPAQUE_LIMIT)}`.trimEnd();
}

function rest(cursor: Cursor): Uint8Array {
  return cursor.take(cursor.left);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes.subarray(0, OPAQUE_LIMIT)));
}

/** A name that may be compressed. */
function name(cursor: Cursor, names: NameReader): string | null {
  const text = names.read(cursor.at);
  if (text === null || names.next > cursor.end) {
    cursor.overrun = true;
    return null;
  }
  cursor.at = names.next;
  return text;
}

function quoted(bytes: Uint8Array): string {
  return `"${labelText(bytes).replaceAll('\\.', '.').replaceAll('"', '\\"')}"`;
}

function charString(cursor: Cursor): string {
  return quoted(cursor.take(cursor.u8()));
}

const text: Render = (cursor) => {
  let out = '';
  for (let count = 0; count < STRINGS_LIMIT && cursor.left > 0 && !cursor.overrun; count++) {
    out += `${count === 0 ? '' : ' '}${charString(cursor)}`;
    if (out.length > TEXT_LIMIT) break;
  }
  cursor.at = cursor.end;
  return out.length > TEXT_LIMIT ? out.slice(0, TEXT_LIMIT) : out;
};

function seconds(value: number): string {
  const digits = new Date(value * 1000).toISOString();
  return digits.replace(/[-:T]/g, '').slice(0, 14);
}

function bitmap(cursor: Cursor): string {
  let out = '';
  let named = 0;
  while (cursor.left > 2 && named < BITMAP_LIMIT) {
    const window = cursor.u8();
    const bits = cursor.take(Math.min(cursor.u8(), 32));
    for (let i = 0; i < bits.length * 8 && named < BITMAP_LIMIT; i++) {
      if ((bits[i >> 3] & (0x80 >> (i & 7))) === 0) continue;
      out += ` ${typeName(window * 256 + i)}`;
      named++;
    }
  }
  cursor.at = cursor.end;
  return out;
}

const soa: Render = (cursor, names) => {
  const first = `${name(cursor, names)} ${name(cursor, names)}`;
  return `${first} ${cursor.u32()} ${cursor.u32()} ${cursor.u32()} ${cursor.u32()} ${cursor.u32()}`;
};

const naptr: Render = (cursor, names) => {
  const head = `${cursor.u16()} ${cursor.u16()}`;
  return `${head} ${charString(cursor)} ${charString(cursor)} ${charString(cursor)} ${name(cursor, names)}`;
};

const rrsig: Render = (cursor, names) => {
  const head = `${typeName(cursor.u16())} ${cursor.u8()} ${cursor.u8()} ${cursor.u32()}`;
  const until = seconds(cursor.u32());
  const from = seconds(cursor.u32());
  return `${head} ${until} ${from} ${cursor.u16()} ${name(cursor, names)} ${base64(rest(cursor))}`;
};

const nsec3: Render = (cursor) => {
  const head = `${cursor.u8()} ${cursor.u8()} ${cursor.u16()}`;
  const salt = hexOf(cursor.take(cursor.u8()), OPAQUE_LIMIT) || '-';
  const hash = base32hex(cursor.take(cursor.u8()));
  return `${head} ${salt} ${hash}${bitmap(cursor)}`;
};

const BASE32HEX = '0123456789abcdefghijklmnopqrstuv';

function base32hex(bytes: Uint8Array): string {
  let out = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) out += BASE32HEX[(value >> (bits - 5)) & 31];
  }
  return bits > 0 ? out + BASE32HEX[(value << (5 - bits)) & 31] : out;
}

const caa: Render = (cursor) => {
  const flags = cursor.u8();
  const tag = labelText(cursor.take(cursor.u8()));
  return `${flags} ${tag} ${quoted(cursor.take(Math.min(cursor.left, TEXT_LIMIT)))}`;
};

const svcb: Render = (cursor, names) => {
  const head = `${cursor.u16()} ${name(cursor, names)}`;
  const parameters = parametersText(cursor);
  return parameters === null ? null : head + parameters;
};

const ds: Render = (cursor) => `${cursor.u16()} ${cursor.u8()} ${cursor.u8()} ${hexOf(rest(cursor), OPAQUE_LIMIT)}`;
const key: Render = (cursor) => `${cursor.u16()} ${cursor.u8()} ${cursor.u8()} ${base64(rest(cursor))}`;
const tlsa: Render = (cursor) => `${cursor.u8()} ${cursor.u8()} ${cursor.u8()} ${hexOf(rest(cursor), OPAQUE_LIMIT)}`;
const preferred: Render = (cursor, names) => `${cursor.u16()} ${name(cursor, names)}`;
const twoNames: Render = (cursor, names) => `${name(cursor, names)} ${name(cursor, names)}`;

const renders: Readonly<Record<number, Render>> = {
  1: (cursor) => (cursor.left === 4 ? ipv4Text(cursor.take(4)) : null),
  2: name,
  5: name,
  6: soa,
  12: name,
  13: (cursor) => `${charString(cursor)} ${charString(cursor)}`,
  15: preferred,
  16: text,
  17: twoNames,
  18: preferred,
  28: (cursor) => (cursor.left === 16 ? ipv6Text(cursor.take(16)) : null),
  33: (cursor, names) => `${cursor.u16()} ${cursor.u16()} ${cursor.u16()} ${name(cursor, names)}`,
  35: naptr,
  36: preferred,
  37: (cursor) => `${cursor.u16()} ${cursor.u16()} ${cursor.u8()} ${base64(rest(cursor))}`,
  39: name,
  43: ds,
  44: (cursor) => `${cursor.u8()} ${cursor.u8()} ${hexOf(rest(cursor), OPAQUE_LIMIT)}`,
  46: rrsig,
  47: (cursor, names) => `${name(cursor, names)}${bitmap(cursor)}`,
  48: key,
  50: nsec3,
  51: (cursor) => `${cursor.u8()} ${cursor.u8()} ${cursor.u16()} ${hexOf(cursor.take(cursor.u8()), OPAQUE_LIMIT) || '-'}`,
  52: tlsa,
  53: tlsa,
  59: ds,
  60: key,
  61: (cursor) => base64(rest(cursor)),
  64: svcb,
  65: svcb,
  99: text,
  108: (cursor) => (cursor.left === 6 ? macText(cursor.take(6)).replaceAll(':', '-') : null),
  109: (cursor) => (cursor.left === 8 ? macText(cursor.take(8), 0, 8).replaceAll(':', '-') : null),
  256: (cursor) => `${cursor.u16()} ${cursor.u16()} ${quoted(cursor.take(Math.min(cursor.left, TEXT_LIMIT)))}`,
  257: caa,
};

/** A record's data as text; null when it is malformed. Records without data (of an update, say) are the empty text. */
export function recordText(bytes: Uint8Array, at: number, length: number, type: number, names: NameReader): string | null {
  if (length === 0) return '';
  const render = renders[type];
  if (render === undefined) return opaqueText(bytes.subarray(at, at + length));
  const cursor = new Cursor(bytes, at, at + length);
  const out = render(cursor, names);
  return out === null || cursor.overrun || cursor.left > 0 ? null : out;
}
