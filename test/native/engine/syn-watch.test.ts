/** What SYNs tell of systems, with the native fast path and from the table alone: the same rows, to the last byte. */
import { describe, expect, it } from 'vitest';
import { F_MSS_A, F_OS_A, F_OS_CONFIDENCE_A } from '../../../src/flow/row.ts';
import { SynBound } from '../../../src/shard/syn-answers.ts';
import { DARWIN, FREEBSD, LINUX, MSS, NETBSD, OPENBSD, type Opening, SACK_OK, scale, syn, WINDOWS } from '../../support/openings.ts';
import { type Packet, RingBuilder } from '../../unit/flow/records.ts';
import { counting, drained, type Given } from './drained-records.ts';

const LARGE = 1 << 24;
const ACK = 16;

const SYSTEMS: Opening[] = [
  { ttl: 64, window: 64_240, options: [...LINUX, ...scale(7)] },
  { ttl: 52, window: 29_200, options: [...LINUX, ...scale(7)] },
  { ttl: 128, window: 64_240, options: WINDOWS(8) },
  { ttl: 64, window: 65_535, options: DARWIN(6), id: 0 },
  { ttl: 64, window: 65_535, options: FREEBSD },
  { ttl: 64, window: 16_384, options: OPENBSD },
  { ttl: 64, window: 32_768, options: NETBSD },
  { ttl: 44, window: 1024, options: MSS, df: false },
  { ttl: 240, window: 1024, options: [], df: false, seq: 0 },
  { ttl: 64, window: 512, options: [...SACK_OK, ...MSS, 0, 7], flags: 0xc2 },
];

interface Told {
  /** MSS, system and confidence of both sides of each flow. */
  systems: number[][];
  /** Packets that were counted natively. */
  taken: number;
}

function bothWays(rings: RingBuilder[], given: Given = {}): Told {
  const memory = rings.map(({ ring }) => ring);
  const all = { app: true, ...given };
  const { create, taken } = counting();
  const alone = drained(memory, all);
  const natively = drained(memory, all, create);
  expect(natively.rows.length).toBe(alone.rows.length);
  // One by one: a difference of megabytes takes minutes to print.
  for (const [i, row] of alone.rows.entries()) if (natively.rows[i] !== row) expect(natively.rows[i], `row ${i}`).toBe(row);
  expect(natively.counters).toEqual(alone.counters);
  expect(natively.ticks).toEqual(alone.ticks);
  const systems = alone.rows.map((text) => {
    const row = Buffer.from(text, 'latin1');
    return [0, 1].flatMap((side) => [row.readUInt16LE(F_MSS_A + 2 * side), row[F_OS_A + side], row[F_OS_CONFIDENCE_A + side]]);
  });
  return { systems, taken: taken() };
}

/** A connection between two systems. */
function connection(sport: number, client: Opening, server: Opening, more: Partial<Packet> = {}) {
  const v6 = more.v6 === true;
  const forth = { src: 1, dst: 2, sport, dport: 443, ...more };
  const back = { ...forth, src: forth.dst, dst: forth.src, sport: forth.dport, dport: forth.sport };
  const asking = { ...client, v6 };
  const answering = { ...server, v6, flags: (server.flags ?? 2) | ACK };
  return {
    syn: (t: number): Packet => ({ ...forth, t, flags: 'S', seq: 99, window: client.window, carried: syn(asking) }),
    accept: (t: number): Packet => ({ ...back, t, flags: 'SA', seq: 499, ack: 100, window: server.window, carried: syn(answering) }),
    confirm: (t: number): Packet => ({ ...forth, t, flags: 'A', seq: 100, ack: 500 }),
    /** A SYN that carries data (RFC 7413). */
    early: (t: number): Packet => ({ ...forth, t, flags: 'S', seq: 99, len: 5, carried: syn({ ...asking, payload: 5 }) }),
    ask: (t: number): Packet => ({
      ...forth,
      t,
      flags: 'A',
      seq: 100,
      ack: 500,
      payload: Buffer.from('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'),
    }),
    end: (t: number): Packet => ({ ...back, t, flags: 'R', seq: 500, ack: 100 }),
  };
}

