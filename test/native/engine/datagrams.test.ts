/** Flows that datagrams open, natively and by the table: the same rows, notes, counters, ticks and moments, to the last byte. */
import { describe, expect, it } from 'vitest';
import { HIGH_SERVICE_PORTS } from '../../../src/flow/service-ports.ts';
import { RecordFlag, RecordKind } from '../../../src/ring/layout.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { type NativeCounts, shardOver, type WayOptions } from '../../support/app/both-ways.ts';
import { ANSWER, a, dnsMessage, QUERY } from '../../support/app/dns.ts';
import { DNS_FLOWS } from '../../support/app/dns-flows.ts';
import type { ReadFlow } from '../../support/app/native-readers.ts';
import { cryptoFrame } from '../../support/app/quic.ts';
import { answerOf, browserHello, clientPacket, datagram, ends, eventsOf, type Plan } from '../../support/app/quic-flows.ts';
import { type Packet, RingBuilder, UDP } from '../../unit/flow/records.ts';
import { counting, drained, type Given } from './drained-records.ts';

/** A seeded number below `most`. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** How many records were taken natively; what comes out is the same as from the table. */
function bothWays(rings: RingBuilder[], given: Given = {}): number {
  const memory = rings.map(({ ring }) => ring);
  const { create, taken } = counting();
  const alone = drained(memory, given);
  expect(alone.counters[ShardCounter.FLOWS_CREATED]).toBeGreaterThan(0);
  const natively = drained(memory, given, create);
  expect(natively.rows.length).toBe(alone.rows.length);
  expect(natively.rows.findIndex((row, i) => row !== alone.rows[i])).toBe(-1);
  expect(natively).toEqual(alone);
  return taken();
}

describe('a datagram that opens a flow', () => {
  it.each([
    ['from A', { src: 1, dst: 2 }],
    ['from B', { src: 2, dst: 1 }],
    ['from A over IPv6', { src: 1, dst: 2, v6: true }],
    ['from B over IPv6', { src: 2, dst: 1, v6: true }],
  ])('%s is from the client where its ports say so, whatever they are', (_, ends) => {
    const ring = new RingBuilder(1 << 23);
    const near = HIGH_SERVICE_PORTS.flatMap((port) => [port - 1, port, port + 1]);
    const first = [...new Set([...near, 0, 1, 53, 80, 1022, 1023, 1024, 1025, 32_767, 32_768, 49_152, 65_534, 65_535])];
    const second = [0, 7, 1023, 1024, 5353, 40_001, 65_535];
    let t = 1;
    let count = 0;
    for (const [i, sport] of first.entries()) {
      for (const dport of second) {
        t += 1e-4;
        ring.packet({ ...ends, t, sport, dport, protocol: UDP, len: 30 });
        if ((i + dport) % 3 === 0)
          ring.packet({ ...ends, src: ends.dst, dst: ends.src, t, sport: dport, dport: sport, protocol: UDP, len: 9 });
        count++;
      }
    }
    ring.tick(1, 5).end(2, 6);
    for (const detect of [false, true]) expect(bothWays([ring], { detect, flow: { maxFlows: 20_000 } })).toBeGreaterThan(0.9 * count);
  });

  it('is a surge with many others', () => {
    const ring = new RingBuilder(1 << 22);
    for (let i = 0; i < 3000; i++) ring.packet({ t: 1 + i / 3001, src: 100 + i, dst: 2, sport: 4000, dport: 53, protocol: UDP, len: 30 });
    for (let i = 0; i < 700; i++) ring.packet({ t: 2, src: 53, dst: 100_000 + i, sport: 53, dport: 4000 + i, protocol: UDP, len: 30 });
    ring.tick(1, 2).end(2, 3);
    expect(bothWays([ring], { detect: true, flow: { maxFlows: 20_000 } })).toBeGreaterThan(3000);
  });
});

/** Datagrams and some segments, of flows that come back after silences, with whatever a record may say of its packet. */
function anyTraffic(seed: number): RingBuilder {
  const below = dice(seed);
  const ring = new RingBuilder(1 << 22);
  const { FRAGMENT, FRAGMENT_LATER, SNAPLEN_CUT, BAD_L4_CHECKSUM, NO_TRANSPORT, TUNNELED, ONE_WAY, OUTGOING, DENIED } = RecordFlag;
  const rare = [FRAGMENT, FRAGMENT_LATER, SNAPLEN_CUT, BAD_L4_CHECKSUM, NO_TRANSPORT, TUNNELED, ONE_WAY, OUTGOING, DENIED];
  const ports = [53, 123, 443, 1900, 5353, 40_001, 40_002, 50_000, 65_535, 0];
  for (let tick = 1; tick <= 20; tick++) {
    for (let i = 0; i < 250; i++) {
      const packet: Packet = {
        t: tick + i / 251,
        src: 1 + below(12),
        dst: 1 + below(12),
        sport: ports[below(10)],
        dport: ports[below(10)],
        protocol: below(8) === 0 ? 6 : UDP,
        flags: below(2) === 0 ? 'S' : 'A',
        len: below(3) === 0 ? 0 : below(900),
        v6: below(4) === 0,
        bits: below(5) === 0 ? rare[below(rare.length)] : 0,
        scope: below(20) === 0 ? 7 : 0,
        ...(below(9) === 0 ? { vlan: 1 + below(3) } : {}),
        ...(below(25) === 0 ? { kind: RecordKind.OUTER } : {}),
      };
      ring.packet(packet);
    }
    ring.tick(tick, tick + 1);
  }
  return ring.end(21, 22);
}

