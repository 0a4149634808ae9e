/** Writes a shard's flow events of one tick into entries of `detect/batch.ts`, as many as a tick may have. */

const FIRST_ENTRIES = 256;
/** Entries of one shard and tick: 5 MiB of moments, 9 MiB of ends. What is beyond is counted. */
const MOST_ENTRIES = 65_536;

export class DetectEntries {
  f64: Float64Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  u16: Uint16Array<ArrayBuffer>;
  u8: Uint8Array<ArrayBuffer>;
  /** Events that found no room since the last `take`. */
  untold = 0;
  count = 0;
  private readonly entryBytes: number;
  private room = FIRST_ENTRIES;

  /** `entryBytes`: a multiple of 8. */
  constructor(entryBytes: number) {
    this.entryBytes = entryBytes;
    this.f64 = new Float64Array((FIRST_ENTRIES * entryBytes) >> 3);
    this.i32 = new Int32Array(this.f64.buffer);
    this.u16 = new Uint16Array(this.f64.buffer);
    this.u8 = new Uint8Array(this.f64.buffer);
  }

  /** Byte offset of a fresh entry, all zeros; -1 when there is no room. */
  next(): number {
    if (this.count === this.room) {
      if (this.count === MOST_ENTRIES) {
        this.untold++;
        return -1;
      }
      this.grow();
    }
    return this.count++ * this.entryBytes;
  }

  /** What was written since the last call; its buffer is the caller's from now on. */
  take(): Uint8Array<ArrayBuffer> {
    const entries = this.u8.subarray(0, this.count * this.entryBytes);
    // The next tick is likely to be like this one.
    this.room = Math.min(MOST_ENTRIES, Math.max(FIRST_ENTRIES, this.count + (this.count >> 2)));
    this.count = 0;
    this.untold = 0;
    this.use(new Float64Array((this.room * this.entryBytes) >> 3));
    return entries;
  }

  private grow(): void {
    this.room = Math.min(MOST_ENTRIES, this.room * 2);
    const f64 = new Float64Array((this.room * this.entryBytes) >> 3);
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
