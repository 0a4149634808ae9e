/** UTF-16 text of the network (Windows protocols) under the rules of `text.ts`. */
import { TEXT_LIMIT, textOf } from './text.ts';

const decoder = new TextDecoder('utf-16le');
const encoder = new TextEncoder();

/** Little-endian UTF-16 of at most `limit` bytes of text; a half character at the end is left out. */
export function utf16Of(bytes: Uint8Array, limit = TEXT_LIMIT): string {
  const length = Math.min(bytes.length, limit * 2) & ~1;
  return textOf(encoder.encode(decoder.decode(bytes.subarray(0, length))), limit);
}
