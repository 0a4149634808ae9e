/**
 * The way of flow rows from a shard to the sensor: a ring of fixed-size entries with one writer and one reader. A row
 * with a note takes several entries, which are published together and may go on at the start of the ring.
 *
 *   control[ENTRIES_TAKEN] ─────▶ control[ENTRIES_WRITTEN]      both count entries, mod 2^32; entry = count & (capacity - 1)
 *
 * The writer stores ENTRIES_WRITTEN with Atomics (release) after the entry; the reader loads it (acquire), copies, and
 * stores ENTRIES_TAKEN (release) and notifies: the writer may be waiting on that word for space.
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
  readonly bytes: Uint8Array;
  private readonly control: Int32Array;
  private readonly capacity: number;
  /** Entries ever written, mod 2^32 as int32. */
  private count: number;

  constructor(outbox: SharedArrayBuffer, control: SharedArrayBuffer) {
    this.i32 = new Int32Array(outbox);
    this.f64 = new Float64Array(outbox);
    this.bytes = new Uint8Array(outbox);
    this.control = new Int32Array(control);
    this.capacity = outboxCapacity(outbox);
    this.count = Atomics.load(this.control, Control.ENTRIES_WRITTEN);
  }

  /** Byte offset of the next entry when `entries` of them are free; -1 while they are not. */
  reserve(entries: number): number {
    const taken = Atomics.load(this.control, Control.ENTRIES_TAKEN);
    if (((this.count - taken) | 0) + entries > this.capacity) return -1;
    return this.offsetOf(0);
  }

  /** Byte offset of the `index`th entry that `reserve` gave out. */
  offsetOf(index: number): number {
    return OUTBOX_HEADER_BYTES + ((this.count + index) & (this.capacity - 1)) * OUTBOX_ENTRY_BYTES;
  }

  /** Publishes the entries that `reserve` gave out. */
  publish(entries: number): void {
    this.count = (this.count + entries) | 0;
    Atomics.store(this.control, Control.ENTRIES_WRITTEN, this.count);
  }

  /** Entries ever written, mod 2^32. */
  get entriesWritten(): number {
    return this.count >>> 0;
  }

  /** Entries ever taken, as int32: the value of the word to wait on when `reserve` returned -1. */
  get taken(): number {
    return Atomics.load(this.control, Control.ENTRIES_TAKEN);
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
    this.count = Atomics.load(this.control, Control.ENTRIES_TAKEN);
  }

  /** The entries up to `entriesWritten` (from a message) that have not been released: none, one or two spans. */
  spans(entriesWritten: number): OutboxSpan[] {
    const available = (entriesWritten - this.count) | 0;
    const spans: OutboxSpan[] = [];
    for (let from = 0; from < available; ) {
      const entry = (this.count + from) & (this.capacity - 1);
      const count = Math.min(available - from, this.capacity - entry);
      spans.push({ bytes: this.bytes, start: OUTBOX_HEADER_BYTES + entry * OUTBOX_ENTRY_BYTES, count });
      from += count;
    }
    return spans;
  }

  /** Gives entries back to the shard and wakes it if it waits for space. */
  release(entries: number): void {
    this.count = (this.count + entries) | 0;
    Atomics.store(this.control, Control.ENTRIES_TAKEN, this.count);
    Atomics.notify(this.control, Control.ENTRIES_TAKEN);
  }
}
