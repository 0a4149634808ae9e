/** What detection hears of a shard's packets, with the native fast path and from the table alone: the same, to the last byte. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  B_FLAGS,
  B_KIND,
  B_TYPE,
  type DetectBatch,
  END_BYTES,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
  STATES,
} from '../../../src/detect/batch.ts';
import { OPENS_TOLD } from '../../../src/detect/events.ts';
import { R_DST_ADDR, R_FLAGS, R_LENGTH, R_SRC_ADDR, RecordFlag, RecordKind, RING_HEADER_BYTES } from '../../../src/ring/layout.ts';
import { MomentBound } from '../../../src/shard/moment-words.ts';
import { ICMP, type Packet, RingBuilder, UDP } from '../../unit/flow/records.ts';
import { counting, drained, type Given } from './drained-records.ts';

const ICMPV6 = 58;
/** Of 65,536 packets and some more. */
const LARGE = 1 << 25;

interface Told {
  batches: DetectBatch[];
  /** Packets that were counted natively. */
  taken: number;
  /** Flows whose end was told natively. */
  ends: number;
}

/** In few characters: a difference of five megabytes takes minutes to print. */
const bytesOf = (array: Uint8Array | Uint32Array): string =>
  `${array.byteLength} bytes ${createHash('sha256').update(array).digest('hex')}`;
const plain = (batch: DetectBatch) => ({
  ...batch,
  moments: bytesOf(batch.moments),
  ends: bytesOf(batch.ends),
  answers: bytesOf(batch.answers),
  surges: batch.surges.map((surge) => ({ ...surge, registers: bytesOf(surge.registers) })),
});

/** What both ways tell, tick by tick. */
function bothWays(rings: RingBuilder[], flow: Given['flow'] = {}): Told {
  const given = { detect: true, flow: { maxFlows: 400_000, ...flow } };
  const memory = rings.map(({ ring }) => ring);
  const { create, taken, ends } = counting();
  const batchesOf = (ticks: { detect: DetectBatch | null }[]) => ticks.flatMap(({ detect }) => detect ?? []);
  const alone = batchesOf(drained(memory, given).ticks);
  const batches = batchesOf(drained(memory, given, create).ticks);
  expect(batches.length).toBe(alone.length);
  for (let tick = 0; tick < alone.length; tick++) expect(plain(batches[tick]), `tick ${tick}`).toEqual(plain(alone[tick]));
  return { batches, taken: taken(), ends: ends() };
}

/** Kind and flags of each moment. */
function moments({ moments }: DetectBatch): [number, number][] {
  return Array.from({ length: moments.length / MOMENT_BYTES }, (_, i) => [
    moments[i * MOMENT_BYTES + B_KIND],
    moments[i * MOMENT_BYTES + B_FLAGS],
  ]);
}

/** The packets of a connection from its client, and back. */
function connection(sport: number, more: Partial<Packet> = {}) {
  const forth = { src: 1, dst: 2, sport, dport: 443, ...more };
  const back = { ...forth, src: forth.dst, dst: forth.src, sport: forth.dport, dport: forth.sport };
  return {
    syn: (t: number): Packet => ({ ...forth, t, flags: 'S', seq: 99 }),
    accept: (t: number): Packet => ({ ...back, t, flags: 'SA', seq: 499, ack: 100 }),
    refuse: (t: number): Packet => ({ ...back, t, flags: 'RA', seq: 0, ack: 100, window: 1 }),
    confirm: (t: number): Packet => ({ ...forth, t, flags: 'A', seq: 100, ack: 500 }),
    data: (t: number, len: number): Packet => ({ ...forth, t, flags: 'A', seq: 100, ack: 500, len }),
    answer: (t: number, len: number): Packet => ({ ...back, t, flags: 'A', seq: 500, ack: 100, len }),
    datagram: (t: number): Packet => ({ ...forth, t, protocol: UDP, len: 30 }),
    reply: (t: number): Packet => ({ ...back, t, protocol: UDP, len: 60 }),
    unreachable: (t: number): Packet => ({ ...forth, t, kind: RecordKind.ICMP_INNER, icmpType: forth.v6 === true ? 1 : 3 }),
  };
}

