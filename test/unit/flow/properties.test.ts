import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCredits } from '../../../src/flow/credits.ts';
import { FlowIndex } from '../../../src/flow/flow-index.ts';
import { HOLES, HolePool } from '../../../src/flow/holes.ts';
import * as F from '../../../src/flow/row.ts';
import { createTableWords } from '../../../src/flow/table-words.ts';
import { RecordKind } from '../../../src/ring/layout.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { Rig, type Row } from '../shard/rig.ts';
import { type Packet, RingBuilder, TCP, UDP } from './records.ts';

const ADVICE = { random: () => {}, unused: () => {} };

const FLAGS = ['S', 'SA', 'A', 'A', 'A', 'FA', 'R'];

/** A few hosts and ports, so that flows meet; gaps from microseconds to minutes, so that timeouts fall between. */
const packet = fc.record({
  gap: fc.oneof(fc.constant(0.0001), fc.double({ min: 0, max: 3, noNaN: true }), fc.double({ min: 3, max: 90, noNaN: true })),
  src: fc.integer({ min: 1, max: 3 }),
  dst: fc.integer({ min: 1, max: 3 }),
  sport: fc.integer({ min: 1, max: 2 }),
  protocol: fc.constantFrom(TCP, TCP, UDP, 50),
  flags: fc.constantFrom(...FLAGS),
  seq: fc.integer({ min: 0, max: 40 }),
  ack: fc.integer({ min: 0, max: 40 }),
  len: fc.integer({ min: 0, max: 12 }),
  window: fc.constantFrom(0, 1, 1000),
  sack: fc.constantFrom(undefined, [[10, 20]] as [number, number][]),
});

function timed(steps: { gap: number }[]): Packet[] {
  let t = 0;
  return steps.map(({ gap, ...rest }) => {
    t = Math.round((t + gap) * 1e6) / 1e6;
    return { ...rest, t };
  });
}

/** Runs packets with ticks of the given length (0 = none) and the working state of rows blanked out. */
function digest(packets: Packet[], tick: number, flow = {}): string[] {
  const ring = new RingBuilder(1 << 19);
  let number = 0;
  for (const one of packets) {
    while (tick > 0 && (number + 1) * tick <= one.t) ring.tick(++number, number * tick);
    ring.packet(one);
  }
  ring.end(number + 1, packets.length === 0 ? 0 : packets[packets.length - 1].t + 400);
  return new Rig([ring.ring], { flow }).run().rows.map(essence).sort();
}

const FIELDS_F64 = [
  F.F_PACKETS_A,
  F.F_PACKETS_B,
  F.F_BYTES_A,
  F.F_BYTES_B,
  F.F_PAYLOAD_A,
  F.F_PAYLOAD_B,
  F.F_FIRST_SEEN,
  F.F_LAST_SEEN,
  F.F_FIRST_ORDINAL,
];
const FIELDS_U32 = [
  F.F_RETRANS_A,
  F.F_RETRANS_B,
  F.F_OOO_A,
  F.F_OOO_B,
  F.F_FAST_RETRANS,
  F.F_SPURIOUS,
  F.F_DUP_ACKS,
  F.F_KEEP_ALIVES,
  F.F_ZERO_WINDOWS,
];
const MORE_U32 = [F.F_SACK_BLOCKS, F.F_MISSED_A, F.F_MISSED_B, F.F_RTT_SAMPLES, F.F_INTERIM_SEQ];

function essence(row: Row): string {
  const numbers = [...FIELDS_F64.map(row.f64), ...FIELDS_U32.map(row.u32), ...MORE_U32.map(row.u32), row.f32(F.F_RTT_EWMA_MS)];
  return JSON.stringify([numbers, row.reason, row.history, row.connState, row.tcpState, row.isInterim, row.client, row.previous]);
}

describe('the length of a tick', () => {
  it('changes no record of any flow', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 120 }), fc.constantFrom(0.3, 1, 7, 50), (steps, tick) => {
        const packets = timed(steps);
        expect(digest(packets, tick)).toEqual(digest(packets, 0));
      }),
      { numRuns: 150 },
    );
  });

  it('changes no interim record either', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 120 }), fc.constantFrom(0.7, 5), fc.constantFrom(0, 60), (steps, tick, idle) => {
        const packets = timed(steps);
        const flow = { activeTimeoutSecs: 20, idleTcpSecs: idle, idleUdpSecs: idle };
        expect(digest(packets, tick, flow)).toEqual(digest(packets, 0, flow));
      }),
      { numRuns: 150 },
    );
  });
});

