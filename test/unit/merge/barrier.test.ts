import { describe, expect, it } from 'vitest';
import { TickBarrier } from '../../../src/merge/barrier.ts';
import { RunTotals } from '../../../src/merge/totals.ts';
import type { TickMessage } from '../../../src/shard/protocol.ts';

function tick(shard: number, number: number, extra: Partial<TickMessage> = {}): TickMessage {
  return {
    type: 'tick',
    shard,
    tick: number,
    streamNs: number * 1e9,
    ordinal: number,
    rowsWritten: 0,
    packets: 1,
    bytes: 100,
    flowsLive: 2,
    emergency: false,
    top: [],
    protocols: [6, 1, 100],
    final: false,
    summary: [],
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

describe('run totals', () => {
  it('adds ticks up, whichever shard a packet fell on', () => {
    const totals = new RunTotals();
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

  it('keeps the largest flows of the tick, over all shards', () => {
    const totals = new RunTotals();
    const flow = (deltaBytes: number) => ({ row: new Uint8Array(384), deltaBytes, deltaPackets: 1 });
    const merged = totals.merge([tick(0, 1, { top: [flow(5), flow(1)] }), tick(1, 1, { top: [flow(9), flow(3)] })], 2);
    expect(merged.top.map((item) => item.deltaBytes)).toEqual([9, 5]);
  });
});