function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

describe('systems', () => {
  it.each([
    ['A', { src: 1, dst: 2 }],
    ['B', { src: 2, dst: 1 }],
    ['A over IPv6', { src: 1, dst: 2, v6: true }],
    ['B over IPv6', { src: 2, dst: 1, v6: true }],
  ])('that %s and its server show are told natively once they are known', (_, ends) => {
    const ring = new RingBuilder(LARGE);
    const rounds = 20;
    let port = 1000;
    for (let round = 1; round <= rounds; round++) {
      for (const [i, client] of SYSTEMS.entries()) {
        const made = connection(port++, client, SYSTEMS[(i * 3 + 1) % SYSTEMS.length], ends);
        const t = round / 10 + i / 200;
        ring.packets(made.syn(t), made.accept(t + 0.001), made.confirm(t + 0.002));
      }
      ring.tick(round, round / 10 + 0.1);
    }
    const { systems, taken } = bothWays([ring.end(rounds + 1, 3)]);
    expect(systems.length).toBe(rounds * SYSTEMS.length);
    expect(systems.filter(([mss, os, confidence]) => mss === 1460 && os > 0 && confidence > 0).length).toBeGreaterThan(rounds * 5);
    expect(new Set(systems.map(String)).size).toBe(SYSTEMS.length);
    // Each system is asked for twice, and a little is left to the table with it.
    expect(taken).toBeGreaterThan(3 * rounds * SYSTEMS.length - 5 * SYSTEMS.length);
  });

  it('of one MSS or another answer differently', () => {
    const server = { ttl: 64, window: 14_600, options: [...MSS] };
    const ring = new RingBuilder();
    for (let i = 0; i < 40; i++) {
      const client = { ttl: 64, window: 64_240, options: i % 2 === 0 ? MSS : [2, 4, 2, 24] };
      const made = connection(1000 + i, client, { ...server, window: i % 4 < 2 ? 14_600 : 5360 });
      ring.packets(made.syn(1 + i / 50), made.accept(1.01 + i / 50));
    }
    const { taken } = bothWays([ring.tick(1, 2).end(2, 3)]);
    expect(taken).toBeGreaterThan(50);
  });

  it('are not asked for in an emergency', () => {
    const ring = new RingBuilder(LARGE);
    let port = 0;
    for (let tick = 1; tick <= 5; tick++) {
      for (let i = 0; i < 300; i++) {
        const made = connection(1 + (port++ % 60_000), SYSTEMS[i % 4], SYSTEMS[0], { src: 1 + tick });
        ring.packet(made.syn(tick + i / 400));
      }
      ring.tick(tick, tick + 1);
    }
    const { systems, taken } = bothWays([ring.end(6, 7)], { flow: { maxFlows: 500, idleTcpSecs: 600 } });
    const named = systems.filter(([, a, , , b]) => a + b > 0).length;
    expect(named).toBeGreaterThan(200);
    expect(systems.length - named).toBeGreaterThan(200);
    expect(taken).toBeGreaterThan(400);
  });

  it('are told the same from two rings, whose tables share the answers', () => {
    const rings = [new RingBuilder(), new RingBuilder()];
    for (let i = 0; i < 200; i++) {
      const made = connection(1000 + i, SYSTEMS[i % 10], SYSTEMS[(i + 1) % 10]);
      rings[i % 2].packets(made.syn(1 + i / 300), made.accept(1.001 + i / 300));
    }
    const { taken } = bothWays(rings.map((ring) => ring.tick(1, 2).end(2, 3)));
    expect(taken).toBeGreaterThan(150);
  });

  it('of many kinds are forgotten together when there is no room for one more', { timeout: 30_000 }, () => {
    const ring = new RingBuilder(LARGE);
    const kinds = 2 * SynBound.PLACES;
    for (let i = 0; i < kinds; i++) {
      const system = { ...SYSTEMS[i % 4], window: 1 + i };
      ring.packet(connection(1 + i, system, system).syn(1 + i / (kinds + 1)));
    }
    for (let i = 0; i < kinds; i += 3) {
      const system = { ...SYSTEMS[i % 4], window: 1 + i };
      ring.packet(connection(1 + i, system, system, { src: 3 }).syn(2 + i / (kinds + 1)));
    }
    const { systems } = bothWays([ring.tick(1, 3).end(2, 4)], { flow: { maxFlows: 100_000 } });
    expect(systems.length).toBe(kinds + Math.ceil(kinds / 3));
  });
});