const { ACCEPTED, REFUSED, IPV6 } = EntryFlag;
const { OPEN, ANSWER } = EntryKind;

describe('a message to a DHCP server', () => {
  it.each([
    [68, 67],
    [546, 547],
    [5000, 67],
  ])('from port %d to %d is told each time, of one flow or of many; answers and what relays pass on are not', (sport, dport) => {
    const asking = (t: number, src: number): Packet => ({ src, dst: 2, sport, dport, t, protocol: UDP, len: 240 });
    const ring = new RingBuilder()
      .packets(asking(1, 1), asking(1.1, 1), { ...asking(1.2, 2), dst: 1, sport: dport, dport: sport }, asking(1.3, 1))
      .packets(asking(1.4, 7), asking(1.5, 8), asking(1.6, 8))
      .packets({ ...asking(1.7, 9), sport: dport }, { ...asking(1.8, 9), protocol: ICMP }, { ...asking(1.9, 9), flags: 'S', protocol: 6 });
    const { batches, taken } = bothWays([ring.tick(1, 2).packets(asking(2.5, 1)).end(2, 3)]);
    const told = batches.map(({ dhcp }) => dhcp.map((each) => [each.at / 1e9, each.station, each.sourcePort, each.targetPort]));
    const expected = (...messages: [t: number, src: number][]) => messages.map(([t, src]) => [t, `02:00:00:00:00:0${src}`, sport, dport]);
    expect(told).toEqual([expected([1, 1], [1.1, 1], [1.3, 1], [1.4, 7], [1.5, 8], [1.6, 8]), expected([2.5, 1])]);
    // The answer.
    expect(taken).toBeGreaterThan(0);
  });
});

describe('an end', () => {
  it('has the state of its connection, whoever began it', () => {
    const sides = [
      { src: 1, dst: 2 },
      { src: 2, dst: 1 },
    ];
    const ring = new RingBuilder();
    let sport = 2000;
    for (const ends of sides) {
      const next = () => connection(sport++, ends);
      const both = (one: ReturnType<typeof next>): Packet[] => [one.syn(1), one.accept(1.01), one.confirm(1.02), one.data(1.03, 50)];
      const [forth, back] = [
        { flags: 'FA', len: 0 },
        { flags: 'FA', len: 0 },
      ];
      const [sh, shr, s2, s3, sf, rej, rst, both1, both2] = Array.from({ length: 9 }, next);
      ring
        // Nobody answers the FIN; nobody has asked; one side ends, the other, both.
        .packets(sh.syn(1), sh.data(1.05, 70_000), { ...sh.confirm(1.1), ...forth, seq: 70_100 })
        .packets(shr.accept(1), { ...shr.answer(1.1, 0), ...back })
        .packets(...both(s2), { ...s2.confirm(1.1), ...forth, seq: 150 })
        .packets(...both(s3), { ...s3.answer(1.1, 0), ...back })
        .packets(...both(sf), { ...sf.confirm(1.1), ...forth, seq: 150 }, { ...sf.answer(1.2, 0), ...back, ack: 151 })
        // Resets of one side and of both, with data and without.
        .packets(rej.syn(1), rej.refuse(1.1))
        .packets(...both(rst), { ...rst.refuse(1.1), seq: 500 })
        .packets(...both(both1), { ...both1.confirm(1.1), flags: 'RA', seq: 150 }, { ...both1.refuse(1.2), seq: 500 })
        .packets(both2.syn(1), { ...both2.confirm(1.1), flags: 'R' }, both2.refuse(1.2));
    }
    const { batches, ends } = bothWays([ring.tick(1, 2).end(2, 300)]);
    const states = new Set(
      batches.flatMap(({ ends: told }) => Array.from({ length: told.length / END_BYTES }, (_, i) => STATES[told[i * END_BYTES + B_TYPE]])),
    );
    expect([...states].sort()).toEqual(['REJ', 'RSTR', 'S2', 'S3', 'SF', 'SH', 'SHR'].sort());
    expect(ends).toBeGreaterThan(10);
  });
});