describe('the table against a plain map', () => {
  /** UDP only: flows are tuples split at the idle timeout. */
  function model(packets: Packet[], idle: number): string[] {
    const live = new Map<string, { packets: number; last: number }>();
    const ended: string[] = [];
    for (const one of packets) {
      const ends = [`${one.src}:${one.sport}`, `${one.dst}:2`].sort();
      const key = ends.join('-');
      const flow = live.get(key);
      if (flow !== undefined && one.t * 1e9 - flow.last * 1e9 < idle * 1e9) {
        flow.packets++;
        flow.last = one.t;
        continue;
      }
      if (flow !== undefined) ended.push(`${key} ${flow.packets}`);
      live.set(key, { packets: 1, last: one.t });
    }
    for (const [key, flow] of live) ended.push(`${key} ${flow.packets}`);
    return ended.sort();
  }

  it('finds the same flows with the same packets', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 200 }), (steps) => {
        const packets = timed(steps).map((one) => ({ ...one, protocol: UDP, dport: 2 }));
        const ring = new RingBuilder(1 << 19);
        packets.forEach((one, i) => {
          ring.packet(one);
          if (i % 40 === 39) ring.tick(i, one.t);
        });
        ring.end(999, packets[packets.length - 1]?.t ?? 0);
        const rig = new Rig([ring.ring], { flow: { activeTimeoutSecs: 0 } }).run();
        const found = rig.rows.map((row) => {
          const a = `${row.u8(F.F_ADDR_A + 3)}:${row.u16(F.F_PORT_A)}`;
          const b = `${row.u8(F.F_ADDR_B + 3)}:${row.u16(F.F_PORT_B)}`;
          return `${[a, b].sort().join('-')} ${row.packets[0] + row.packets[1]}`;
        });
        expect(found.sort()).toEqual(model(packets, 30));
      }),
      { numRuns: 200 },
    );
  });
});

