/**
 * The hash index of a flow table: (hash, slot + 1) pairs in one array, open addressing with linear probing. A pair
 * is removed by shifting its followers back, so there are no tombstones and probes stay short for ever. The hash is
 * keyed, so nobody outside can choose where a flow goes; the probe bound is a last resort that is counted.
 */

/** With a random hash and at most half the places taken, one probe in 10^15 is longer. */
export const PROBE_LIMIT = 128;

export class FlowIndex {
  /** entries[2i] = hash, entries[2i + 1] = slot + 1, 0 = empty. */
  readonly entries: Int32Array;
  readonly mask: number;
  probeMax = 0;

  /** At least two places per row, so that at most half are taken. */
  constructor(rows: number) {
    let places = 16;
    while (places < 2 * rows) places *= 2;
    this.entries = new Int32Array(2 * places);
    this.mask = places - 1;
  }

  /** False when the probe bound was reached. */
  insert(hash: number, slot: number): boolean {
    const { entries, mask } = this;
    let at = hash & mask;
    for (let probe = 1; probe <= PROBE_LIMIT; probe++) {
      if (entries[2 * at + 1] === 0) {
        entries[2 * at] = hash;
        entries[2 * at + 1] = slot + 1;
        if (probe > this.probeMax) this.probeMax = probe;
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
      if (((at - (entries[2 * at]! & mask)) & mask) < ((at - hole) & mask)) continue;
      entries[2 * hole] = entries[2 * at]!;
      entries[2 * hole + 1] = entries[2 * at + 1]!;
      hole = at;
    }
    entries[2 * hole + 1] = 0;
  }

  get bytes(): number {
    return this.entries.byteLength;
  }
}
