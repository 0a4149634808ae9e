import { describe, expect, it } from 'vitest';
import * as F from '../../../src/flow/row.ts';
import { c, handshake, rowOf, s } from './conversation.ts';
import type { Packet } from './records.ts';

describe('loss analysis', () => {
  it('counts a lost and resent segment once, even before any acknowledgement', () => {
    const row = rowOf([...handshake(), c(1, 'A', 101, 501, 10), c(1.3, 'A', 101, 501, 10), s(1.4, 'A', 501, 111)]);
    expect(row.retransmissions).toEqual([1, 0]);
    expect(row.outOfOrder).toEqual([0, 0]);
  });

  it('counts two swapped segments as one out of order', () => {
    const row = rowOf([...handshake(), c(1, 'A', 111, 501, 10), c(1.001, 'A', 101, 501, 10), s(1.1, 'A', 501, 121)]);
    expect(row.outOfOrder).toEqual([1, 0]);
    expect(row.retransmissions).toEqual([0, 0]);
    expect(row.missed).toEqual([0, 0]);
  });

  it('calls a late arrival a retransmission once the handshake RTT has passed', () => {
    const row = rowOf([...handshake(), c(1, 'A', 111, 501, 10), c(1.061, 'A', 101, 501, 10)]);
    expect([row.outOfOrder[0], row.retransmissions[0]]).toEqual([0, 1]);
  });

  it('takes 3 ms for the RTT when no handshake was seen', () => {
    const at = (gap: number) => rowOf([c(1, 'A', 101, 501, 5), c(1.01, 'A', 116, 501, 10), c(1.01 + gap, 'A', 106, 501, 10)]);
    expect(at(0.0029).outOfOrder[0]).toBe(1);
    expect(at(0.0031).retransmissions[0]).toBe(1);
  });

  it('counts a spurious retransmission when everything had been acknowledged', () => {
    const row = rowOf([...handshake(), c(1, 'A', 101, 501, 10), s(1.1, 'A', 501, 111), c(1.2, 'A', 101, 501, 10)]);
    expect([row.retransmissions[0], row.u32(F.F_SPURIOUS)]).toEqual([1, 1]);
  });

  const dupAcks = [s(1.05, 'A', 501, 111), s(1.06, 'A', 501, 111), s(1.07, 'A', 501, 111)];
  const threeSent = [c(1, 'A', 101, 501, 10), c(1.01, 'A', 121, 501, 10), c(1.02, 'A', 131, 501, 10)];

  it('counts a fast retransmission within 20 ms of two duplicate ACKs', () => {
    const fast = rowOf([...handshake(), ...threeSent, ...dupAcks, c(1.089, 'A', 111, 501, 10)]);
    expect([fast.u32(F.F_DUP_ACKS), fast.u32(F.F_FAST_RETRANS), fast.retransmissions[0]]).toEqual([2, 1, 1]);
    const slow = rowOf([...handshake(), ...threeSent, ...dupAcks, c(1.091, 'A', 111, 501, 10)]);
    expect([slow.u32(F.F_FAST_RETRANS), slow.retransmissions[0]]).toEqual([0, 1]);
  });

  it('counts a fast retransmission that SACK blocks ask for', () => {
    const sacks = dupAcks.map((packet) => ({ ...packet, sack: [[131, 141]] as [number, number][] }));
    const hole = rowOf([...handshake(), ...threeSent, ...sacks, c(1.08, 'A', 121, 501, 10)]);
    expect([hole.u32(F.F_FAST_RETRANS), hole.u32(F.F_SACK_BLOCKS)]).toEqual([1, 3]);
    const sacked = rowOf([...handshake(), ...threeSent, ...sacks, c(1.08, 'A', 131, 501, 8)]);
    expect(sacked.u32(F.F_FAST_RETRANS)).toBe(0);
  });

  it('takes a keep-alive for no retransmission, and its answer for no duplicate', () => {
    const row = rowOf([...handshake(), c(1, 'A', 101, 501, 10), s(1.1, 'A', 501, 111), c(9, 'A', 110, 501, 1), s(9.1, 'A', 501, 111)]);
    expect([row.u32(F.F_KEEP_ALIVES), row.retransmissions[0], row.u32(F.F_DUP_ACKS)]).toEqual([1, 0, 0]);
  });

  it('takes a zero window probe for no retransmission and does not let it advance', () => {
    const row = rowOf([
      ...handshake(),
      c(1, 'A', 101, 501, 10),
      s(1.1, 'A', 501, 111, 0, { window: 0 }),
      c(2, 'A', 111, 501, 1),
      s(2.1, 'A', 501, 111, 0, { window: 0 }),
      c(3, 'A', 111, 501, 1),
      s(3.1, 'A', 501, 111, 0, { window: 500 }),
      c(3.2, 'A', 111, 501, 20),
    ]);
    expect([row.u32(F.F_ZERO_WINDOWS), row.retransmissions[0], row.outOfOrder[0]]).toEqual([2, 0, 0]);
    expect([row.u16(F.F_WINDOW_MIN_A), row.u16(F.F_WINDOW_MIN_B)]).toEqual([1000, 0]);
  });

  it('counts what was acknowledged but never seen, in the middle and at the end', () => {
    const hole = rowOf([...handshake(), c(1, 'A', 101, 501, 10), c(1.1, 'A', 211, 501, 10), s(1.2, 'A', 501, 221)]);
    expect(hole.missed).toEqual([100, 0]);
    expect(hole.history).toContain('G');
    const tail = rowOf([...handshake(), c(1, 'A', 101, 501, 10), s(1.2, 'A', 501, 161)]);
    expect(tail.missed).toEqual([50, 0]);
    const fin = rowOf([...handshake(), c(1, 'A', 101, 501, 10), s(1.2, 'A', 501, 112)]);
    expect(fin.missed).toEqual([0, 0]);
  });

  it('survives sequence numbers that wrap', () => {
    const start = 0xffff_fff0;
    const row = rowOf([
      c(0, 'S', start, 0),
      s(0.05, 'SA', 500, (start + 1) >>> 0),
      c(0.06, 'A', (start + 1) >>> 0, 501),
      c(1, 'A', (start + 1) >>> 0, 501, 100),
      s(1.1, 'A', 501, (start + 101) >>> 0),
      c(1.2, 'A', (start + 101) >>> 0, 501, 100),
      c(1.5, 'A', (start + 101) >>> 0, 501, 100),
    ]);
    expect([row.retransmissions[0], row.outOfOrder[0], row.missed[0]]).toEqual([1, 0, 0]);
  });

  it('leaves the counters at 0 and the RTT unknown in scale mode, with the same packets and history', () => {
    const packets = [...handshake(), c(1, 'A', 101, 501, 10), c(1.3, 'A', 101, 501, 10), s(1.4, 'A', 501, 111)];
    const off = rowOf(packets, { flow: { rtt: false, retransmissions: false, outOfOrder: false } });
    expect([off.retransmissions, off.u32(F.F_RTT_SAMPLES), off.f32(F.F_SYN_SYNACK_MS)]).toEqual([[0, 0], 0, Number.NaN]);
    const on = rowOf(packets);
    expect([off.packets, off.history, off.tcpState]).toEqual([on.packets, on.history, on.tcpState]);
  });
});