describe('an attempt', () => {
  it.each([
    ['A', { src: 1, dst: 2 }],
    ['B', { src: 2, dst: 1 }],
    ['A over IPv6', { src: 1, dst: 2, v6: true }],
    ['B over IPv6', { src: 2, dst: 1, v6: true }],
  ])('of %s has its answer beside it, or later by itself', (_, ends) => {
    const open = connection(1001, ends);
    const closed = connection(1002, ends);
    const silent = connection(1003, ends);
    const slow = connection(1004, ends);
    const slowlyClosed = connection(1005, ends);
    const ring = new RingBuilder()
      .packets(open.syn(1), closed.syn(1.01), silent.syn(1.02), slow.syn(1.03), slowlyClosed.syn(1.04))
      .packets(closed.refuse(1.1), open.accept(1.2), open.confirm(1.3), open.data(1.31, 70_000))
      .tick(1, 2)
      .packets(slow.accept(2.1), slowlyClosed.refuse(2.2), slow.confirm(2.3), open.answer(2.4, 10))
      .tick(2, 3)
      .end(3, 4);
    const { batches, taken } = bothWays([ring]);
    const version = 'v6' in ends ? IPV6 : 0;
    const attempts = [ACCEPTED, REFUSED, 0, 0, 0].map((outcome) => [OPEN, version | outcome]);
    expect(batches.slice(0, 2).map(moments)).toEqual([attempts, [ACCEPTED, REFUSED].map((outcome) => [ANSWER, version | outcome])]);
    expect([...batches[0].answers]).toEqual([1, 0]);
    expect(taken).toBeGreaterThan(8);
  });

  it('of another kind than a SYN, or that gets another kind of answer, is told in its place', () => {
    const tcp = connection(1001);
    const udp = connection(1002, { dport: 53 });
    // Its row takes the other side for the client, by the port.
    const announced = connection(5353, { dport: 40_001 });
    const answerOnly = connection(53, { dport: 1003 });
    const unreached = connection(1004);
    const unreached6 = connection(1005, { v6: true });
    const midway = connection(1006);
    const ping = { src: 1, dst: 2, protocol: ICMP };
    const ping6 = { src: 1, dst: 2, protocol: ICMPV6, v6: true };
    const ring = new RingBuilder()
      .packets(tcp.syn(1), udp.datagram(1.01), unreached.syn(1.02), unreached6.syn(1.03), answerOnly.datagram(1.04), midway.data(1.05, 9))
      .packets(announced.datagram(1.051), announced.reply(1.055))
      .packets({ ...ping, t: 1.06, icmpType: 8 }, { ...ping6, t: 1.07, icmpType: 128 })
      .packets({ ...ping, src: 2, dst: 1, t: 1.08, icmpType: 0 }, udp.reply(1.1), unreached.unreachable(1.11), tcp.accept(1.12))
      .packets(midway.answer(1.13, 5), answerOnly.reply(1.14), unreached6.unreachable(1.15), unreached6.accept(1.16))
      // Outer packets of a tunnel and a flow in another network.
      .packets({ ...tcp.syn(1.2), kind: RecordKind.OUTER }, { ...tcp.syn(1.21), scope: 7 }, { ...tcp.accept(1.22), scope: 7 })
      .packets(
        { ...connection(1007).syn(1.23), bits: RecordFlag.TUNNELED },
        { ...connection(1007).accept(1.24), bits: RecordFlag.TUNNELED },
      )
      .tick(1, 2)
      .packets(udp.reply(2.1), connection(1008).syn(2.2))
      .tick(2, 3)
      .end(3, 4);
    const { batches, taken } = bothWays([ring]);
    expect(moments(batches[0]).filter(([kind]) => kind === ANSWER).length).toBeGreaterThan(0);
    expect(taken).toBeGreaterThan(4);
  });

  it('that nobody confirms is half open after a second, and its place another flow’s', () => {
    const left = connection(1001);
    const confirmed = connection(1002);
    const reused = connection(1003);
    const ring = new RingBuilder()
      .packets(left.syn(1), left.accept(1.1), confirmed.syn(1.2), confirmed.accept(1.3), reused.syn(1.4), reused.accept(1.5))
      .packets(confirmed.confirm(1.6), { ...reused.syn(1.7), seq: 12_345 }, { ...reused.accept(1.8), ack: 12_346 })
      .tick(1, 2)
      .tick(2, 3)
      .tick(3, 4)
      .end(4, 5);
    const { batches } = bothWays([ring]);
    const halfOpen = batches.map(({ ends }) => ends.length);
    expect(halfOpen.slice(0, 3)).toEqual([expect.any(Number), 2 * 144, 0]);
  });
});

