import { describe, expect, it } from 'vitest';
import { HOLES } from '../../../src/flow/holes.ts';
import { RecordFlag } from '../../../src/ring/layout.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import { Rig } from '../shard/rig.ts';
import { c, handshake, rowOf, s } from './conversation.ts';
import type { Packet } from './records.ts';
import { ICMP, RingBuilder, UDP } from './records.ts';

const data: Packet[] = [c(1, 'A', 101, 501, 10), s(1.1, 'A', 501, 111, 20)];
const cFin = c(2, 'FA', 111, 521);
const sFin = s(2.1, 'FA', 521, 112);

/** conn_state, history, tcp_state and why the flow ended. */
const cases: [string, Packet[], string, string, string, string][] = [
  ['SYN without answer', [c(0, 'S', 100, 0)], 'S0', 'S', 'syn_sent', 'shutdown'],
  ['SYN refused', [c(0, 'S', 100, 0), s(0.1, 'RA', 0, 101)], 'REJ', 'Sr', 'reset', 'rst'],
  ['SYN, then RST by the originator', [c(0, 'S', 100, 0), c(0.1, 'R', 101, 0)], 'RSTOS0', 'SR', 'reset', 'rst'],
  ['SYN, then FIN by the originator', [c(0, 'S', 100, 0), c(0.1, 'F', 101, 0)], 'SH', 'SF', 'fin_wait', 'shutdown'],
  ['half open', handshake().slice(0, 2), 'S1', 'Sh', 'syn_ack', 'shutdown'],
  ['established', [...handshake(), ...data], 'S1', 'ShADd', 'established', 'shutdown'],
  ['originator closed', [...handshake(), ...data, cFin], 'S2', 'ShADdF', 'fin_wait', 'shutdown'],
  ['responder closed', [...handshake(), ...data, sFin], 'S3', 'ShADdf', 'fin_wait', 'shutdown'],
  ['both closed', [...handshake(), ...data, cFin, sFin], 'SF', 'ShADdFf', 'closed', 'fin'],
  ['both closed and acknowledged', [...handshake(), ...data, cFin, sFin, c(2.2, 'A', 112, 522)], 'SF', 'ShADdFf', 'time_wait', 'fin'],
  ['two FINs of one side', [...handshake(), ...data, cFin, { ...cFin, t: 2.5 }], 'S2', 'ShADdF', 'fin_wait', 'shutdown'],
  ['reset by the originator', [...handshake(), ...data, c(2, 'R', 111, 0)], 'RSTO', 'ShADdR', 'reset', 'rst'],
  ['reset by the responder', [...handshake(), ...data, s(2, 'R', 521, 0)], 'RSTR', 'ShADdr', 'reset', 'rst'],
  ['SYN-ACK and RST without a SYN', [s(0, 'SA', 500, 101), s(0.1, 'R', 501, 0)], 'RSTRH', '^hr', 'reset', 'rst'],
  ['SYN-ACK and FIN without a SYN', [s(0, 'SA', 500, 101), s(0.1, 'FA', 501, 101)], 'SHR', '^hf', 'fin_wait', 'shutdown'],
  ['middle of a connection', data, 'OTH', 'Dd', 'unknown', 'shutdown'],
  ['SYN after the SYN-ACK', [s(0, 'SA', 500, 101), c(0.001, 'S', 100, 0), c(0.01, 'A', 101, 501)], 'S1', '^hSA', 'established', 'shutdown'],
];

describe('TCP connection states', () => {
  it.each(cases)('%s', (_name, packets, connState, history, tcpState, reason) => {
    const row = rowOf(packets);
    expect([row.connState, row.history, row.tcpState, row.reason]).toEqual([connState, history, tcpState, reason]);
  });
});

