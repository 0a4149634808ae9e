/**
 * Waits until every shard has delivered tick k. Shards deliver the same numbers in the same order, so one queue per
 * shard is enough: when every queue has a head, the heads are one tick.
 *
 * The successor of a dead shard is the exception. A tick that the dead one had begun is lost with it, so the successor
 * may begin behind the others' tick; and when that was the last one, it has only an end of its own to deliver.
 */
import type { TickMessage } from '../shard/protocol.ts';

export class TickBarrier {
  readonly #queues: (TickMessage[] | null)[];
  /** Shards with a successor that has not met the others at a tick yet. */
  readonly #replaced = new Set<number>();

  constructor(shards: number) {
    this.#queues = Array.from({ length: shards }, () => []);
  }

  add(message: TickMessage): void {
    this.#queues[message.shard]?.push(message);
  }

  /** A shard that died delivers no more; what it had delivered of unfinished ticks is given up with it. */
  drop(shard: number): void {
    this.#queues[shard] = null;
  }

  /** A shard that died has a successor; what the dead one had delivered stands. */
  replace(shard: number): void {
    this.#replaced.add(shard);
  }

  /** True when no shard is left that could deliver anything. */
  get isAbandoned(): boolean {
    return this.#queues.every((queue) => queue === null);
  }

  /** The messages of the next complete tick, by shard, or null. */
  next(): TickMessage[] | null {
    const heads: TickMessage[] = [];
    for (const queue of this.#queues) {
      if (queue === null) continue;
      const head = queue[0];
      if (head === undefined) return null;
      heads.push(head);
    }
    if (heads.length === 0) return null;
    const lowest = Math.min(...heads.map(place));
    const group = heads.filter((head) => place(head) === lowest);
    for (const head of heads) {
      if (place(head) !== lowest && !this.#replaced.has(head.shard))
        throw new Error(`shard ${head.shard} delivered tick ${head.tick}, shard ${group[0].shard} tick ${group[0].tick}`);
    }
    for (const { shard } of group) {
      this.#queues[shard]?.shift();
      if (heads.length === group.length) this.#replaced.delete(shard);
    }
    return group;
  }
}

/** Where a tick stands in the order of ticks: the last one is the last, whatever number a shard found for it. */
function place({ tick, final }: TickMessage): number {
  return final ? Number.POSITIVE_INFINITY : tick;
}
