/**
 * Events of one kind and tick as rows over their entries, in their order: what most flows cause is read from here in one
 * loop per rule, and no object is made for it.
 */
import { B_SOURCE, B_TARGET } from './batch.ts';
import type { EntryReader } from './entry-reader.ts';

export class EventRows {
  readonly entries: EntryReader;
  count = 0;
  /** Byte offset of the entry. */
  readonly offsets: Int32Array;
  /** Stream time as which the event counts. */
  readonly times: Float64Array;
  /** What source and target are: flags of `AddressClass`. */
  readonly sources: Uint8Array;
  readonly targets: Uint8Array;
  /** Its number among the events of the tick: what a finding of it is ordered by. */
  readonly numbers: Int32Array;

  constructor(entries: EntryReader, most: number) {
    this.entries = entries;
    this.offsets = new Int32Array(most);
    this.times = new Float64Array(most);
    this.numbers = new Int32Array(most);
    this.sources = new Uint8Array(most);
    this.targets = new Uint8Array(most);
  }

  push(offset: number, at: number, number: number): void {
    const row = this.count++;
    const { entries } = this;
    this.offsets[row] = offset;
    this.times[row] = at;
    this.numbers[row] = number;
    this.sources[row] = entries.classOf(offset, B_SOURCE);
    this.targets[row] = entries.classOf(offset, B_TARGET);
  }
}
