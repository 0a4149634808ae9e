/**
 * The global bound on live flows. One Int32 shared by all shards holds the flows that may still be opened; a shard
 * takes and returns them in blocks, so that opening a flow is a local decrement. Never more than `maxFlows` are out.
 *
 *   word 0: free │ word 1 + n: leased by shard n, its flows included; only that shard writes it, while it lives
 */
import { TableWord } from './table-words.ts';

/** Small enough that an idle shard keeps little from the others, large enough that the shared word is rarely touched. */
export function creditBlock(maxFlows: number, shards: number): number {
  return Math.min(256, Math.max(1, Math.floor(maxFlows / (shards * 16))));
}

/** Memory for the credits of `shards` shards, all of them free. */
export function createCredits(maxFlows: number, shards: number): SharedArrayBuffer {
  const credits = new SharedArrayBuffer(4 * (1 + shards));
  new Int32Array(credits)[0] = maxFlows;
  return credits;
}

/** A shard has died: what it had leased is free again. After its thread has ended. */
export function reclaimCredits(credits: SharedArrayBuffer, shard: number): void {
  const words = new Int32Array(credits);
  Atomics.add(words, 0, Atomics.exchange(words, 1 + shard, 0));
}

const { CREDITS } = TableWord;

export class CreditLease {
  private readonly shared: Int32Array;
  private readonly block: number;
  /** The word of what this shard has leased. */
  private readonly leased: number;
  private readonly words: Int32Array;

  /** `words`: of the shard's table. */
  constructor(shared: SharedArrayBuffer, block: number, shard: number, words: Int32Array) {
    this.words = words;
    this.shared = new Int32Array(shared);
    this.block = block;
    this.leased = 1 + shard;
  }

  /** Takes the right to one more live flow; false when none is left anywhere. */
  take(): boolean {
    if (this.local === 0 && !this.lease()) return false;
    this.local -= 1;
    return true;
  }

  /** Returns the right of a flow that ended. */
  give(): void {
    this.local += 1;
    if (this.local >= 2 * this.block) this.free(this.block);
  }

  /** Returns everything that this shard holds and does not use. */
  close(): void {
    this.free(this.local);
  }

  /** Flows that may still be opened, in all shards, leaving out what the others have leased and not used. */
  get available(): number {
    return Atomics.load(this.shared, 0) + this.local;
  }

  /** The lease shrinks first: should the thread die between the two steps, credits are lost rather than given out twice. */
  private free(credits: number): void {
    this.local -= credits;
    Atomics.sub(this.shared, this.leased, credits);
    Atomics.add(this.shared, 0, credits);
  }

  private get local(): number {
    return this.words[CREDITS];
  }

  private set local(credits: number) {
    this.words[CREDITS] = credits;
  }

  private lease(): boolean {
    for (;;) {
      const left = Atomics.load(this.shared, 0);
      if (left <= 0) return false;
      const wanted = Math.min(left, this.block);
      if (Atomics.compareExchange(this.shared, 0, left, left - wanted) === left) {
        Atomics.add(this.shared, this.leased, wanted);
        this.local = wanted;
        return true;
      }
    }
  }
}