describe('RTT', () => {
  it('splits the handshake at the SYN-ACK', () => {
    const row = rowOf(handshake());
    expect([row.f32(F.F_SYN_SYNACK_MS), row.f32(F.F_SYNACK_ACK_MS)]).toEqual([50, 10]);
  });

  it('measures by acknowledgement: last, least, EWMA 1/8, jitter 1/16', () => {
    const row = rowOf([
      ...handshake(),
      c(1, 'A', 101, 501, 10),
      s(1.05, 'A', 501, 111),
      c(2, 'A', 111, 501, 10),
      s(2.09, 'A', 501, 121),
      c(3, 'A', 121, 501, 10),
      s(3.05, 'A', 501, 131),
    ]);
    expect(row.u32(F.F_RTT_SAMPLES)).toBe(3);
    expect(row.f32(F.F_RTT_LAST_MS)).toBe(50);
    expect(row.f32(F.F_RTT_MIN_MS)).toBe(50);
    expect(row.f32(F.F_RTT_EWMA_MS)).toBeCloseTo(55 + (50 - 55) / 8, 3);
    expect(row.f32(F.F_RTT_JITTER_MS)).toBeCloseTo(2.5 + (40 - 2.5) / 16, 3);
  });

  it('is that of the packets also where they are behind the clock, and unknown where time stepped back', () => {
    const behind = (packet: Packet): Packet => ({ ...packet, t: 9, own: packet.t });
    const exchange = [c(1, 'A', 101, 501, 10), s(1.05, 'A', 501, 111)];
    const row = rowOf([...handshake(), ...exchange].map(behind));
    expect([row.f32(F.F_SYN_SYNACK_MS), row.f32(F.F_SYNACK_ACK_MS), row.f32(F.F_RTT_LAST_MS)]).toEqual([50, 10, 50]);
    const stepped = rowOf([c(5, 'S', 100, 0), behind(s(4, 'SA', 500, 101)), behind(c(4.01, 'A', 101, 501))]);
    expect([stepped.f32(F.F_SYN_SYNACK_MS), stepped.f32(F.F_SYNACK_ACK_MS)]).toEqual([Number.NaN, 10]);
    const swapped = rowOf([c(5, 'S', 100, 0), behind(s(4.999_99, 'SA', 500, 101)), c(5.01, 'A', 101, 501)]);
    expect([swapped.f32(F.F_SYN_SYNACK_MS), swapped.f32(F.F_SYNACK_ACK_MS)]).toEqual([0, Math.fround(10.01)]);
    const unknown = rowOf([...handshake(5), c(6, 'A', 101, 501, 10), behind(s(4, 'A', 501, 111))]);
    expect([unknown.u32(F.F_RTT_SAMPLES), unknown.f32(F.F_RTT_LAST_MS)]).toEqual([0, Number.NaN]);
  });

  it('takes no sample from a segment that was sent twice', () => {
    const row = rowOf([...handshake(), c(1, 'A', 101, 501, 10), c(1.3, 'A', 101, 501, 10), s(1.35, 'A', 501, 111)]);
    expect(row.u32(F.F_RTT_SAMPLES)).toBe(0);
    expect(row.f32(F.F_RTT_LAST_MS)).toBeNaN();
  });

  it('is not measured when switched off, while loss still is', () => {
    const row = rowOf([...handshake(), c(1, 'A', 101, 501, 10), c(1.3, 'A', 101, 501, 10), s(1.4, 'A', 501, 111)], {
      flow: { rtt: false },
    });
    expect([row.f32(F.F_SYN_SYNACK_MS), row.u32(F.F_RTT_SAMPLES), row.retransmissions[0]]).toEqual([Number.NaN, 0, 1]);
  });
});
