/** Writes a shard's flow events of one tick into entries of `detect/batch.ts`, as many as a tick may have. */
import { ENTRY_BYTES } from '../detect/batch.ts';

const FIRST_ENTRIES = 256;
/** Flow events of one shard and tick: 9 MiB. What is beyond is counted. */
const MOST_ENTRIES = 65_536;

export class DetectEntries {
  f64 = new Float64Array((FIRST_ENTRIES * ENTRY_BYTES) >> 3);
  i32 = new Int32Array(this.f64.buffer);
  u16 = new Uint16Array(this.f64.buffer);
  u8 = new Uint8Array(this.f64.buffer);
  /** Events that found no room since the last `take`. */
  untold = 0;
  private count = 0;

  /** Byte offset of a fresh entry, all zeros; -1 when there is no room. */
  next(): number {
    if (this.count === MOST_ENTRIES) {
      this.untold++;
      return -1;
    }
    const at = this.count * ENTRY_BYTES;
    if (at + ENTRY_BYTES > this.u8.length) this.grow();
    this.count++;
    this.f64.fill(0, at >> 3, (at + ENTRY_BYTES) >> 3);
    return at;
  }

  /** What was written since the last call; its buffer is the caller's from now on. */
  take(): Uint8Array<ArrayBuffer> {
    const entries = this.u8.subarray(0, this.count * ENTRY_BYTES);
    this.count = 0;
    this.untold = 0;
    this.use(new Float64Array((FIRST_ENTRIES * ENTRY_BYTES) >> 3));
    return entries;
  }

  private grow(): void {
    const f64 = new Float64Array(this.f64.length * 2);
    f64.set(this.f64);
    this.use(f64);
  }

  private use(f64: Float64Array<ArrayBuffer>): void {
    this.f64 = f64;
    this.i32 = new Int32Array(f64.buffer);
    this.u16 = new Uint16Array(f64.buffer);
    this.u8 = new Uint8Array(f64.buffer);
  }
}
