/** A TCP client and server whose packets tests write down briefly: `c` from the client (10.0.0.1), `s` from the server. */
import { Rig, type RigOptions, type Row } from '../shard/rig.ts';
import { type Packet, RingBuilder } from './records.ts';

export const CLIENT = { src: 1, dst: 2, sport: 40_000, dport: 80 };
export const SERVER = { src: 2, dst: 1, sport: 80, dport: 40_000 };

export const c = (t: number, flags: string, seq: number, ack: number, len = 0, more: Partial<Packet> = {}): Packet => ({
  t,
  flags,
  seq,
  ack,
  len,
  ...CLIENT,
  ...more,
});
export const s = (t: number, flags: string, seq: number, ack: number, len = 0, more: Partial<Packet> = {}): Packet => ({
  t,
  flags,
  seq,
  ack,
  len,
  ...SERVER,
  ...more,
});

/** Client ISN 100, server ISN 500, 50 ms and 10 ms apart; the next data are 101 and 501. */
export const handshake = (t = 0): Packet[] => [c(t, 'S', 100, 0), s(t + 0.05, 'SA', 500, 101), c(t + 0.06, 'A', 101, 501)];

/** Runs the packets to the end of the capture. */
export function rowsOf(packets: Packet[], options: RigOptions = {}): Row[] {
  const ring = new RingBuilder().packets(...packets);
  ring.end(1, packets[packets.length - 1].t);
  return new Rig([ring.ring], options).run().rows;
}

/** The only row. */
export function rowOf(packets: Packet[], options: RigOptions = {}): Row {
  const rows = rowsOf(packets, options);
  if (rows.length !== 1) throw new Error(`${rows.length} rows`);
  return rows[0];
}
