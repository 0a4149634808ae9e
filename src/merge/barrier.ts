/**
 * Waits until every shard has delivered tick k. Shards deliver the same numbers in the same order, so one queue per
 * shard is enough: when every queue has a head, the heads are one tick.
 */
import type { TickMessage } from '../shard/protocol.ts';

export class TickBarrier {
  readonly #queues: (TickMessage[] | null)[];

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

  /** The messages of the next complete tick, by shard, or null. */
  next(): TickMessage[] | null {
    const group: TickMessage[] = [];
    for (const queue of this.#queues) {
      if (queue === null) continue;
      const head = queue[0];
      if (head === undefined) return null;
      group.push(head);
    }
    if (group.length === 0) return null;
    const first = group[0];
    for (const message of group) {
      if (message.tick !== first.tick)
        throw new Error(`shard ${message.shard} delivered tick ${message.tick}, shard ${first.shard} tick ${first.tick}`);
    }
    for (const queue of this.#queues) queue?.shift();
    return group;
  }
}
