/**
 * The memory of a flow table: rows of two halves, reserved up front and touched only when used, so that an empty
 * table costs address space and nothing else. Rows are numbered by slot; free ones are reused last in, first out.
 */
import { COLD_BYTES, COLD_FULL_BYTES, COLD_SCALE_BYTES, F_LIST_NEXT, F_SYN_SYNACK_MS, HOT_BYTES } from './row.ts';

const NEXT = F_LIST_NEXT >> 2;
const HOT_WORDS = HOT_BYTES >> 2;

/** Byte offsets into a half stay below 2^31 with this many rows; more would leave V8's small integers. */
export const MAX_ROWS = 1 << 23;

const NOT_MEASURED = notMeasured();

/** What a scale-mode row exports for the analyses that it does not keep: NaN for times, 0 for counters. */
function notMeasured(): Uint8Array {
  const bytes = new Uint8Array(COLD_BYTES - COLD_SCALE_BYTES);
  const floats = new Float32Array(bytes.buffer);
  const first = (F_SYN_SYNACK_MS - HOT_BYTES - COLD_SCALE_BYTES) >> 2;
  floats.fill(Number.NaN, first, first + 6);
  return bytes;
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
  private free = -1;
  private fresh = 0;

  constructor(rows: number, full: boolean) {
    this.rows = Math.min(Math.max(rows, 1), MAX_ROWS);
    this.full = full;
    this.coldBytes = full ? COLD_FULL_BYTES : COLD_SCALE_BYTES;
    const hot = new ArrayBuffer(this.rows * HOT_BYTES);
    this.hotI = new Int32Array(hot);
    this.hotH = new Uint16Array(hot);
    this.hotB = new Uint8Array(hot);
    this.hotF = new Float64Array(hot);
    const cold = new ArrayBuffer(this.rows * this.coldBytes);
    this.coldI = new Int32Array(cold);
    this.coldU = new Uint32Array(cold);
    this.coldH = new Uint16Array(cold);
    this.coldB = new Uint8Array(cold);
    this.coldF = new Float64Array(cold);
    this.coldR = new Float32Array(cold);
  }

  /** A row with arbitrary bytes, or -1 when every row is taken. */
  allocate(): number {
    const slot = this.free;
    if (slot >= 0) {
      this.free = this.hotI[slot * HOT_WORDS + NEXT]!;
      return slot;
    }
    return this.fresh < this.rows ? this.fresh++ : -1;
  }

  release(slot: number): void {
    this.hotI[slot * HOT_WORDS + NEXT] = this.free;
    this.free = slot;
  }

  /** Bytes that have ever been touched. */
  get touchedBytes(): number {
    return this.fresh * (HOT_BYTES + this.coldBytes);
  }

  /** Writes the row as ROW_BYTES at `at`; the tick fields are the caller's. */
  copyRow(slot: number, target: Uint8Array, at: number): void {
    const hot = slot * HOT_BYTES;
    const cold = slot * this.coldBytes;
    target.set(this.hotB.subarray(hot, hot + HOT_BYTES), at);
    target.set(this.coldB.subarray(cold, cold + this.coldBytes), at + HOT_BYTES);
    if (!this.full) target.set(NOT_MEASURED, at + HOT_BYTES + COLD_SCALE_BYTES);
  }
}
