import { describe, expect, it } from 'vitest';
import { TickBarrier } from '../../../src/merge/barrier.ts';
import { RowQueue } from '../../../src/merge/row-queue.ts';
import { RunTotals } from '../../../src/merge/totals.ts';
import type { TickMessage } from '../../../src/shard/protocol.ts';

function tick(shard: number, number: number, extra: Partial<TickMessage> = {}): TickMessage {
  return {
    type: 'tick',
    shard,
    tick: number,
    streamNs: number * 1e9,
    ordinal: number,
    entriesWritten: 0,
    packets: 1,
    bytes: 100,
    flowsLive: 2,
    emergency: false,
    top: [],
    protocols: [6, 1, 100],
    applications: [],
    names: [],
    expectations: [],
    final: false,
    summary: [],
    detect: null,
    ...extra,
  };
}

describe('tick barrier', () => {
  it('releases a tick when the last shard has delivered it, in order', () => {
    const barrier = new TickBarrier(2);
    barrier.add(tick(0, 1));
    barrier.add(tick(0, 2));
    expect(barrier.next()).toBeNull();
    barrier.add(tick(1, 1));
    expect(barrier.next()?.map((message) => [message.shard, message.tick])).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(barrier.next()).toBeNull();
    barrier.add(tick(1, 2));
    expect(barrier.next()?.[1]?.tick).toBe(2);
  });

  it('does not wait for a shard that died', () => {
    const barrier = new TickBarrier(2);
    barrier.add(tick(0, 1));
    barrier.drop(1);
    expect(barrier.next()).toHaveLength(1);
  });

  it('refuses shards that disagree about the stream', () => {
    const barrier = new TickBarrier(2);
    barrier.add(tick(0, 1));
    barrier.add(tick(1, 3));
    expect(() => barrier.next()).toThrow(/shard 1 delivered tick 3, shard 0 tick 1/);
  });
});

describe('the successor of a dead shard', () => {
  const numbers = (barrier: TickBarrier) => barrier.next()?.map((message) => [message.shard, message.tick]);

  it('may miss the tick that the dead one had begun', () => {
    const barrier = new TickBarrier(2);
    barrier.replace(1);
    barrier.add(tick(0, 4));
    barrier.add(tick(1, 5));
    expect(numbers(barrier)).toEqual([[0, 4]]);
    barrier.add(tick(0, 5));
    expect(numbers(barrier)).toEqual([
      [0, 5],
      [1, 5],
    ]);
    barrier.add(tick(0, 6));
    barrier.add(tick(1, 7));
    expect(() => barrier.next()).toThrow(/shard 1 delivered tick 7/);
  });

  it('ends with the others, whatever number it found for its end', () => {
    const barrier = new TickBarrier(2);
    barrier.replace(0);
    barrier.add(tick(0, 1, { final: true, streamNs: 0 }));
    barrier.add(tick(1, 8));
    expect(numbers(barrier)).toEqual([[1, 8]]);
    barrier.add(tick(1, 9, { final: true }));
    const group = barrier.next()!;
    expect(new RunTotals(10).merge(group, 0)).toMatchObject({ tick: 9, streamNs: 9e9, final: true });
  });
});

describe('rows that wait for their tick', () => {
  const rows = (...bytes: number[]) => bytes.map((byte) => Uint8Array.of(byte));
  /** Outboxes that hold a row per entry: its shard in the tens, its number in the ones. */
  const outboxes = () => {
    const taken = [0, 0];
    const take = (shard: number, entriesWritten: number) => {
      const count = entriesWritten - taken[shard];
      return rows(...Array.from({ length: count }, () => 10 * shard + ++taken[shard]));
    };
    return { taken, take };
  };

  it('leave with it', () => {
    const queue = new RowQueue(2, outboxes().take);
    queue.offer(0, 1);
    queue.close(0);
    queue.offer(0, 2);
    queue.offer(1, 2);
    queue.close(1);
    expect(queue.take([0, 1])).toEqual(rows(1, 11, 12));
    queue.close(0);
    expect(queue.take([0])).toEqual(rows(2));
  });

  it('leave with the next one when their shard has died', () => {
    const queue = new RowQueue(2, outboxes().take);
    queue.offer(1, 1);
    queue.close(1);
    queue.offer(1, 2);
    queue.orphan(1);
    queue.offer(0, 1);
    queue.close(0);
    expect(queue.take([0])).toEqual(rows(11, 12, 1));
    expect(queue.take([])).toEqual([]);
  });

  it('stay in the outbox while a tick is handed over and many wait already; none is lost or left', () => {
    const { taken, take } = outboxes();
    const queue = new RowQueue(2, take, 3);
    queue.offer(0, 3, true);
    queue.close(0);
    queue.offer(0, 5, true);
    queue.offer(1, 1, true);
    expect(taken).toEqual([3, 0]);
    expect(queue.take([0])).toEqual(rows(1, 2, 3));
    queue.resume();
    expect(taken).toEqual([5, 1]);
    queue.close(0);
    queue.close(1);
    expect(queue.take([0, 1])).toEqual(rows(4, 5, 11));
  });

  it('are always taken when no tick is under way, and when their shard has died', () => {
    const { taken, take } = outboxes();
    const queue = new RowQueue(2, take, 1);
    queue.offer(0, 4, false);
    queue.offer(1, 2, true);
    expect(taken).toEqual([4, 0]);
    queue.orphan(1);
    expect(taken).toEqual([4, 2]);
    expect(queue.take([])).toEqual(rows(11, 12));
  });
});

describe('run totals', () => {
  it('adds ticks up, whichever shard a packet fell on', () => {
    const totals = new RunTotals(1000);
    const merged = totals.merge(
      [tick(0, 1, { protocols: [6, 3, 300, 17, 1, 60] }), tick(1, 1, { protocols: [17, 2, 900], final: true })],
      5,
    );
    expect(merged).toMatchObject({ packets: 2, bytes: 200, flowsLive: 4, final: false });
    expect(totals.protocols()).toEqual([
      { protocol: 17, packets: 3, bytes: 960 },
      { protocol: 6, packets: 3, bytes: 300 },
    ]);
  });

  it('never gives more live flows than there may be at once, though shards count at different moments', () => {
    const live = (limit: number) => new RunTotals(limit).merge([tick(0, 1, { flowsLive: 6 }), tick(1, 1, { flowsLive: 5 })], 0).flowsLive;
    expect([live(100), live(10)]).toEqual([11, 10]);
  });

  it('keeps the largest flows of the tick, over all shards', () => {
    const totals = new RunTotals(1000);
    const flow = (deltaBytes: number) => ({ row: new Uint8Array(384), note: '', deltaBytes, deltaPackets: 1 });
    const merged = totals.merge([tick(0, 1, { top: [flow(5), flow(1)] }), tick(1, 1, { top: [flow(9), flow(3)] })], 2);
    expect(merged.top.map((item) => item.deltaBytes)).toEqual([9, 5]);
  });
});
