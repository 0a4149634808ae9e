/** Rows that were taken from the shards, kept until the tick to which they belong has been delivered by every shard. */
export class RowQueue {
  /** By shard: rows of the tick that it works on, and of each tick that it has delivered. */
  readonly #open: Uint8Array[][];
  readonly #delivered: Uint8Array[][][];
  #orphans: Uint8Array[] = [];

  constructor(shards: number) {
    this.#open = Array.from({ length: shards }, () => []);
    this.#delivered = Array.from({ length: shards }, () => []);
  }

  add(shard: number, chunks: Uint8Array[]): void {
    this.#open[shard].push(...chunks);
  }

  /** The shard has delivered a tick: what came since the one before belongs to it. */
  close(shard: number): void {
    this.#delivered[shard].push(this.#open[shard]);
    this.#open[shard] = [];
  }

  /** The shard delivers no more: the flows behind its rows have ended all the same, so they go out with the next tick. */
  orphan(shard: number): void {
    this.#orphans.push(...this.#delivered[shard].flat(), ...this.#open[shard]);
    this.#delivered[shard] = [];
    this.#open[shard] = [];
  }

  /** Rows of the next tick of these shards, and those of the dead. */
  take(shards: number[]): Uint8Array[] {
    const chunks = [...this.#orphans, ...shards.flatMap((shard) => this.#delivered[shard].shift() ?? [])];
    this.#orphans = [];
    return chunks;
  }
}
