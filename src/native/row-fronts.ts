/** Fronts of rules: what detection and the addon say to each other. */
import type { WalkRows } from './tick-walk.ts';

/** A front as the addon takes it; `src/detect/row-front.ts` says what each part means. `null`: none, or any. */
export interface NativeFront {
  readonly kind: number;
  readonly accepted: boolean;
  readonly protocols: Uint8Array | null;
  readonly ports: Uint8Array | null;
  readonly labelled: boolean;
  readonly sourceMask: number;
  readonly sourceIs: number;
  readonly targetMask: number;
  readonly targetIs: number;
  readonly leastNs: number;
  readonly belowNs: number;
  readonly belowBytes: number;
  readonly began: Float64Array | null;
  readonly learnNs: number;
  readonly table: NativeTable | null;
  readonly heavy: Uint8Array | null;
  readonly words: Int32Array | null;
  readonly numbers: Float64Array | null;
  readonly sums: Float64Array | null;
  readonly limit: number;
}

/** The memory of a table of keys. */
export interface NativeTable {
  readonly rows: Int32Array;
  readonly heads: Int32Array;
  readonly state: Int32Array;
  readonly secrets: Int32Array;
  readonly most: number;
}

/** Goes through rows of one kind of event (`native/detect/row_fronts.h`). Throws TypeError for memory of another kind. */
export interface RowFronts {
  /** `entries` are those that the rows are about; both must not change until `next` has said -1. */
  begin(entries: Uint8Array, rows: WalkRows, count: number): void;
  /** The next row that the rule of some front has to see, -1 = no more; which ones stands in the mask. */
  next(): number;
}