/** Gives IPv6 addresses bits in each word. */
function widened(builder: RingBuilder): RingBuilder {
  const { ring } = builder;
  const view = new DataView(ring.buffer);
  for (let at = RING_HEADER_BYTES; view.getUint32(at + R_LENGTH, true) > 0; at += view.getUint32(at + R_LENGTH, true)) {
    if ((view.getUint16(at + R_FLAGS, true) & RecordFlag.IPV6) === 0) continue;
    for (const address of [at + R_SRC_ADDR, at + R_DST_ADDR]) {
      const number = view.getUint32(address + 12);
      view.setUint32(address + 4, Math.imul(number, 0x9e37_79b1));
      view.setUint32(address + 8, Math.imul(number, 0x85eb_ca6b));
    }
  }
  return builder;
}

/** A seeded number below `most`. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Connections at any stage, interleaved, with few and with many ends. */
function anyTraffic(seed: number, ring: RingBuilder): RingBuilder {
  const below = dice(seed);
  const peers = [3, 40, 2000][seed % 3];
  const recent = Array.from({ length: 60 }, (_, i) => connection(900 + i));
  for (let tick = 1; tick <= 6; tick++) {
    for (let i = 0; i < 600; i++) {
      const t = tick + i / 601;
      const ends = { src: 1 + below(peers), dst: 1 + below(peers), dport: 1 + below(5), v6: below(4) === 0 };
      if (below(3) === 0) recent[below(recent.length)] = connection(1000 + below(30), ends);
      const made = recent[below(recent.length)];
      const stages = [made.syn, made.syn, made.syn, made.accept, made.accept, made.refuse, made.confirm, made.datagram, made.reply];
      const rare = [made.unreachable, (at: number) => made.data(at, 40_000), (at: number) => made.answer(at, 50_000)];
      ring.packet((below(12) === 0 ? rare[below(3)] : stages[below(9)])(t));
    }
    ring.tick(tick, tick + 1);
  }
  return widened(ring.end(7, 8));
}

describe('any traffic', () => {
  it.each([1, 2, 3, 4, 5, 6])('tells the same: %i', (seed) => {
    const { batches, taken } = bothWays([anyTraffic(seed, new RingBuilder())]);
    expect(batches.every(({ answers }, tick) => answers.length > 10 || tick === batches.length - 1)).toBe(true);
    expect(taken).toBeGreaterThan(100);
    bothWays([anyTraffic(seed, new RingBuilder())], { maxFlows: 100, idleTcpSecs: 2, idleUdpSecs: 1 });
  });

  it('tells the same from two rings, whose entries stand in one memory', () => {
    const { batches, taken } = bothWays([anyTraffic(3, new RingBuilder()), anyTraffic(5, new RingBuilder())]);
    expect(batches[0].moments.length / MOMENT_BYTES).toBeGreaterThan(256);
    expect(taken).toBeGreaterThan(200);
  });
});

