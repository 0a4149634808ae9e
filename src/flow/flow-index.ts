/**
 * The hash index of a flow table: (hash, slot + 1) pairs in one array, open addressing with linear probing. A pair
 * is removed by shifting its followers back, so there are no tombstones and probes stay short for ever. The hash is
 * keyed, so nobody outside can choose where a flow goes; the probe bound is a last resort that is counted.
 *
 * The array doubles when half of it is taken, so that a small table keeps its index in the cache.
 */

import type { MemoryAdvice } from './store.ts';
import { TableWord } from './table-words.ts';

const { INDEX_TAKEN, PROBE_MAX } = TableWord;

/** With a random hash and at most half the places taken, one probe in 10^15 is longer. */
export const PROBE_LIMIT = 128;

const FIRST_PLACES = 4096;

export class FlowIndex {
  private readonly advise: MemoryAdvice;
  /** entries[2i] = hash, entries[2i + 1] = slot + 1, 0 = empty. */
  entries = new Int32Array(2 * FIRST_PLACES);
  mask = FIRST_PLACES - 1;
  private readonly words: Int32Array;

  constructor(advise: MemoryAdvice, words: Int32Array) {
    this.words = words;
    this.advise = advise;
  }

  /** False when the probe bound was reached. */
  insert(hash: number, slot: number): boolean {
    const { words } = this;
    if (2 * words[INDEX_TAKEN] > this.mask) this.grow();
    const { entries, mask } = this;
    let at = hash & mask;
    for (let probe = 1; probe <= PROBE_LIMIT; probe++) {
      if (entries[2 * at + 1] === 0) {
        entries[2 * at] = hash;
        entries[2 * at + 1] = slot + 1;
        words[INDEX_TAKEN] = words[INDEX_TAKEN] + 1;
        if (probe > words[PROBE_MAX]) words[PROBE_MAX] = probe;
        return true;
      }
      at = (at + 1) & mask;
    }
    return false;
  }

  remove(hash: number, slot: number): void {
    const { entries, mask } = this;
    let hole = hash & mask;
    while (entries[2 * hole + 1] !== slot + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; entries[2 * at + 1] !== 0; at = (at + 1) & mask) {
      // A pair may move back to the hole unless its own place lies between the hole and itself.
      if (((at - (entries[2 * at] & mask)) & mask) < ((at - hole) & mask)) continue;
      entries[2 * hole] = entries[2 * at]!;
      entries[2 * hole + 1] = entries[2 * at + 1]!;
      hole = at;
    }
    entries[2 * hole + 1] = 0;
    this.words[INDEX_TAKEN] = this.words[INDEX_TAKEN] - 1;
  }

  private grow(): void {
    const old = this.entries;
    const places = 2 * (this.mask + 1);
    this.entries = new Int32Array(2 * places);
    this.advise.random(new Uint8Array(this.entries.buffer));
    // Nearly every page gets a pair. One that is read before it is written would cost much more (native/base/untouched_memory.h).
    this.entries.fill(0);
    this.mask = places - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      let at = old[i] & this.mask;
      while (this.entries[2 * at + 1] !== 0) at = (at + 1) & this.mask;
      this.entries[2 * at] = old[i]!;
      this.entries[2 * at + 1] = old[i + 1]!;
    }
    this.advise.unused(new Uint8Array(old.buffer));
  }

  get probeMax(): number {
    return this.words[PROBE_MAX];
  }

  get bytes(): number {
    return this.entries.byteLength;
  }
}
