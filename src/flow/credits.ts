/**
 * The global bound on live flows. One Int32 shared by all shards holds the flows that may still be opened; a shard
 * takes and returns them in blocks, so that opening a flow is a local decrement. Never more than `maxFlows` are out.
 */

/** Small enough that an idle shard keeps little from the others, large enough that the shared word is rarely touched. */
export function creditBlock(maxFlows: number, shards: number): number {
  return Math.min(256, Math.max(1, Math.floor(maxFlows / (shards * 16))));
}

export class CreditLease {
  private readonly shared: Int32Array;
  private readonly block: number;
  private local = 0;

  constructor(shared: SharedArrayBuffer, block: number) {
    this.shared = new Int32Array(shared);
    this.block = block;
  }

  /** Takes the right to one more live flow; false when none is left anywhere. */
  take(): boolean {
    if (this.local === 0 && !this.lease()) return false;
    this.local--;
    return true;
  }

  /** Returns the right of a flow that ended. */
  give(): void {
    this.local++;
    if (this.local >= 2 * this.block) {
      this.local -= this.block;
      Atomics.add(this.shared, 0, this.block);
    }
  }

  /** Returns everything that this shard holds and does not use. */
  close(): void {
    Atomics.add(this.shared, 0, this.local);
    this.local = 0;
  }

  /** Flows that may still be opened, in all shards, leaving out what the others have leased and not used. */
  get available(): number {
    return Atomics.load(this.shared, 0) + this.local;
  }

  private lease(): boolean {
    for (;;) {
      const left = Atomics.load(this.shared, 0);
      if (left <= 0) return false;
      const wanted = Math.min(left, this.block);
      if (Atomics.compareExchange(this.shared, 0, left, left - wanted) === left) {
        this.local = wanted;
        return true;
      }
    }
  }
}
