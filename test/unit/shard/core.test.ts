import { describe, expect, it } from 'vitest';
import { ROW_BYTES } from '../../../src/flow/row.ts';
import { createRing } from '../../../src/ring/create.ts';
import {
  R_RING_SEQ,
  RING_AT_CAPACITY,
  RING_AT_GENERATION,
  RING_AT_MAGIC,
  RING_AT_READ_POS,
  RING_AT_WRITE_POS,
  RING_HEADER_BYTES,
} from '../../../src/ring/layout.ts';
import { RingReader } from '../../../src/ring/reader.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { type Packet, RingBuilder, UDP } from '../flow/records.ts';
import { Rig } from './rig.ts';

const udp = (t: number, src: number, more: Partial<Packet> = {}): Packet => ({
  t,
  protocol: UDP,
  src,
  dst: 99,
  sport: 1,
  dport: 2,
  ...more,
});

describe('ring reader', () => {
  it('refuses memory that is no ring of this layout', () => {
    const broken = (word: number, value: number) => {
      const ring = createRing(4096);
      new Uint32Array(ring.buffer)[word >> 2] = value;
      return () => new RingReader(ring);
    };
    expect(broken(RING_AT_MAGIC, 1)).toThrow('magic');
    expect(broken(RING_AT_CAPACITY, 8192)).toThrow('shorter');
    expect(() => createRing(5000)).toThrow('power of two');
  });

  it('counts the readers that attached', () => {
    const ring = createRing(4096);
    const readers = [new RingReader(ring), new RingReader(ring)];
    expect(readers).toHaveLength(2);
    expect(new Uint32Array(ring.buffer)[RING_AT_GENERATION >> 2]).toBe(2);
  });

  it('goes round the ring many times, over pads', () => {
    const ring = new RingBuilder(4096);
    const rig = new Rig([ring.ring]);
    for (let i = 0; i < 500; i++) {
      ring.packet(udp(i / 1000, 1 + (i % 7), { sack: i % 3 === 0 ? [[1, 2]] : [] }));
      if (i % 11 === 0) rig.run();
    }
    ring.end(1, 1);
    rig.run();
    expect([rig.count(ShardCounter.DEQUEUED), rig.ticks.length, ring.unread]).toEqual([500, 1, 0]);
  });

  it('stops at a record out of sequence', () => {
    const ring = new RingBuilder().packet(udp(0, 1));
    new Uint32Array(ring.ring.buffer)[(RING_HEADER_BYTES + R_RING_SEQ) >> 2] = 5;
    expect(() => new Rig([ring.ring]).run()).toThrow('ring is broken');
  });

  it('lets a successor go on where the dead reader had released', () => {
    const ring = new RingBuilder().packets(udp(0, 1), udp(0, 2));
    new Rig([ring.ring]).run();
    ring.packet(udp(1, 3)).end(1, 2);
    const words = new Uint32Array(ring.ring.buffer);
    expect(words[RING_AT_READ_POS >> 2]).toBeLessThan(words[RING_AT_WRITE_POS >> 2]);
    const successor = new Rig([ring.ring]).run();
    expect(successor.rows.map((row) => row.packets)).toEqual([[1, 0]]);
  });
});