describe('many attempts', () => {
  it('of a scan are told one by one, in memory that grows', () => {
    const ring = new RingBuilder(1 << 22);
    for (let tick = 1; tick <= 3; tick++) {
      for (let port = 1; port <= 3000; port++) {
        const scanned = connection(50_000, { src: 9, dst: 3 + (tick % 2), dport: port });
        ring.packet(scanned.syn(tick + port / 3002));
        if (port % 7 === 0) ring.packet(scanned.refuse(tick + port / 3002));
      }
      ring.tick(tick, tick + 1);
    }
    const { batches, taken } = bothWays([ring.end(4, 5)]);
    expect(moments(batches[0])).toHaveLength(3000);
    expect(batches[0].answers).toHaveLength(428);
    expect(taken).toBeGreaterThan(6000);
  });

  it('that are all answered later find room there, too', () => {
    const ring = new RingBuilder(1 << 22);
    const made = (i: number) => connection(1000 + i, { src: 5, dst: 6 + (i % 9) });
    for (let i = 0; i < 1000; i++) {
      ring.packet(made(i).syn(1 + i / 1000));
      if (i % 200 === 199) ring.tick((i + 1) / 200, 1 + i / 1000);
    }
    for (let i = 0; i < 1000; i++) ring.packet(i % 3 === 0 ? made(i).refuse(2 + i / 1001) : made(i).accept(2 + i / 1001));
    const { batches, taken } = bothWays([ring.tick(6, 3).end(7, 4)]);
    expect(batches[5].answers).toHaveLength(1000);
    expect(taken).toBeGreaterThan(1500);
  });

  it.each([
    ['IPv4', {}],
    ['IPv6', { v6: true }],
  ])('at one service are told up to a bound and counted beyond it, over %s', (_, version) => {
    const ring = new RingBuilder(1 << 22);
    for (let tick = 1; tick <= 2; tick++) {
      for (let i = 0; i < 3000; i++) {
        const flooding = connection(2000 + tick, { src: 100 + i, dst: 2, dport: 80, ...version });
        ring.packet(flooding.syn(tick + i / 3001));
        // An answer of what was only counted stands alone.
        if (i % 5 === 0) ring.packet(flooding.accept(tick + i / 3001));
        if (i % 50 === 0) ring.packet(connection(i, { src: 7, dst: 8, dport: i + 1, ...version }).syn(tick + i / 3001));
      }
      ring.tick(tick, tick + 1);
    }
    const { batches, taken } = bothWays([widened(ring.end(3, 4))]);
    expect(batches.slice(0, 2).map(({ surges }) => surges.map(({ opens }) => opens))).toEqual([[3000 - OPENS_TOLD], [3000 - OPENS_TOLD]]);
    expect(moments(batches[1]).some(([kind]) => kind === ANSWER)).toBe(true);
    expect(taken).toBeGreaterThan(7000);
  });

  it('at many services are told even where services have no place', () => {
    const ring = new RingBuilder(1 << 22);
    for (let i = 0; i < 9000; i++) ring.packet(connection(1000, { src: 1, dst: 2 + (i % 3000), dport: 1 + (i % 7) }).syn(1 + i / 9001));
    for (let i = 0; i < 4 * OPENS_TOLD; i++) ring.packet(connection(i, { src: 1, dst: 2 + (i % 3), dport: 9 }).syn(2));
    const { batches } = bothWays([ring.tick(1, 2).end(2, 3)]);
    expect(moments(batches[0]).length).toBeGreaterThan(9000);
  });

  it('and answers beyond what a tick may tell are counted', { timeout: 60_000 }, () => {
    const ring = new RingBuilder(LARGE);
    const count = MomentBound.ENTRIES + 2000;
    for (let i = 0; i < count; i++) {
      const scanned = connection(50_000, { src: 9, dst: 20 + (i >>> 8), dport: 1 + (i & 255) });
      ring.packet(scanned.syn(1 + i / (count + 1)));
      if (i % 64 === 0) ring.packet(scanned.accept(1 + i / (count + 1)));
    }
    const { batches, taken } = bothWays([ring.tick(1, 2).end(2, 3)], { maxFlows: 400_000 });
    expect(moments(batches[0])).toHaveLength(MomentBound.ENTRIES);
    expect(batches[0].untold).toBeGreaterThanOrEqual(2000);
    expect(taken).toBeGreaterThan(60_000);
  });
});
