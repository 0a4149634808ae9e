/**
 * Takes records out of one ring and puts them through the flow table, in batches of 32 and two passes: the first only
 * touches the index entries and rows that the second will need, so that their cache misses overlap.
 */

import type { FlowTable, PayloadSink } from '../flow/table-contract.ts';
import {
  R_KIND,
  R_LENGTH,
  R_PROTOCOL,
  R_RING_SEQ,
  R_STREAM_NS,
  R_WIRE_LEN,
  RECORD_ALIGN,
  RecordKind,
  RING_HEADER_BYTES,
} from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';
import { ShardCounter } from './protocol.ts';

const HEADER = RING_HEADER_BYTES;
const LENGTH = R_LENGTH >> 2;
const KIND = R_KIND;
const RING_SEQ = R_RING_SEQ >> 2;
const TIME = R_STREAM_NS >> 3;
const PROTOCOL = R_PROTOCOL;
const WIRE = R_WIRE_LEN >> 2;
const ALIGN_MASK = RECORD_ALIGN - 1;
const { PAD, PACKET, OUTER, ICMP_INNER, ARP, TICK, END } = RecordKind;
const BATCH = 32;

const C_DEQUEUED = ShardCounter.DEQUEUED;
const C_DEQUEUED_BYTES = ShardCounter.DEQUEUED_BYTES;

/** Looks at the ARP record at byte offset `o` of `rec`; the record may be overwritten once the call has returned. */
export type ArpSink = (rec: RingReader, o: number) => void;

export class Drain {
  /** Packets and wire bytes per IP protocol since the last `takeProtocols`. */
  private readonly protocols = new Float64Array(512);
  private readonly offsets = new Int32Array(BATCH);
  private readonly hints = new Int32Array(BATCH);
  private readonly tally: Float64Array;
  private readonly shared: Float64Array;
  private readonly payload: PayloadSink | null;
  private readonly onArp: ArpSink | null;

  /**
   * `tally` is the shard's counters; `shared` is where the sensor reads them; `payload` has looked at records of the batch;
   * `onArp` gets each ARP record, in the order of the ring.
   */
  constructor(tally: Float64Array, shared: Float64Array, payload: PayloadSink | null, onArp: ArpSink | null = null) {
    this.tally = tally;
    this.shared = shared;
    this.payload = payload;
    this.onArp = onArp;
  }

  /**
   * Processes records up to `reader.written`, up to a TICK or END, up to one later than `limitNs`, and not much more
   * than `budget` of them. Returns how many records it took.
   */
  run(reader: RingReader, table: FlowTable, limitNs: number, budget: number): number {
    let taken = 0;
    while (taken < budget) {
      const count = this.gather(reader, limitNs);
      if (count < 0) break;
      taken += count;
      this.process(reader, table, this.offsets, this.hints, this.filled);
      this.payload?.endBatch(reader);
      reader.position = this.next;
      // Before the space is given back: if this thread dies, a record is in these counters or still in the ring.
      this.shared.set(this.tally);
      reader.release();
    }
    return taken;
  }

  /** [protocol, packets, bytes] triples of the tick, ascending; starts the next tick. */
  takeProtocols(): number[] {
    const triples: number[] = [];
    const { protocols } = this;
    for (let protocol = 0; protocol < 256; protocol++) {
      if (protocols[2 * protocol] > 0) triples.push(protocol, protocols[2 * protocol], protocols[2 * protocol + 1]);
    }
    protocols.fill(0);
    return triples;
  }

  /** Result of `gather`: records with a meaning in the batch, and the ring position behind it. */
  private filled = 0;
  private next = 0;

  /** Collects a batch; returns the records it spans, pads included, or -1 when there is none to take. */
  private gather(reader: RingReader, limitNs: number): number {
    const { offsets } = this;
    const { i32, u8, f64 } = reader;
    const mask = reader.capacity - 1;
    const end = reader.written;
    let position = reader.position;
    let seq = reader.nextSeq;
    let filled = 0;
    let spanned = 0;
    while (filled < BATCH && position !== end) {
      const o = HEADER + (position & mask);
      const kind = u8[o + KIND];
      if (kind === TICK || kind === END || (kind !== PAD && f64[(o >> 3) + TIME] > limitNs)) break;
      const length = i32[(o >> 2) + LENGTH];
      if (i32[(o >> 2) + RING_SEQ] !== seq || length <= 0 || (length & ALIGN_MASK) !== 0) brokenRing(reader, o, seq);
      seq = (seq + 1) | 0;
      position = (position + length) | 0;
      spanned++;
      if (kind !== PAD) offsets[filled++] = o;
    }
    if (spanned === 0) return -1;
    reader.nextSeq = seq;
    this.filled = filled;
    this.next = position;
    return spanned;
  }

  private process(reader: RingReader, table: FlowTable, offsets: Int32Array, hints: Int32Array, count: number): void {
    const { protocols } = this;
    const { u8, u32 } = reader;
    for (let i = 0; i < count; i++) table.touchIndex(offsets[i]);
    for (let i = 0; i < count; i++) hints[i] = table.touchRow(offsets[i]);
    let packets = 0;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const o = offsets[i];
      if (u8[o + KIND] === PACKET) {
        const wire = u32[(o >> 2) + WIRE];
        const protocol = u8[o + PROTOCOL] << 1;
        packets++;
        bytes += wire;
        protocols[protocol] = protocols[protocol] + 1;
        protocols[protocol + 1] = protocols[protocol + 1] + wire;
        table.packet(o, hints[i]);
      } else this.annotation(reader, table, o);
    }
    const { tally } = this;
    tally[C_DEQUEUED] = tally[C_DEQUEUED] + packets;
    tally[C_DEQUEUED_BYTES] = tally[C_DEQUEUED_BYTES] + bytes;
  }

  /** Records that belong to a frame which is accounted elsewhere. Other kinds are not for shards and are passed over. */
  private annotation(reader: RingReader, table: FlowTable, o: number): void {
    const { tally } = this;
    const kind = reader.u8[o + KIND];
    if (kind === OUTER) {
      tally[ShardCounter.OUTER_DEQUEUED] = tally[ShardCounter.OUTER_DEQUEUED] + 1;
      table.outer(o);
    } else if (kind === ICMP_INNER) {
      tally[ShardCounter.ICMP_INNER_DEQUEUED] = tally[ShardCounter.ICMP_INNER_DEQUEUED] + 1;
      const matched = table.icmpError(o) ? ShardCounter.ICMP_INNER_MATCHED : ShardCounter.ICMP_INNER_UNMATCHED;
      tally[matched] = tally[matched] + 1;
    } else if (kind === ARP) {
      tally[ShardCounter.ARP_DEQUEUED] = tally[ShardCounter.ARP_DEQUEUED] + 1;
      this.onArp?.(reader, o);
    }
  }
}

function brokenRing(reader: RingReader, o: number, seq: number): never {
  const found = reader.u32[(o >> 2) + RING_SEQ];
  throw new Error(
    `ring is broken at position ${reader.position >>> 0}: record ${found} of length ${reader.i32[o >> 2]}, expected record ${seq}`,
  );
}