describe('several rings', () => {
  const ordinals = (rig: Rig) => rig.rows.map((row) => row.first);

  it('are taken in the order of stream time', () => {
    const a = new RingBuilder().packets(udp(1, 1), udp(4, 1, { len: 1 }), udp(5, 1)).end(1, 9);
    const b = new RingBuilder().packets(udp(2, 1), udp(36, 1), udp(36.5, 2)).end(1, 40);
    const rig = new Rig([a.ring, b.ring]).run();
    expect(rig.rows.map((row) => [row.first, row.last, row.packets[0]])).toEqual([
      [1, 5, 4],
      [36, 36, 1],
      [36.5, 36.5, 1],
    ]);
  });

  it('wait for the watermark of a ring that is empty', () => {
    const a = new RingBuilder().packets(udp(1, 1), udp(3, 2));
    const b = new RingBuilder().watermark(2);
    const rig = new Rig([a.ring, b.ring]).run();
    expect(rig.core.lives.tally[ShardCounter.ACCOUNTED]).toBe(1);
    b.packet(udp(2.5, 3));
    rig.run();
    expect(rig.core.lives.tally[ShardCounter.ACCOUNTED]).toBe(2);
    b.watermark(4);
    rig.run();
    expect(rig.core.lives.tally[ShardCounter.ACCOUNTED]).toBe(3);
    a.end(1, 5);
    b.end(1, 5);
    expect(ordinals(rig.run())).toEqual([1, 3, 2.5].sort((x, y) => x - y).map((first) => first));
  });

  it('join at ticks: the lowest number that every ring has reached', () => {
    const a = new RingBuilder().packet(udp(0.5, 1)).tick(1, 1).packet(udp(1.5, 1)).tick(3, 3);
    const b = new RingBuilder().packet(udp(0.7, 1));
    const rig = new Rig([a.ring, b.ring]).run();
    expect(rig.ticks).toHaveLength(0);
    b.tick(1, 1);
    rig.run();
    expect(rig.ticks.map((tick) => [tick.tick, tick.packets])).toEqual([[1, 2]]);
    b.end(2, 2);
    rig.run();
    expect(rig.ticks.map((tick) => [tick.tick, tick.packets])).toEqual([
      [1, 2],
      [3, 1],
    ]);
    a.end(4, 4);
    rig.run();
    expect(rig.ticks.map((tick) => [tick.tick, tick.final])).toEqual([
      [1, false],
      [3, false],
      [4, true],
    ]);
  });

  it('end when a producer closed without an END record', () => {
    const ring = new RingBuilder().packet(udp(1, 1)).close();
    const rig = new Rig([ring.ring]).run();
    expect([rig.ticks.at(-1)?.final, rig.rows.length]).toEqual([true, 1]);
  });
});

describe('outbox', () => {
  it('carries every row through a small ring, with counters exact at the tick', () => {
    const ring = new RingBuilder(1 << 18);
    for (let i = 0; i < 300; i++) ring.packet(udp(i / 1000, 1 + i));
    ring.end(1, 1);
    const rig = new Rig([ring.ring], { outboxRows: 4 }).run();
    expect(new Set(rig.rows.map((row) => row.first)).size).toBe(300);
    expect([rig.count(ShardCounter.ROWS_WRITTEN), rig.ticks[0].entriesWritten]).toEqual([300, 300]);
  });

  it('gives records up when nobody takes them in time, and says so', () => {
    const ring = new RingBuilder(1 << 18);
    for (let i = 0; i < 20; i++) ring.packet(udp(i / 1000, 1 + i));
    ring.end(1, 1);
    const rig = new Rig([ring.ring], { outboxRows: 4, takesLate: true }).run();
    expect([rig.rows.length, rig.count(ShardCounter.ROWS_WRITTEN), rig.count(ShardCounter.ROWS_DROPPED)]).toEqual([4, 4, 16]);
    expect(rig.failures()).toEqual([]);
  });

  it('has published, whenever it waits within a tick, counters that agree with the rows', () => {
    const ring = new RingBuilder(1 << 18);
    for (let i = 0; i < 20; i++) ring.packet(udp(i / 1000, 1 + i));
    ring.end(1, 1);
    const failures: string[] = [];
    let waits = 0;
    const rig: Rig = new Rig([ring.ring], {
      outboxRows: 4,
      onWait: () => {
        waits++;
        failures.push(...rig.failures());
      },
    });
    rig.run();
    expect([waits, failures]).toEqual([4, []]);
  });

  it('stays empty when nobody wants rows, while the summary is kept', () => {
    const ring = new RingBuilder().packets(udp(0, 1), udp(0, 2, { len: 9 })).end(1, 1);
    const rig = new Rig([ring.ring], { wantRows: false, summaryFlows: 1 }).run();
    expect([rig.rows.length, rig.ticks[0].summary.map((flow) => flow.deltaBytes)]).toEqual([0, [51]]);
  });
});

describe('snapshot', () => {
  it('copies live flows, at most the limit', () => {
    const ring = new RingBuilder().packets(udp(0, 1), udp(0, 2), udp(0, 3));
    const rig = new Rig([ring.ring]).run();
    expect(rig.core.snapshot(10).count).toBe(3);
    expect(rig.core.snapshot(2).count).toBe(2);
    expect(rig.core.snapshot(2).rows.byteLength).toBe(2 * ROW_BYTES);
  });
});