describe('bounds under random traffic', () => {
  it('never holds more flows than credits, loses no packet, and gives every credit back', () => {
    const host = fc.record({
      src: fc.integer({ min: 1, max: 60 }),
      gap: fc.double({ min: 0, max: 2, noNaN: true }),
      flags: fc.constantFrom(...FLAGS),
    });
    fc.assert(
      fc.property(
        fc.array(host, { maxLength: 300 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 3 }),
        (steps, maxFlows, shards) => {
          const credits = createCredits(maxFlows, 1);
          const rings = Array.from({ length: shards }, () => new RingBuilder(1 << 18));
          const rigs = rings.map((ring) => new Rig([ring.ring], { flow: { maxFlows }, shards, credits }));
          let tick = 0;
          const packets = timed(steps);
          packets.forEach((one, i) => {
            const shard = one.src! % shards;
            rings[shard].packet({ ...one, dst: 100, ...(i % 5 === 0 ? { kind: RecordKind.OUTER, protocol: 47 } : {}) });
            if (i % 16 === 15) for (const ring of rings) ring.tick(i, one.t);
            tick = i;
            for (const rig of rigs) rig.run();
            let live = 0;
            for (const { core } of rigs) live += core.lives.tally[ShardCounter.FLOWS_LIVE] + core.lives.tally[ShardCounter.OUTER_LIVE];
            expect(live).toBeLessThanOrEqual(maxFlows);
          });
          for (const ring of rings) ring.end(tick + 1, packets[packets.length - 1]?.t ?? 0);
          for (const rig of rigs) checkIdentities(rig.run());
          expect([...new Int32Array(credits)]).toEqual([maxFlows, 0]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

function checkIdentities(rig: Rig): void {
  const n = (counter: number) => rig.count(counter);
  const C = ShardCounter;
  const refused = n(C.REFUSED_PROBE) + n(C.REFUSED_EMERGENCY) + n(C.REFUSED_LIMIT);
  expect(n(C.DEQUEUED)).toBe(n(C.ACCOUNTED) + refused);
  expect(n(C.DEQUEUED_BYTES)).toBe(
    n(C.ACCOUNTED_BYTES) + n(C.REFUSED_PROBE_BYTES) + n(C.REFUSED_EMERGENCY_BYTES) + n(C.REFUSED_LIMIT_BYTES),
  );
  expect(n(C.ACCOUNTED)).toBe(n(C.ENDED_PACKETS) + n(C.LIVE_PACKETS));
  expect(n(C.ACCOUNTED_BYTES)).toBe(n(C.ENDED_BYTES) + n(C.LIVE_BYTES));
  expect(n(C.OUTER_DEQUEUED)).toBe(n(C.OUTER_PACKETS) + n(C.OUTER_REFUSED));
  let ended = 0;
  for (let reason = 0; reason < 7; reason++) ended += n(C.FLOWS_ENDED + reason);
  expect(n(C.FLOWS_CREATED)).toBe(ended + n(C.FLOWS_LIVE));
  const rows = rig.rows.filter((row) => !row.isInterim && (row.u8(F.F_ROLE) & F.RowRole.OUTER) === 0);
  expect(rows.reduce((sum, row) => sum + row.packets[0] + row.packets[1], 0)).toBe(n(C.ENDED_PACKETS));
}

describe('the index', () => {
  it('finds what was inserted and not removed, through growth and shifting back', () => {
    const step = fc.record({ hash: fc.integer({ min: 0, max: 40 }), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const index = new FlowIndex(ADVICE, createTableWords());
        const model = new Map<number, number>();
        steps.forEach(({ hash, remove }, slot) => {
          const [first] = model;
          if (remove && first !== undefined) {
            index.remove(first[1], first[0]);
            model.delete(first[0]);
          } else if (index.insert(hash, slot)) model.set(slot, hash);
        });
        const found = new Map<number, number>();
        for (let i = 0; i < index.entries.length; i += 2) {
          if (index.entries[i + 1] !== 0) found.set(index.entries[i + 1] - 1, index.entries[i]);
        }
        expect(new Map([...found].sort((a, b) => a[0] - b[0]))).toEqual(model);
        for (const [slot, hash] of model) {
          let at = hash & index.mask;
          while (index.entries[2 * at + 1] !== slot + 1) {
            expect(index.entries[2 * at + 1]).not.toBe(0);
            at = (at + 1) & index.mask;
          }
        }
      }),
    );
  });

  it('doubles and keeps every pair', () => {
    const index = new FlowIndex(ADVICE, createTableWords());
    for (let slot = 0; slot < 20_000; slot++) index.insert(Math.imul(slot, 0x9e37_79b1), slot);
    expect(index.mask + 1).toBeGreaterThanOrEqual(40_000);
    for (let slot = 0; slot < 20_000; slot++) index.remove(Math.imul(slot, 0x9e37_79b1), slot);
    expect(index.entries.every((word, i) => i % 2 === 0 || word === 0)).toBe(true);
  });
});

describe('the pool of holes', () => {
  it('counts an acknowledged hole byte by byte, as a plain set does', () => {
    const range = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 15 }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 5 }), fc.integer({ min: 0, max: 260 }), (fills, ack) => {
        const pool = new HolePool(2);
        const node = pool.allocate();
        const open = new Set<number>();
        for (const [left, right] of [
          [0, 40],
          [60, 80],
          [100, 110],
        ] as const) {
          pool.addHole(node, 1, left, right);
          for (let i = left; i < right; i++) open.add(i);
        }
        for (const [left, length] of fills) {
          pool.fill(node, 1, left, left + length);
          for (let i = left; i < left + length; i++) open.delete(i);
        }
        const acked = [...open].filter((byte) => byte < ack);
        expect(pool.acknowledge(node, 1, ack)).toBe(acked.length);
        expect(pool.acknowledge(node, 1, 300)).toBe(open.size - acked.length);
        expect(pool.isEmpty(node)).toBe(true);
      }),
    );
  });

  it('says when it forgets a hole, and when it cannot keep both parts of one', () => {
    const pool = new HolePool(1);
    const node = pool.allocate();
    const kept = Array.from({ length: HOLES + 1 }, (_, i) => pool.addHole(node, 0, 100 * i, 100 * i + 50));
    expect(kept).toEqual([...Array<boolean>(HOLES).fill(true), false]);
    expect(pool.fill(node, 0, 110, 120)).toBe(false);
    expect(pool.fill(node, 0, 200, 250)).toBe(true);
    expect(pool.fill(node, 0, 310, 320)).toBe(true);
    expect(pool.acknowledge(node, 0, 1000)).toBe(10 + 50 * 5 + 40);
  });

  it('is bounded and reuses its nodes', () => {
    const pool = new HolePool(2);
    const nodes = [pool.allocate(), pool.allocate(), pool.allocate()];
    expect([nodes[2], pool.given, pool.exhausted]).toEqual([0, 2, 1]);
    pool.release(nodes[0]);
    expect(pool.allocate()).toBe(nodes[0]);
  });
});
