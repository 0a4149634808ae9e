/**
 * The head of one direction of a TCP stream: bytes in order from its first one on, up to a limit.
 *
 * Rule for overlaps: the first copy of a byte wins, wherever it came from; what a later segment says of the same place
 * is ignored. Segments ahead of a hole wait, a few of them; when no more can wait, the hole is given up and the head is
 * complete as it is.
 */
import type { StreamHead } from './dissector.ts';

/** Bytes of a direction that parsers may see. */
export const HEAD_LIMIT = 16_384;
const FIRST_BYTES = 1024;
const MOST_WAITING = 24;

interface Waiting {
  /** Offset in the stream. */
  at: number;
  bytes: Uint8Array;
  /** Of the segment; `bytes` is what was captured of it. */
  length: number;
}

const NOTHING = new Uint8Array(0);

/**
 * Buffers that heads have given back, by size: 1, 2, 4, 8 and 16 KiB. Their contents are rubbish. They are cut from
 * slabs, as an array of its own costs ten times as much to make, and are kept for good: all together they take what the
 * open flows took when there were most of them, and that is bounded.
 */
const free: Uint8Array[][] = [[], [], [], [], []];
const SLAB_BYTES = 1 << 18;

function sizeClass(bytes: number): number {
  let size = 0;
  while (FIRST_BYTES << size < bytes && size < free.length - 1) size++;
  return size;
}

function takeBuffer(bytes: number): Uint8Array {
  const size = sizeClass(bytes);
  const list = free[size];
  const length = FIRST_BYTES << size;
  const found = list.pop();
  if (found !== undefined) return found;
  const slab = new ArrayBuffer(SLAB_BYTES);
  for (let at = length; at < SLAB_BYTES; at += length) list.push(new Uint8Array(slab, at, length));
  return new Uint8Array(slab, 0, length);
}

function giveBuffer(buffer: Uint8Array): void {
  if (buffer.length > 0) free[sizeClass(buffer.length)].push(buffer);
}

export class Assembler implements StreamHead {
  bytes: Uint8Array = NOTHING;
  length = 0;
  complete = false;
  /** Bytes of the stream were not captured or came too late: the head ends before them. */
  hasGap = false;
  private started = false;
  /** Sequence number of the first byte. */
  private first = 0;
  private waiting: Waiting[] = [];

  /** Bytes of memory held. */
  held = 0;

  /** A SYN: the stream begins with the next sequence number. */
  begin(sequence: number): void {
    if (this.started) return;
    this.first = (sequence + 1) | 0;
    this.started = true;
  }

  /**
   * A segment: `bytes` is what was captured of `length` bytes from `sequence` on; the array is only borrowed.
   * True when the head has grown or is complete now.
   */
  add(sequence: number, bytes: Uint8Array, length: number): boolean {
    if (this.complete) return false;
    if (!this.started) this.begin((sequence - 1) | 0);
    const at = (sequence - this.first) | 0;
    // Before the start, or a keep-alive of the byte before it.
    if (at < 0 && at + length <= this.length) return false;
    if (at > this.length) return this.keep(at, bytes, length);
    const grew = this.append(at, bytes, length, this.waiting.length);
    return this.takeWaiting() || grew;
  }

  /** The side has ended, or nobody wants more. */
  finish(): void {
    this.complete = true;
    for (const { bytes } of this.waiting) this.held -= bytes.length;
    this.waiting = [];
  }

  /** Nobody will look at the head any more: its memory serves the next one. */
  release(): void {
    this.finish();
    giveBuffer(this.bytes);
    this.bytes = NOTHING;
    this.length = 0;
    this.held = 0;
  }

  /** `earlier`: as many of the waiting segments came before this one. */
  private append(at: number, bytes: Uint8Array, length: number, earlier: number): boolean {
    const from = this.length;
    const end = Math.min(at + bytes.length, HEAD_LIMIT);
    const isCut = bytes.length < length && at + length > Math.max(from, end);
    if (end > from) {
      this.reserve(end);
      this.bytes.set(from === at && end - at === bytes.length ? bytes : bytes.subarray(from - at, end - at), from);
      this.length = end;
      for (let i = earlier - 1; i >= 0; i--) this.overlay(this.waiting[i], from);
    } else if (!isCut) return false;
    if (isCut) this.hasGap = true;
    if (isCut || this.length === HEAD_LIMIT) this.finish();
    return true;
  }

  /** The first copy of a byte wins: what has waited replaces what came after it, from an offset to the end of the head. */
  private overlay({ at, bytes }: Waiting, from: number): void {
    const start = Math.max(at, from);
    if (start < this.length) this.bytes.set(bytes.subarray(start - at, this.length - at), start);
  }

  private reserve(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    const next = takeBuffer(Math.max(bytes, 2 * this.bytes.length));
    if (this.length > 0) next.set(this.bytes.subarray(0, this.length));
    this.held += next.length - this.bytes.length;
    giveBuffer(this.bytes);
    this.bytes = next;
  }

  private keep(at: number, bytes: Uint8Array, length: number): boolean {
    if (at >= HEAD_LIMIT) return false;
    if (this.waiting.length === MOST_WAITING) {
      this.hasGap = true;
      this.finish();
      return true;
    }
    const copy = bytes.slice(0, HEAD_LIMIT - at);
    this.waiting.push({ at, bytes: copy, length: Math.min(length, HEAD_LIMIT - at) });
    this.held += copy.length;
    return false;
  }

  /** Segments that a hole had held back, in the order in which they came. */
  private takeWaiting(): boolean {
    let grew = false;
    for (let again = this.waiting.length > 0; again && !this.complete; ) {
      again = false;
      for (let i = 0; i < this.waiting.length; i++) {
        const { at, bytes, length } = this.waiting[i];
        if (at > this.length) continue;
        this.waiting.splice(i, 1);
        this.held -= bytes.length;
        grew = this.append(at, bytes, length, i) || grew;
        again = true;
        break;
      }
    }
    return grew;
  }
}