describe('any datagrams', () => {
  const settings: [string, Given][] = [
    ['alone', {}],
    ['with detection', { detect: true }],
    ['with processes', { processes: true, detect: true }],
    ['with an idle timeout and a full table', { detect: true, flow: { idleUdpSecs: 1, maxFlows: 60 } }],
    ['with few rows', { flow: { maxFlows: 200 } }],
    ['with interim records of each second', { flow: { activeTimeoutSecs: 1 } }],
    ['without interim records', { flow: { activeTimeoutSecs: 0 } }],
    ['in scale mode', { flow: { rtt: false, retransmissions: false, outOfOrder: false } }],
  ];
  it.each(settings)('open the same flows %s', (_, given) => {
    for (const seed of [1, 2, 3]) expect(bothWays([anyTraffic(seed)], given)).toBeGreaterThan(50);
    expect(bothWays([anyTraffic(4), anyTraffic(5)], given)).toBeGreaterThan(50);
  });
});

/** With the parsers and the table alone, and natively as far as it goes: flows that were read natively, and records taken. */
function applications(ring: RingBuilder, options: Partial<WayOptions> = {}): NativeCounts & { taken: number } {
  const counts = { closed: 0, released: 0 };
  const { create, taken } = counting();
  const alone = shardOver(ring.ring, { ...options, isNative: false, createFastPath: () => null });
  for (const native of [{ isNative: false }, { isNative: true, counts, createFastPath: create }]) {
    const natively = shardOver(ring.ring, { ...options, ...native });
    expect(natively.rows.findIndex((row, i) => row !== alone.rows[i])).toBe(-1);
    expect(natively.rows.length).toBe(alone.rows.length);
    expect(natively).toEqual(alone);
  }
  return { ...counts, taken: taken() };
}

function talk({ events, clientPort, serverPort }: ReadFlow, client: number, t: number, more: Partial<Packet> = {}): Packet[] {
  return events.map(({ side, bytes }, i) => {
    const forth = { src: client, dst: 9, sport: clientPort, dport: serverPort };
    const ends = side === 0 ? forth : { src: 9, dst: client, sport: serverPort, dport: clientPort };
    return { t: t + i / 1e4, ...ends, protocol: UDP, payload: bytes, ...more };
  });
}

/** Browsers' flows: a hello in one datagram, in two, and what is none. */
function quicTalks(): ReadFlow[] {
  const at = ends(1, 8, 0, 8);
  const message = browserHello(at, 'www.example.org', true);
  const hello = (part: Uint8Array, from: number, number: number) =>
    datagram(0, [clientPacket(at, cryptoFrame(from, part), { size: 1250, number })]);
  const plans: Plan[] = [
    [hello(browserHello(at, 'www.example.com', false), 0, 0), answerOf(at)],
    [hello(message.subarray(0, 1100), 0, 0), hello(message.subarray(1100), 1100, 1), answerOf(at)],
    [hello(message.subarray(1100), 1100, 1), hello(message.subarray(0, 1100), 0, 0)],
    [answerOf(at), hello(message.subarray(0, 1100), 0, 0)],
  ];
  return plans.map((plan) => ({ isTcp: false, clientPort: 50_123, serverPort: 443, events: eventsOf(plan), ended: true }));
}

describe('the bytes of a datagram that opens a flow', () => {
  const talks = [...Object.values(DNS_FLOWS), ...quicTalks()];

  it('are read natively', () => {
    const ring = new RingBuilder(1 << 23);
    const packets = talks.flatMap((flow, i) => [...talk(flow, 20 + i, 1 + i / 1000), ...talk(flow, 2000 - i, 1 + i / 1000, { v6: true })]);
    ring.packets(...packets.sort((one, other) => one.t - other.t));
    ring.tick(1, 4).end(2, 5);
    const { closed, taken } = applications(ring);
    expect(closed).toBeGreaterThan(talks.length);
    expect(taken).toBeGreaterThan(0.8 * packets.length);
    applications(ring, { detect: true });
    applications(ring, { flow: { maxFlows: 5 } });
  });

  it.each([1, 2, 3])('whoever sends them, and whatever else the record says: %i', (seed) => {
    const below = dice(seed);
    const ring = new RingBuilder(1 << 23);
    const other = dnsMessage({ questions: [['b.example', 28]], answers: [['b.example', 1, 5, a('1.2.3.4')]] });
    const payloads = [
      QUERY,
      ANSWER,
      other,
      QUERY.subarray(0, 11),
      new Uint8Array(1200).fill(0xc3),
      Uint8Array.of(1),
      ...talks.flatMap(({ events }) => events.map(({ bytes }) => bytes)),
    ];
    const { FRAGMENT, SNAPLEN_CUT, BAD_L4_CHECKSUM, TUNNELED, ONE_WAY } = RecordFlag;
    const rare = [FRAGMENT, SNAPLEN_CUT, BAD_L4_CHECKSUM, TUNNELED, ONE_WAY];
    const ports = [53, 53, 53, 443, 5353, 40_001, 40_002, 40_003];
    for (let tick = 1; tick <= 10; tick++) {
      for (let i = 0; i < 80; i++) {
        ring.packet({
          t: tick + i / 81,
          src: 1 + below(9),
          dst: 1 + below(9),
          sport: ports[below(8)],
          dport: ports[below(8)],
          protocol: UDP,
          v6: below(4) === 0,
          bits: below(8) === 0 ? rare[below(rare.length)] : 0,
          ...(below(12) === 0 ? { len: 40 } : { payload: payloads[below(payloads.length)] }),
        });
      }
      ring.tick(tick, tick + 1);
    }
    ring.end(11, 12);
    const flows = [{}, { idleUdpSecs: 1, maxFlows: 40 }, { activeTimeoutSecs: 1 }];
    for (const flow of flows) for (const detect of [false, true]) applications(ring, { flow, detect });
    expect(applications(ring).closed).toBeGreaterThan(5);
  });
});
