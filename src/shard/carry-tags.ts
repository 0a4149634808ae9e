/** Tells capture threads which flows are done, so that they carry no more of their bytes (`native/capture/carry_gate.h`). */
import { R_FRAG_OFF, R_HASH_HI, R_HASH_LO } from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';

export class CarryTags {
  private readonly tags: Int32Array;

  constructor(tags: SharedArrayBuffer) {
    this.tags = new Int32Array(tags);
  }

  /** Nobody wants more bytes of the record's flow. */
  set(rec: RingReader, o: number): void {
    const generation = rec.u16[(o + R_FRAG_OFF) >> 1];
    if (generation === 0) return;
    const at = rec.i32[(o + R_HASH_LO) >> 2] & (this.tags.length - 1);
    Atomics.store(this.tags, at, (rec.i32[(o + R_HASH_HI) >> 2] & 0xffff_0000) | generation);
  }
}
