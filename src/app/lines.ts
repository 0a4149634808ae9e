/**
 * Lines of one side of a stream, for protocols of text lines: ended by CRLF or by LF alone, wherever the segments cut them.
 * Every byte is looked at once.
 */
import type { StreamHead } from './dissector.ts';
import { textOf } from './text.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;

/** Command words and the like are no longer than this. */
export const WORD_LIMIT = 32;
/** Texts that sessions keep: names, banners, arguments. */
export const FIELD_LIMIT = 256;

export class LineReader {
  /** Where the next line begins. */
  at = 0;
  /** The line that `next` found: [start, end) without its end of line. */
  start = 0;
  end = 0;
  private scanned = 0;

  /** True when another whole line is there. */
  next(head: StreamHead): boolean {
    const { bytes, length } = head;
    let i = Math.max(this.scanned, this.at);
    while (i < length && bytes[i] !== LF) i++;
    this.scanned = i;
    if (i >= length) return false;
    this.start = this.at;
    this.end = i > this.at && bytes[i - 1] === CR ? i - 1 : i;
    this.at = i + 1;
    return true;
  }

  /** As `next`; when the head will not grow, also what is left without an end of line. */
  nextOrRest(head: StreamHead): boolean {
    if (this.next(head)) return true;
    if (!head.complete || this.at >= head.length) return false;
    this.start = this.at;
    this.end = head.length;
    this.at = head.length;
    return true;
  }

  /** True when no more lines will come. */
  ended(head: StreamHead): boolean {
    return head.complete && this.scanned >= head.length;
  }
}

/** The word in [start, end) up to a space, in capitals; empty when it is longer than WORD_LIMIT or not printable ASCII. */
export function wordOf(bytes: Uint8Array, start: number, end: number): string {
  let word = '';
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte === SPACE || byte === TAB) break;
    if (byte <= SPACE || byte >= 0x7f || word.length === WORD_LIMIT) return '';
    word += String.fromCharCode(byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte);
  }
  return word;
}

/** Printable ASCII of [start, end), at most `limit` characters, other bytes as `?`: what commands are matched with. */
export function asciiOf(bytes: Uint8Array, start: number, end: number, limit = FIELD_LIMIT): string {
  const last = Math.min(end, start + limit);
  let text = '';
  for (let i = start; i < last; i++) text += bytes[i] >= SPACE && bytes[i] < 0x7f ? String.fromCharCode(bytes[i]) : '?';
  return text;
}

/** Text of [start, end) without spaces around it, safe to keep. */
export function fieldOf(bytes: Uint8Array, start: number, end: number, limit = FIELD_LIMIT): string {
  let from = start;
  let to = end;
  while (from < to && (bytes[from] === SPACE || bytes[from] === TAB)) from++;
  while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to--;
  return textOf(bytes.subarray(from, to), limit);
}

/** The first line of a head, or all of it when no line has ended, at most `limit` bytes; and whether the line has ended. */
export function firstLine(head: StreamHead, limit = 64): { text: string; ended: boolean } {
  const last = Math.min(head.length, limit);
  let i = 0;
  while (i < last && head.bytes[i] !== LF) i++;
  const ended = i < last;
  // A CR at the end waits for its LF.
  const end = i > 0 && head.bytes[i - 1] === CR ? i - 1 : i;
  return { text: asciiOf(head.bytes, 0, end, limit), ended };
}

/** True when every byte of [start, end) is printable ASCII, a tab, or part of UTF-8. */
export function isTextLine(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if ((byte < SPACE && byte !== TAB) || byte === 0x7f) return false;
  }
  return true;
}

/** Three digits at `at` as a number, or -1. */
export function replyCode(bytes: Uint8Array, length: number, at: number): number {
  if (at + 3 > length) return -1;
  let code = 0;
  for (let i = at; i < at + 3; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return -1;
    code = code * 10 + digit;
  }
  return code;
}
