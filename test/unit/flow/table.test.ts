import { describe, expect, it } from 'vitest';
import { createCredits } from '../../../src/flow/credits.ts';
import * as F from '../../../src/flow/row.ts';
import { RecordFlag, RecordKind } from '../../../src/ring/layout.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { Rig, topRow } from '../shard/rig.ts';
import { c, handshake, rowOf, rowsOf, s } from './conversation.ts';
import { ICMP, type Packet, RingBuilder, TCP, UDP } from './records.ts';

const udp = (t: number, src: number, dst: number, sport: number, dport: number, more: Partial<Packet> = {}): Packet => ({
  t,
  protocol: UDP,
  src,
  dst,
  sport,
  dport,
  len: 100,
  ...more,
});

describe('keys', () => {
  it('puts both directions into one flow with A the lower endpoint', () => {
    const row = rowOf([udp(1, 9, 3, 53, 5000), udp(1.5, 3, 9, 5000, 53, { len: 40 })]);
    expect(row.packets).toEqual([1, 1]);
    expect(row.payload).toEqual([40, 100]);
    expect([row.u16(F.F_PORT_A), row.u16(F.F_PORT_B), row.u8(F.F_ADDR_A + 3), row.u8(F.F_ADDR_B + 3)]).toEqual([5000, 53, 3, 9]);
  });

  it('keeps apart protocol, version, network id and role', () => {
    const base = udp(0, 1, 2, 1000, 2000);
    const rows = rowsOf([
      base,
      { ...base, protocol: 132 },
      { ...base, v6: true },
      { ...base, scope: 7 },
      { ...base, scope: 8 },
      { ...base, bits: RecordFlag.TUNNELED },
      { ...base, kind: RecordKind.OUTER },
    ]);
    expect(rows).toHaveLength(7);
  });

  it('ignores the VLAN unless told otherwise', () => {
    const packets = [
      udp(0, 1, 2, 1000, 2000, { vlan: 5 }),
      udp(0, 1, 2, 1000, 2000, { vlan: 6 }),
      udp(0, 1, 2, 1000, 2000, { vlan: 0xe005 }),
    ];
    expect(rowsOf(packets)).toHaveLength(1);
    expect(rowsOf(packets, { flow: { vlanAware: true } })).toHaveLength(2);
  });

  it('takes MACs and TTLs from the first packet of each side', () => {
    const row = rowOf([
      udp(0, 1, 2, 1000, 2000, { ttl: 60 }),
      udp(1, 1, 2, 1000, 2000, { ttl: 61 }),
      udp(2, 2, 1, 2000, 1000, { ttl: 120 }),
    ]);
    expect([row.u8(F.F_TTL_A), row.u8(F.F_TTL_B)]).toEqual([60, 120]);
    expect([row.u8(F.F_MAC_A + 5), row.u8(F.F_MAC_B + 5)]).toEqual([1, 2]);
    expect(row.u32(F.F_FLAGS) & F.RowFlag.ETHERNET).not.toBe(0);
  });

  it('counts fragments and cut packets', () => {
    const row = rowOf([
      udp(0, 1, 2, 1000, 2000, { bits: RecordFlag.FRAGMENT }),
      udp(0, 1, 2, 1000, 2000, { bits: RecordFlag.FRAGMENT_LATER }),
      udp(0, 1, 2, 1000, 2000, { bits: RecordFlag.SNAPLEN_CUT }),
    ]);
    expect([row.u32(F.F_FRAGMENTS), row.u32(F.F_SNAPLEN_CUT)]).toEqual([2, 1]);
  });
});

describe('initiator', () => {
  const at = (packets: Packet[]) => {
    const row = rowOf(packets);
    return [row.client, row.directionReason];
  };

  it('is the sender of the first SYN, or the receiver of a SYN-ACK', () => {
    expect(at(handshake())).toEqual(['a_to_b', 'syn']);
    expect(at([s(0, 'SA', 500, 101)])).toEqual(['a_to_b', 'synack']);
    expect(at([{ ...c(0, 'S', 1, 0), src: 5, dst: 2 }])).toEqual(['b_to_a', 'syn']);
  });

  it('is corrected by a later SYN or SYN-ACK, never by weaker evidence', () => {
    const high = { sport: 40_000, dport: 50_001 };
    expect(
      at([
        { ...s(0, 'A', 501, 101, 5), sport: 50_001, dport: 40_000 },
        { ...c(0.1, 'S', 100, 0), ...high },
      ]),
    ).toEqual(['a_to_b', 'syn']);
    expect(at([c(0, 'S', 100, 0), s(0.1, 'S', 500, 0)])).toEqual(['a_to_b', 'syn']);
  });

  it('follows service ports in the middle of a flow', () => {
    expect(at([s(0, 'A', 501, 101, 5)])).toEqual(['a_to_b', 'port_prior']);
    expect(at([udp(0, 2, 1, 3306, 4444)])).toEqual(['a_to_b', 'port_prior']);
    expect(at([udp(0, 2, 1, 40_000, 50_001)])).toEqual(['b_to_a', 'first_packet']);
  });

  it('knows ICMP requests from replies', () => {
    expect(at([{ t: 0, protocol: ICMP, src: 2, dst: 1, sport: 8, dport: 0, icmpType: 8 }])).toEqual(['b_to_a', 'icmp_request']);
    expect(at([{ t: 0, protocol: ICMP, src: 2, dst: 1, sport: 0, dport: 8, icmpType: 0 }])).toEqual(['a_to_b', 'icmp_request']);
  });
});

