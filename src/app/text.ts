/** Bytes of the network as text that is safe to keep, print and write as JSON. */

const decoder = new TextDecoder('utf-8');
/** Controls, format characters, surrogates, private use, unassigned, line and paragraph separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
const UNPRINTABLES = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

export const TEXT_LIMIT = 1024;

/** True when every byte is printable ASCII. */
function isPlain(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
  return true;
}

/** One character per byte: a key, or text when the bytes are printable ASCII. A decoder takes five times as long to begin. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length);
}

/** UTF-8 text of at most `limit` bytes; what is not valid becomes U+FFFD, controls become `?`. */
export function textOf(bytes: Uint8Array, limit = TEXT_LIMIT): string {
  const part = bytes.length > limit ? bytes.subarray(0, limit) : bytes;
  if (isPlain(part)) return latin1(part);
  const text = decoder.decode(part);
  return UNPRINTABLE.test(text) ? text.replace(UNPRINTABLES, '?') : text;
}

/** True when the bytes hold something that `textOf` had to replace. */
export function hasUnprintable(bytes: Uint8Array): boolean {
  if (isPlain(bytes)) return false;
  const text = decoder.decode(bytes);
  return text.includes('\uFFFD') || UNPRINTABLE.test(text);
}

const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hexadecimal digits of at most `limit` bytes. */
export function hexOf(bytes: Uint8Array, limit = 64): string {
  let out = '';
  const end = Math.min(bytes.length, limit);
  for (let i = 0; i < end; i++) out += HEX_BYTES[bytes[i]];
  return out;
}

/** A number as `digits` lower-case hexadecimal digits. */
export function hexNumber(value: number, digits: number): string {
  return (value >>> 0).toString(16).padStart(digits, '0');
}

/** True when the bytes at `at` are this ASCII text. */
export function startsWith(bytes: Uint8Array, length: number, text: string, at = 0): boolean {
  if (at + text.length > length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** As `startsWith`, letters in either case; `text` in capitals. */
export function startsWithAnyCase(bytes: Uint8Array, length: number, text: string, at = 0): boolean {
  if (at + text.length > length) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[at + i];
    if ((byte >= 97 && byte <= 122 ? byte - 32 : byte) !== text.charCodeAt(i)) return false;
  }
  return true;
}

/** Offset of the byte in [from, length), or -1. */
export function indexOfByte(bytes: Uint8Array, length: number, byte: number, from = 0): number {
  const at = bytes.indexOf(byte, from);
  return at < length ? at : -1;
}