describe('history letters', () => {
  const many = (count: number, make: (i: number) => Packet): Packet[] => Array.from({ length: count }, (_, i) => make(i));

  it('has c for bad checksums at 1, 10 and 100, and nothing else of those segments', () => {
    const bad = many(100, (i) => c(1 + i / 100, 'FA', 101, 501, 0, { bits: RecordFlag.BAD_L4_CHECKSUM }));
    expect(rowOf([...handshake(), ...bad.slice(0, 9)]).history).toBe('ShAC');
    expect(rowOf([...handshake(), ...bad.slice(0, 10)]).history).toBe('ShACC');
    expect(rowOf([...handshake(), ...bad]).history).toBe('ShACCC');
  });

  it('has t for repeated payload and w for zero windows', () => {
    expect(rowOf([...handshake(), ...data, { ...data[0], t: 1.5 }]).history).toBe('ShADdT');
    expect(rowOf([...handshake(), ...data, s(2, 'A', 521, 111, 0, { window: 0 })]).history).toBe('ShADdaw');
  });

  it('has g for a gap, in the case of the side whose data are missing', () => {
    expect(rowOf([...handshake(), s(1, 'A', 601, 101, 10), c(1.1, 'A', 101, 611)]).history).toBe('ShAdg');
  });

  it('has x once for a side with more open gaps than are remembered', () => {
    const jumps = (count: number) => many(count, (i) => s(1 + i / 1000, 'A', 601 + 100 * i, 101, 10));
    expect(rowOf([...handshake(), ...jumps(HOLES)]).history).toBe('ShAd');
    const row = rowOf([...handshake(), ...jumps(HOLES + 2), c(2, 'A', 101, 611 + 100 * (HOLES + 1))]);
    expect([row.history, row.missed]).toEqual(['ShAdXg', [0, 90 * HOLES]]);
  });

  it('has x for each flow that found the memory for gaps taken', () => {
    const connections = 70;
    const flow = (packet: Packet, i: number) => ({ ...packet, t: packet.t + i, src: packet.src! + 2 * i, dst: packet.dst! + 2 * i });
    const packets = many(connections, () => c(0, '', 0, 0)).flatMap((_, i) =>
      [...handshake(), s(0.5, 'A', 601, 101, 10)].map((packet) => flow(packet, i)),
    );
    const ring = new RingBuilder().packets(...packets).end(1, 100);
    const rig = new Rig([ring.ring], { flow: { maxFlows: 100, idleTcpSecs: 0 } }).run();
    const histories = rig.rows.toSorted((a, b) => a.first - b.first).map((row) => row.history);
    expect(histories).toEqual([...Array<string>(64).fill('ShAd'), ...Array<string>(connections - 64).fill('ShAdX')]);
    const counts = [ShardCounter.HOLES_ASKED, ShardCounter.HOLES_GIVEN, ShardCounter.HOLES_EXHAUSTED].map((slot) => rig.count(slot));
    expect(counts).toEqual([connections, 64, connections - 64]);
    expect(rig.failures()).toEqual([]);
  });

  it('has i for FIN+RST and q for SYN+FIN, once per side', () => {
    expect(rowOf([c(0, 'SF', 100, 0), c(0.1, 'SF', 100, 0)]).history).toBe('Q');
    expect(rowOf([...handshake(), c(1, 'FR', 101, 501), c(1.1, 'FR', 101, 501)]).history).toBe('ShAI');
  });

  it('repeats f and r when the sequence number differs', () => {
    expect(rowOf([...handshake(), c(1, 'R', 101, 0), c(1.1, 'R', 101, 0), c(1.2, 'R', 150, 0)]).history).toBe('ShARR');
    expect(rowOf([...handshake(), c(1, 'FA', 101, 501), c(1.1, 'FA', 140, 501)]).history).toBe('ShAFF');
  });
});

describe('protocols without connections', () => {
  const query: Packet = { t: 0, protocol: UDP, src: 1, dst: 2, sport: 5000, dport: 53, len: 20 };
  const answer: Packet = { t: 0.1, protocol: UDP, src: 2, dst: 1, sport: 53, dport: 5000, len: 40 };

  it('gives UDP S0, SF and SHR', () => {
    expect([rowOf([query]).connState, rowOf([query]).history]).toEqual(['S0', 'D']);
    expect([rowOf([query, answer]).connState, rowOf([query, answer]).history]).toEqual(['SF', 'Dd']);
    expect([rowOf([answer]).connState, rowOf([answer]).history]).toEqual(['SHR', '^d']);
  });

  it('gives everything else OTH', () => {
    expect(rowOf([{ t: 0, protocol: ICMP, sport: 8, dport: 0, icmpType: 8 }]).connState).toBe('OTH');
  });
});