describe('ends', () => {
  it('splits at an idle timeout, exactly', () => {
    expect(rowsOf([udp(0, 1, 2, 1000, 2000), udp(29.999_999, 1, 2, 1000, 2000)])).toHaveLength(1);
    const rows = rowsOf([udp(0, 1, 2, 1000, 2000), udp(30, 1, 2, 1000, 2000)]);
    expect(rows.map((row) => row.reason)).toEqual(['idle', 'shutdown']);
  });

  it('never ends with a timeout of 0', () => {
    expect(rowsOf([udp(0, 1, 2, 1, 2), udp(1e6, 1, 2, 1, 2)], { flow: { idleUdpSecs: 0, activeTimeoutSecs: 0 } })).toHaveLength(1);
  });

  it('expires on a silent link, at the tick', () => {
    const ring = new RingBuilder()
      .packet(udp(0, 1, 2, 1000, 2000))
      .tick(1, 29)
      .tick(2, 31);
    const rig = new Rig([ring.ring]).run();
    expect(rig.ticks.map((tick) => tick.flowsLive)).toEqual([1, 0]);
    expect(rig.rows[0].reason).toBe('idle');
  });

  it('gives rows back to the system when all flows end, and none before its record is written', () => {
    const ring = new RingBuilder(1 << 22);
    // Every third is over before: rows that are free already lie among the others.
    for (let n = 0; n < 18_000; n++) ring.packet(udp(n % 3 === 0 ? 0 : 29, 1, 2, 1 + n, 2000, { len: n }));
    ring.tick(1, 31).end(2, 32);
    const { rows } = new Rig([ring.ring], { flow: { maxFlows: 20_000 } }).run();
    const seen = rows.map((row) => [row.reason, row.u16(F.F_PORT_A), row.payload[0]]);
    const inOrder = (reason: string, wanted: (n: number) => boolean) =>
      Array.from({ length: 18_000 }, (_, n) => n)
        .filter(wanted)
        .map((n) => [reason, 1 + n, n]);
    expect(seen.slice(0, 6000)).toEqual(inOrder('idle', (n) => n % 3 === 0));
    expect(seen.slice(6000).sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual(inOrder('shutdown', (n) => n % 3 !== 0));
  });

  it('lingers after the end, so that trailing segments make no flow of their own', () => {
    const closed = [...handshake(), c(1, 'FA', 101, 501), s(1.1, 'FA', 501, 102)];
    expect(rowsOf([...closed, c(2.5, 'A', 102, 502)]).map((row) => row.reason)).toEqual(['fin']);
    expect(rowsOf([...closed, c(3.2, 'A', 102, 502)]).map((row) => row.reason)).toEqual(['fin', 'shutdown']);
  });

  it('opens a new flow for a SYN with a new number, in any state, and not for its retransmission', () => {
    expect(rowsOf([...handshake(), c(1, 'S', 100, 0)])).toHaveLength(1);
    expect(rowsOf([...handshake(), c(1, 'S', 9000, 0)]).map((row) => [row.reason, row.connState])).toEqual([
      ['idle', 'S1'],
      ['shutdown', 'S0'],
    ]);
    const reused = rowsOf([...handshake(), c(1, 'R', 101, 0), c(1.5, 'S', 9000, 0), s(1.6, 'SA', 7000, 9001)]);
    expect(reused.map((row) => [row.reason, row.packets])).toEqual([
      ['rst', [3, 1]],
      ['shutdown', [1, 1]],
    ]);
  });

  it('salts the id of a flow that begins when the one before it began', () => {
    const rows = rowsOf([c(1, 'S', 100, 0), c(1, 'S', 200, 0), c(2, 'S', 300, 0)]);
    expect(rows.map((row) => row.u8(F.F_ID_SALT))).toEqual([0, 1, 0]);
  });
});

describe('bounds', () => {
  const flood = (count: number, from = 0): Packet[] => Array.from({ length: count }, (_, i) => udp(from + i * 1e-4, 100 + i, 1, 999, 2000));

  it('evicts the oldest that nobody answered, and spares answered flows', () => {
    const marked = [udp(0, 1, 2, 1000, 53), udp(0.01, 2, 1, 53, 1000)];
    const ring = new RingBuilder(1 << 21).packets(...marked, ...flood(3000, 0.02), udp(1, 1, 2, 1000, 53)).end(1, 1);
    const rig = new Rig([ring.ring], { flow: { maxFlows: 100 } }).run();
    expect(rig.rows.filter((row) => row.reason === 'eviction')).toHaveLength(2901);
    expect(rig.rows.find((row) => row.u8(F.F_ADDR_A + 3) === 1 && row.packets[0] === 2)?.packets).toEqual([2, 1]);
    expect(rig.count(ShardCounter.EVICTIONS_UNANSWERED)).toBe(2901);
    expect(rig.count(ShardCounter.ENDED_PACKETS)).toBe(3003);
    expect(new Int32Array(rig.credits)[0]).toBe(100);
  });

  it('refuses when other shards hold every credit', () => {
    const ring = new RingBuilder().packets(...flood(5)).end(1, 1);
    const rig = new Rig([ring.ring], { flow: { maxFlows: 100 }, shards: 2, credits: createCredits(0, 2) }).run();
    expect([rig.count(ShardCounter.REFUSED_LIMIT), rig.count(ShardCounter.ACCOUNTED), rig.count(ShardCounter.DEQUEUED)]).toEqual([5, 0, 5]);
    expect(rig.count(ShardCounter.REFUSED_LIMIT_BYTES)).toBe(rig.count(ShardCounter.DEQUEUED_BYTES));
  });

  it('enters the emergency under a flood, refuses midstream TCP and shortens the life of unanswered flows, and leaves it', () => {
    const ring = new RingBuilder(1 << 21).packets(...flood(1000)).tick(1, 1);
    const rig = new Rig([ring.ring], { flow: { maxFlows: 100 } }).run();
    expect(rig.ticks[0].emergency).toBe(true);
    ring.packet(c(1.1, 'A', 101, 501, 5)).packet({ ...c(1.1, 'S', 100, 0), sport: 40_001 });
    ring
      .packet(udp(1.2, 1, 2, 5, 6))
      .packet(udp(4.3, 1, 2, 5, 6))
      .tick(2, 5)
      .tick(3, 6);
    rig.run();
    expect(rig.count(ShardCounter.REFUSED_EMERGENCY)).toBe(1);
    expect(rig.rows.some((row) => row.reason === 'emergency' && row.u16(F.F_PORT_A) === 5)).toBe(true);
    expect(rig.ticks.map((tick) => tick.emergency)).toEqual([true, false, false]);
    expect(rig.count(ShardCounter.EMERGENCY_TICKS)).toBe(1);
  });
});

describe('annotations', () => {
  it('counts outer tuples apart from every sum', () => {
    const outer: Packet = { t: 0, src: 1, dst: 2, protocol: 47, sport: 0, dport: 0, kind: RecordKind.OUTER, parent: 3 };
    const ring = new RingBuilder().packets(udp(0, 7, 8, 1, 2, { bits: RecordFlag.TUNNELED }), outer, { ...outer, t: 1 }).end(1, 2);
    const rig = new Rig([ring.ring]).run();
    const row = rig.rows.find((candidate) => (candidate.u8(F.F_ROLE) & F.RowRole.OUTER) !== 0)!;
    expect([row.packets, row.connState, row.u32(F.F_PARENT_SCOPE)]).toEqual([[2, 0], null, 3]);
    expect([rig.count(ShardCounter.ACCOUNTED), rig.count(ShardCounter.FLOWS_CREATED), rig.count(ShardCounter.OUTER_PACKETS)]).toEqual([
      1, 1, 2,
    ]);
    expect(rig.ticks[0].protocols.slice(0, 2)).toEqual([UDP, 1]);
    expect([rig.count(ShardCounter.OUTER_CREATED), rig.count(ShardCounter.OUTER_ENDED), rig.count(ShardCounter.OUTER_LIVE)]).toEqual([
      1, 1, 0,
    ]);
    expect(rig.failures()).toEqual([]);
  });

  it('refuses outer tuples when other shards hold every credit, and counts them apart', () => {
    const outer: Packet = { t: 0, src: 1, dst: 2, protocol: 47, sport: 0, dport: 0, kind: RecordKind.OUTER };
    const ring = new RingBuilder().packets(outer, { ...outer, t: 1 }).end(1, 2);
    const rig = new Rig([ring.ring], { flow: { maxFlows: 100 }, shards: 2, credits: createCredits(0, 2) }).run();
    expect([rig.count(ShardCounter.OUTER_DEQUEUED), rig.count(ShardCounter.OUTER_REFUSED), rig.count(ShardCounter.REFUSED_LIMIT)]).toEqual([
      2, 2, 0,
    ]);
    expect(rig.failures()).toEqual([]);
  });

  it('counts an ICMP error on the flow that it quotes, and opens none', () => {
    const quoted = { kind: RecordKind.ICMP_INNER };
    const ring = new RingBuilder()
      .packets(udp(0, 1, 2, 1000, 2000), udp(1, 1, 2, 1000, 2000, quoted), udp(1, 1, 2, 1000, 2001, quoted))
      .packets(udp(2, 3, 4, 1, 2, { bits: RecordFlag.TUNNELED }), udp(3, 3, 4, 1, 2, quoted))
      .end(1, 4);
    const rig = new Rig([ring.ring]).run();
    expect(rig.rows.map((row) => row.u32(F.F_ICMP_ERRORS))).toEqual([1, 1]);
    expect([rig.count(ShardCounter.ICMP_INNER_MATCHED), rig.count(ShardCounter.ICMP_INNER_UNMATCHED)]).toEqual([2, 1]);
  });
});

describe('interim records', () => {
  const steady = (until: number, step = 20): Packet[] =>
    Array.from({ length: Math.floor(until / step) + 1 }, (_, i) => udp(i * step, 1, 2, 1000, 2000));

  it('come at every active timeout with totals and what was reported before', () => {
    const rows = rowsOf(steady(700));
    expect(rows.map((row) => [row.isInterim, row.u32(F.F_INTERIM_SEQ), row.packets[0], row.previous[0]])).toEqual([
      [true, 1, 15, 0],
      [true, 2, 30, 15],
      [false, 2, 36, 30],
    ]);
  });

  it('leave out empty periods of a long silence, in a bounded number of steps', () => {
    const rows = rowsOf([udp(0, 1, 2, 1, 2), udp(10, 3, 4, 1, 2), udp(1e9 + 5, 1, 2, 1, 2)], { flow: { idleUdpSecs: 0 } });
    expect(rows.map((row) => [row.isInterim, row.packets[0]])).toEqual([
      [true, 1],
      [true, 1],
      [false, 2],
      [false, 1],
    ]);
  });

  it('are not owed by a flow that was already over', () => {
    expect(rowsOf([udp(0, 1, 2, 1, 2), udp(400, 1, 2, 1, 2)]).map((row) => row.isInterim)).toEqual([false, false]);
  });
});

describe('top flows', () => {
  it('lists the largest byte deltas of the tick, ended flows included', () => {
    const big = (t: number, dst: number, len: number) => udp(t, 1, dst, 7, 8, { len });
    const ring = new RingBuilder().packets(big(0, 2, 5000), big(0, 3, 10)).tick(1, 1);
    ring
      .packets(big(1.1, 3, 400), big(1.2, 4, 300), big(1.3, 2, 20))
      .packets(c(1.4, 'S', 1, 0, 900), c(1.5, 'S', 2, 0))
      .tick(2, 2)
      .end(3, 2);
    const rig = new Rig([ring.ring], { topFlows: 3, summaryFlows: 2 }).run();
    expect(rig.ticks[0].top.map((flow) => flow.deltaBytes)).toEqual([5042, 52]);
    expect(rig.ticks[1].top.map((flow) => [flow.deltaBytes, flow.deltaPackets])).toEqual([
      [954, 1],
      [442, 1],
      [342, 1],
    ]);
    expect(rig.ticks[2].summary.map((flow) => topRow(flow.row).bytes[0])).toEqual([5104, 954]);
  });

  it('gives the protocols of the tick', () => {
    const ring = new RingBuilder()
      .packets(udp(0, 1, 2, 3, 4), ...handshake())
      .tick(1, 1)
      .tick(2, 2);
    const rig = new Rig([ring.ring]).run();
    expect(rig.ticks[0].protocols).toEqual([TCP, 3, 162, UDP, 1, 142]);
    expect([rig.ticks[0].packets, rig.ticks[0].bytes, rig.ticks[1].packets]).toEqual([4, 304, 0]);
  });
});
