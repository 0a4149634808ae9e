/**
 * The order of exports on exit: total bytes descending, then first packet time, then flow id. Keys lie in columns, so
 * that sorting compares numbers and touches no row.
 */
import { type FlowIdContext, flowIdWords } from '../flow/flow-id.ts';
import { F_BYTES_A, F_BYTES_B, F_FIRST_ORDINAL, F_FIRST_SEEN } from '../flow/row.ts';
import type { RowView } from '../flow/row-view.ts';

/** Comparisons with NaN have no order; a row never holds one, but the sort must not depend on that. */
function ordered(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

export class SortKeys {
  readonly #bytes: Float64Array;
  readonly #first: Float64Array;
  readonly #ordinal: Float64Array;
  readonly #idHigh: Uint32Array;
  readonly #idLow: Uint32Array;

  constructor(size: number) {
    this.#bytes = new Float64Array(size);
    this.#first = new Float64Array(size);
    this.#ordinal = new Float64Array(size);
    this.#idHigh = new Uint32Array(size);
    this.#idLow = new Uint32Array(size);
  }

  /** Takes the keys of the entry at `offset` as number `index`. */
  set(index: number, row: RowView, offset: number, context: FlowIdContext): void {
    const { view } = row;
    const id = flowIdWords(row, offset, context);
    this.#bytes[index] = ordered(view.getFloat64(offset + F_BYTES_A, true) + view.getFloat64(offset + F_BYTES_B, true));
    this.#first[index] = ordered(view.getFloat64(offset + F_FIRST_SEEN, true));
    this.#ordinal[index] = ordered(view.getFloat64(offset + F_FIRST_ORDINAL, true));
    this.#idHigh[index] = id.high;
    this.#idLow[index] = id.low;
  }

  /** Negative when entry `a` comes first. The ordinal decides only between equal ids, which a run does not have. */
  compare(a: number, b: number): number {
    const more = this.#bytes[b] - this.#bytes[a];
    if (more !== 0 && !Number.isNaN(more)) return more;
    const later = this.#first[a] - this.#first[b];
    if (later !== 0 && !Number.isNaN(later)) return later;
    const high = this.#idHigh[a] - this.#idHigh[b];
    if (high !== 0) return high;
    const low = this.#idLow[a] - this.#idLow[b];
    if (low !== 0) return low;
    return this.#ordinal[a] - this.#ordinal[b] || 0;
  }
}