describe('SYNs', () => {
  it('whose headers were cut, that carry data or belong to a flow that nobody asks about are told the same', () => {
    const ring = new RingBuilder();
    let port = 1000;
    let now = 1;
    const next = () => {
      now += 0.001;
      return now;
    };
    for (let round = 0; round < 3; round++) {
      for (let cut = 1; cut <= 60; cut++) {
        const made = connection(port++, SYSTEMS[0], SYSTEMS[2]);
        const short = made.syn(next());
        if (short.carried !== undefined) short.carried = short.carried.subarray(0, cut);
        ring.packets(short, made.accept(next()));
      }
      const repeated = connection(port++, SYSTEMS[1], SYSTEMS[3]);
      ring.packets(repeated.syn(next()), repeated.syn(next()), repeated.accept(next()), repeated.accept(next()));
      const early = connection(port++, SYSTEMS[1], SYSTEMS[3]);
      ring.packets(early.early(next()), early.accept(next()), early.early(next()));
      for (let i = 0; i < 20; i++) {
        // The parsers are done with it, and then its client begins once more; its server answers late.
        const done = connection(port++, SYSTEMS[1], SYSTEMS[3], { dport: 80 });
        ring.packets(done.syn(next()), done.ask(next()), done.end(next()), done.accept(next()));
        ring.packets({ ...done.syn(next()), seq: 9999 }, { ...done.accept(next()), ack: 10_000 });
      }
    }
    const { taken } = bothWays([ring.tick(1, 5).end(2, 6)]);
    expect(taken).toBeGreaterThan(300);
  });

  it.each([1, 2, 3, 4, 5, 6])('of any content are told the same: %i', (seed) => {
    const below = dice(seed);
    const ring = new RingBuilder(LARGE);
    const recent = Array.from({ length: 50 }, (_, i) => connection(900 + i, SYSTEMS[i % 10], SYSTEMS[(i * 7) % 10]));
    for (let tick = 1; tick <= 5; tick++) {
      for (let i = 0; i < 800; i++) {
        const t = tick + i / 801;
        const ends = { src: 1 + below(9), dst: 1 + below(9), dport: [443, 80, 5222][below(3)], v6: below(4) === 0 };
        if (below(3) === 0) recent[below(50)] = connection(1000 + below(40), SYSTEMS[below(10)], SYSTEMS[below(10)], ends);
        const made = recent[below(50)];
        const stages = [made.syn, made.syn, made.syn, made.accept, made.accept, made.confirm, made.ask, made.end];
        const packet = (below(15) === 0 ? made.early : stages[below(8)])(t);
        const carried = packet.carried === undefined ? undefined : Uint8Array.from(packet.carried);
        if (carried !== undefined && below(4) === 0) carried[below(carried.length)] ^= 1 << below(8);
        if (carried !== undefined)
          packet.carried = below(8) > 0 || packet.len !== undefined ? carried : carried.subarray(0, 1 + below(carried.length));
        if (below(9) === 0) packet.seq = (packet.seq ?? 0) + 1;
        ring.packet(packet);
      }
      ring.tick(tick, tick + 1);
    }
    const rings = [ring.end(6, 7)];
    const without = counting();
    drained(
      rings.map(({ ring }) => ring),
      { app: true },
      (memory) => without.create({ ...memory, syns: null }),
    );
    expect(bothWays(rings).taken).toBeGreaterThan(without.taken() + 150);
    bothWays(rings, { detect: true, processes: true, flow: { maxFlows: 100, idleTcpSecs: 2 } });
  });
});
