/**
 * The memory of a flow table: rows of two halves, reserved up front and touched only when used, so that an empty
 * table costs address space and nothing else. Rows are numbered by slot; free ones are reused last in, first out.
 */
import { COLD_BYTES, COLD_FULL_BYTES, COLD_SCALE_BYTES, F_LIST_NEXT, F_PROTOCOL, F_RTT_LAST_MS, HOT_BYTES } from './row.ts';
import { TableWord } from './table-words.ts';

const { FREE_ROW, FRESH_ROWS } = TableWord;

/** What the system is told of large blocks. */
export interface MemoryAdvice {
  /** Will be read at random; before it is used. */
  random(memory: Uint8Array): void;
  /** Will not be read again. */
  unused(memory: Uint8Array): void;
}

const NEXT = F_LIST_NEXT >> 2;
const HOT_WORDS = HOT_BYTES >> 2;
const HOT_HALVES = HOT_BYTES >> 1;
const KIND = F_PROTOCOL >> 1;
/** Every role at once. */
const VOID_KEY = 0xffff;

/** Byte offsets into a half stay below 2^31 with this many rows; more would leave V8's small integers. */
export const MAX_ROWS = 1 << 23;

const NOT_MEASURED = notMeasured();

/** What a scale-mode row exports for the analyses that it does not keep: NaN for times, 0 for counters. */
function notMeasured(): Int32Array {
  const words = new Int32Array((COLD_BYTES - COLD_SCALE_BYTES) >> 2);
  const floats = new Float32Array(words.buffer);
  const first = (F_RTT_LAST_MS - HOT_BYTES - COLD_SCALE_BYTES) >> 2;
  floats.fill(Number.NaN, first, first + 4);
  return words;
}

/**
 * A large allocation begins 16 bytes behind a page (the C library's header); this many more and rows fill whole cache
 * lines. Elsewhere it changes nothing but speed.
 */
const TO_LINE = 48;

function reserve(bytes: number): ArrayBuffer {
  return new ArrayBuffer(bytes + TO_LINE);
}

export class FlowStore {
  readonly rows: number;
  /** False in scale mode, where the cold half ends before the TCP analyses. */
  readonly full: boolean;
  readonly coldBytes: number;
  readonly hotI: Int32Array;
  readonly hotH: Uint16Array;
  readonly hotB: Uint8Array;
  readonly hotF: Float64Array;
  readonly coldI: Int32Array;
  readonly coldU: Uint32Array;
  readonly coldH: Uint16Array;
  readonly coldB: Uint8Array;
  readonly coldF: Float64Array;
  readonly coldR: Float32Array;
  private readonly words: Int32Array;
  private readonly advise: MemoryAdvice;

  constructor(rows: number, full: boolean, advise: MemoryAdvice, words: Int32Array) {
    this.words = words;
    this.advise = advise;
    this.rows = Math.min(Math.max(rows, 1), MAX_ROWS);
    this.full = full;
    this.coldBytes = full ? COLD_FULL_BYTES : COLD_SCALE_BYTES;
    const hot = reserve(this.rows * HOT_BYTES);
    this.hotI = new Int32Array(hot, TO_LINE);
    this.hotH = new Uint16Array(hot, TO_LINE);
    this.hotB = new Uint8Array(hot, TO_LINE);
    this.hotF = new Float64Array(hot, TO_LINE);
    const cold = reserve(this.rows * this.coldBytes);
    this.coldI = new Int32Array(cold, TO_LINE);
    this.coldU = new Uint32Array(cold, TO_LINE);
    this.coldH = new Uint16Array(cold, TO_LINE);
    this.coldB = new Uint8Array(cold, TO_LINE);
    this.coldF = new Float64Array(cold, TO_LINE);
    this.coldR = new Float32Array(cold, TO_LINE);
    advise.random(this.hotB);
    advise.random(this.coldB);
  }

  /** A row with arbitrary bytes, or -1 when every row is taken. */
  allocate(): number {
    const { words } = this;
    const slot = words[FREE_ROW];
    if (slot >= 0) {
      words[FREE_ROW] = this.hotI[slot * HOT_WORDS + NEXT]!;
      return slot;
    }
    const fresh = words[FRESH_ROWS];
    if (fresh === this.rows) return -1;
    words[FRESH_ROWS] = fresh + 1;
    return fresh;
  }

  /** The row's key becomes one that no packet has, so that whoever remembers the slot finds nothing in it. */
  release(slot: number): void {
    this.hotH[slot * HOT_HALVES + KIND] = VOID_KEY;
    this.hotI[slot * HOT_WORDS + NEXT] = this.words[FREE_ROW];
    this.words[FREE_ROW] = slot;
  }

  /** Rows below it have been in use at some time. */
  get usedRows(): number {
    return this.words[FRESH_ROWS];
  }

  isTaken(slot: number): boolean {
    return this.hotH[slot * HOT_HALVES + KIND] !== VOID_KEY;
  }

  /** Gives the memory of rows to the system; none of them may ever be allocated again. */
  discard(from: number, to: number): void {
    this.advise.unused(this.hotB.subarray(from * HOT_BYTES, to * HOT_BYTES));
    this.advise.unused(this.coldB.subarray(from * this.coldBytes, to * this.coldBytes));
  }

  /** Bytes that have ever been touched. */
  get touchedBytes(): number {
    return this.usedRows * (HOT_BYTES + this.coldBytes);
  }

  /** Writes the row at word `at` of `target`, ROW_BYTES of it; the tick fields are the caller's. */
  copyRow(slot: number, target: Int32Array, at: number): void {
    const { hotI, coldI } = this;
    const hot = slot * HOT_WORDS;
    for (let i = 0; i < HOT_WORDS; i++) target[at + i] = hotI[hot + i]!;
    const words = this.coldBytes >> 2;
    const cold = slot * words;
    for (let i = 0; i < words; i++) target[at + HOT_WORDS + i] = coldI[cold + i]!;
    if (!this.full) target.set(NOT_MEASURED, at + HOT_WORDS + (COLD_SCALE_BYTES >> 2));
  }
}
