/**
 * The way of flow rows from a shard to the sensor: a ring of fixed-size entries with one writer and one reader.
 *
 *   control[ROWS_TAKEN] ─────▶ control[ROWS_WRITTEN]      both count rows, mod 2^32; entry = count & (capacity - 1)
 *
 * The writer stores ROWS_WRITTEN with Atomics (release) after the entry; the reader loads it (acquire), copies, and
 * stores ROWS_TAKEN (release) and notifies: the writer may be waiting on that word for space.
 */
import { OUTBOX_ENTRY_BYTES, OUTBOX_HEADER_BYTES } from '../flow/row.ts';
import { Control } from './protocol.ts';

/** Memory for `capacity` rows, a power of two. */
export function createOutbox(capacity: number): SharedArrayBuffer {
  if (!Number.isInteger(capacity) || capacity < 1 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(`outbox capacity ${capacity} is not a power of two`);
  }
  return new SharedArrayBuffer(OUTBOX_HEADER_BYTES + capacity * OUTBOX_ENTRY_BYTES);
}

/** How many rows an outbox made by `createOutbox` holds. */
export function outboxCapacity(outbox: SharedArrayBuffer): number {
  return Math.floor((outbox.byteLength - OUTBOX_HEADER_BYTES) / OUTBOX_ENTRY_BYTES);
}

/** The shard's end. */
export class OutboxWriter {
  readonly i32: Int32Array;
  readonly f64: Float64Array;
  private readonly control: Int32Array;
  private readonly capacity: number;
  /** Rows ever written, mod 2^32 as int32. */
  private count: number;

  constructor(outbox: SharedArrayBuffer, control: SharedArrayBuffer) {
    this.i32 = new Int32Array(outbox);
    this.f64 = new Float64Array(outbox);
    this.control = new Int32Array(control);
    this.capacity = outboxCapacity(outbox);
    this.count = Atomics.load(this.control, Control.ROWS_WRITTEN);
  }

  /** Byte offset of the next entry, or -1 while the outbox is full. */
  reserve(): number {
    const taken = Atomics.load(this.control, Control.ROWS_TAKEN);
    if (((this.count - taken) | 0) >= this.capacity) return -1;
    return OUTBOX_HEADER_BYTES + (this.count & (this.capacity - 1)) * OUTBOX_ENTRY_BYTES;
  }

  /** Publishes the entry that `reserve` gave out. */
  publish(): void {
    this.count = (this.count + 1) | 0;
    Atomics.store(this.control, Control.ROWS_WRITTEN, this.count);
  }

  /** Rows ever written, mod 2^32. */
  get rowsWritten(): number {
    return this.count >>> 0;
  }

  /** Rows ever taken, as int32: the value of the word to wait on when `reserve` returned -1. */
  get taken(): number {
    return Atomics.load(this.control, Control.ROWS_TAKEN);
  }
}

/** Consecutive entries: `count` × OUTBOX_ENTRY_BYTES from byte `start` of `bytes`. */
export interface OutboxSpan {
  bytes: Uint8Array;
  start: number;
  count: number;
}

/** The sensor's end. */
export class OutboxReader {
  private readonly bytes: Uint8Array;
  private readonly control: Int32Array;
  private readonly capacity: number;
  private count: number;

  constructor(outbox: SharedArrayBuffer, control: SharedArrayBuffer) {
    this.bytes = new Uint8Array(outbox);
    this.control = new Int32Array(control);
    this.capacity = outboxCapacity(outbox);
    this.count = Atomics.load(this.control, Control.ROWS_TAKEN);
  }

  /** The rows up to `rowsWritten` (from a message) that have not been released: none, one or two spans. */
  spans(rowsWritten: number): OutboxSpan[] {
    const available = (rowsWritten - this.count) | 0;
    const spans: OutboxSpan[] = [];
    for (let from = 0; from < available; ) {
      const entry = (this.count + from) & (this.capacity - 1);
      const count = Math.min(available - from, this.capacity - entry);
      spans.push({ bytes: this.bytes, start: OUTBOX_HEADER_BYTES + entry * OUTBOX_ENTRY_BYTES, count });
      from += count;
    }
    return spans;
  }

  /** Gives `rows` entries back to the shard and wakes it if it waits for space. */
  release(rows: number): void {
    this.count = (this.count + rows) | 0;
    Atomics.store(this.control, Control.ROWS_TAKEN, this.count);
    Atomics.notify(this.control, Control.ROWS_TAKEN);
  }
}
