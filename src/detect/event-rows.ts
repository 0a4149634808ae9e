/**
 * Events of one kind and tick as rows over their entries, in their order: what most flows cause is read from here, and no
 * object is made for it.
 */
import { B_SOURCE, B_TARGET } from './batch.ts';
import type { EntryReader } from './entry-reader.ts';
import { roomFor } from './scratch.ts';

export class EventRows {
  entries: EntryReader;
  count = 0;
  /** Byte offset of the entry. */
  offsets!: Int32Array;
  /** Stream time as which the event counts. */
  times!: Float64Array;
  /** What source and target are: flags of `AddressClass`, 0 = not known yet. */
  sources!: Uint8Array;
  targets!: Uint8Array;
  /** There may be rows of which that is not known. */
  hasUnknown = false;
  /** Its number among the events of the tick: what a finding of it is ordered by. */
  numbers!: Int32Array;

  constructor(entries: EntryReader, most: number) {
    this.entries = entries;
    this.makeRoom(most);
  }

  /** No rows, of other entries; the memory is used again. */
  begin(entries: EntryReader): void {
    this.entries = entries;
    this.count = 0;
    this.hasUnknown = false;
    if (this.offsets.length < entries.count) this.makeRoom(roomFor(entries.count));
  }

  push(offset: number, at: number, number: number): void {
    const { entries } = this;
    this.pushAs(offset, at, number, entries.classOf(offset, B_SOURCE), entries.classOf(offset, B_TARGET));
  }

  /** The same of an entry that may be the last one in `twin` too: then it is known there what source and target are. */
  pushBeside(twin: EventRows, offset: number, at: number, number: number): void {
    const last = twin.count - 1;
    if (last < 0 || twin.offsets[last] !== offset) this.push(offset, at, number);
    else this.pushAs(offset, at, number, twin.sources[last], twin.targets[last]);
  }

  /** Finds out what source and target are where that is not known yet. */
  classify(): void {
    if (!this.hasUnknown) return;
    this.hasUnknown = false;
    const { entries, offsets, sources, targets } = this;
    for (let row = 0; row < this.count; row++) {
      if (sources[row] === 0) sources[row] = entries.classOf(offsets[row], B_SOURCE);
      if (targets[row] === 0) targets[row] = entries.classOf(offsets[row], B_TARGET);
    }
  }

  private makeRoom(most: number): void {
    this.offsets = new Int32Array(most);
    this.times = new Float64Array(most);
    this.numbers = new Int32Array(most);
    this.sources = new Uint8Array(most);
    this.targets = new Uint8Array(most);
  }

  private pushAs(offset: number, at: number, number: number, source: number, target: number): void {
    const row = this.count++;
    this.offsets[row] = offset;
    this.times[row] = at;
    this.numbers[row] = number;
    this.sources[row] = source;
    this.targets[row] = target;
  }
}

export type RowHandler = (rows: EventRows, row: number) => void;

/** Events that one call goes through. One that went on for thousands would be compiled while it runs, and once more for the next tick. */
export const TURN = 128;

export const ignoreRow: RowHandler = () => {};

/**
 * Shows all rows to all handlers: row by row and not handler by handler, so that an entry is read by each of them while
 * the processor has it at hand. `onThrow` gets the place of a handler that threw, which sees no more.
 */
export function showRows(rows: EventRows, handlers: RowHandler[], onThrow: (place: number, error: unknown) => void): void {
  const next = { row: 0, place: 0 };
  while (next.row < rows.count) {
    try {
      showUntil(Math.min(rows.count, next.row + TURN), rows, handlers, next);
    } catch (error) {
      onThrow(next.place, error);
      handlers[next.place++] = ignoreRow;
    }
  }
}

function showUntil(end: number, rows: EventRows, handlers: readonly RowHandler[], next: { row: number; place: number }): void {
  for (; next.row < end; next.row++) {
    for (; next.place < handlers.length; next.place++) handlers[next.place](rows, next.row);
    next.place = 0;
  }
}
