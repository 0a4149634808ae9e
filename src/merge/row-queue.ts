/**
 * Rows that were taken from the shards, kept until the tick to which they belong has been delivered by every shard.
 *
 * While a tick is being handed to the outputs, at most `MOST_BYTES` are taken ahead of it; then the rows stay in the
 * shards' outboxes. A shard of a replay waits for its outbox, one of a live capture gives rows up after a while and counts
 * them. Nothing is left there while no tick is under way: a shard may need its outbox for the very tick that is awaited.
 */
const MOST_BYTES = 64 * 1024 * 1024;

/** Copies rows out of a shard's outbox, up to an entry that was ever written. */
export type TakeRows = (shard: number, entriesWritten: number) => Uint8Array[];

const sizeOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

export class RowQueue {
  /** By shard: rows of the tick that it works on, and of each tick that it has delivered. */
  readonly #open: Uint8Array[][];
  readonly #delivered: Uint8Array[][][];
  /** By shard: up to which entry rows wait in its outbox; null = none do. */
  readonly #waiting: (number | null)[];
  readonly #takeRows: TakeRows;
  readonly #most: number;
  #orphans: Uint8Array[] = [];
  #bytes = 0;

  constructor(shards: number, takeRows: TakeRows, most = MOST_BYTES) {
    this.#open = Array.from({ length: shards }, () => []);
    this.#delivered = Array.from({ length: shards }, () => []);
    this.#waiting = Array.from({ length: shards }, () => null);
    this.#takeRows = takeRows;
    this.#most = most;
  }

  /** Rows up to `entriesWritten` can be taken; `isBusy`: a tick is being handed to the outputs. */
  offer(shard: number, entriesWritten: number, isBusy = false): void {
    if (isBusy && this.#bytes >= this.#most) {
      this.#waiting[shard] = entriesWritten;
      return;
    }
    this.#waiting[shard] = null;
    const chunks = this.#takeRows(shard, entriesWritten);
    this.#open[shard].push(...chunks);
    this.#bytes += sizeOf(chunks);
  }

  /** Takes what had to wait: a tick has been handed over. */
  resume(): void {
    for (const [shard, entries] of this.#waiting.entries()) if (entries !== null) this.offer(shard, entries);
  }

  /** The shard has delivered a tick: what came since the one before belongs to it. */
  close(shard: number): void {
    this.#delivered[shard].push(this.#open[shard]);
    this.#open[shard] = [];
  }

  /** The shard delivers no more: the flows behind its rows have ended all the same, so they go out with the next tick. */
  orphan(shard: number): void {
    const entries = this.#waiting[shard];
    if (entries !== null) this.offer(shard, entries);
    this.#orphans.push(...this.#delivered[shard].flat(), ...this.#open[shard]);
    this.#delivered[shard] = [];
    this.#open[shard] = [];
  }

  /** Rows of the next tick of these shards, and those of the dead. */
  take(shards: number[]): Uint8Array[] {
    const chunks = [...this.#orphans, ...shards.flatMap((shard) => this.#delivered[shard].shift() ?? [])];
    this.#orphans = [];
    this.#bytes -= sizeOf(chunks);
    return chunks;
  }
}
