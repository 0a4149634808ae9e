/** Tells capture threads which flows are done, so that they carry no more of their bytes (`native/capture/carry_gate.h`). */
import { RowFlag } from '../flow/row.ts';
import { R_FRAG_OFF, R_HASH_HI, R_HASH_LO } from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';

/** Of a row's flags: nobody wants more bytes of the flow, or of a side. */
export const NOT_WANTED = RowFlag.APP_DONE | RowFlag.APP_FULL_A | RowFlag.APP_FULL_B;
const BOTH = 3;

export class CarryTags {
  private readonly tags: Int32Array;

  constructor(tags: SharedArrayBuffer) {
    this.tags = new Int32Array(tags);
  }

  /** `flags`: of the record's flow, which say what is not wanted of it. */
  set(rec: RingReader, o: number, flags: number): void {
    const generation = rec.u16[(o + R_FRAG_OFF) >> 1];
    if (generation === 0) return;
    const at = rec.i32[(o + R_HASH_LO) >> 2] & (this.tags.length - 1);
    const sides = (flags & RowFlag.APP_DONE) !== 0 ? BOTH : (flags & NOT_WANTED) / RowFlag.APP_FULL_A;
    Atomics.store(this.tags, at, (rec.i32[(o + R_HASH_HI) >> 2] & 0xffff_0000) | (generation << 2) | sides);
  }
}
