/**
 * Takes records out of one ring and puts them through the flow table. Usual packets are counted natively, in runs; the record
 * that ends a run is the table's.
 */
import { type FastPathState, FastWord } from '../flow/fast-path.ts';
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
const UDP = 17;
const { PAD, PACKET, OUTER, ICMP_INNER, ARP, TICK, END } = RecordKind;
/** Records before their space is given back. */
const BATCH = 128;
/** Records between two looks of the fast path, at most; it also looks ahead. */
const MOST_PATIENCE = 16;
const { POSITION, END: END_AT, SEQUENCE } = FastWord;

const C_DEQUEUED = ShardCounter.DEQUEUED;
const C_DEQUEUED_BYTES = ShardCounter.DEQUEUED_BYTES;

/** Looks at the record at byte offset `o` of `rec`, which may be overwritten once the call has returned. */
export type RecordListener = (rec: RingReader, o: number) => void;

/** Who hears of ARP records, and of datagrams that the fast path left alone, in the order of the ring. */
export interface RecordListeners {
  readonly arp: RecordListener;
  readonly datagram: RecordListener;
}

export class Drain {
  private readonly state: FastPathState;
  private readonly tally: Float64Array;
  private readonly shared: Float64Array;
  private readonly payload: PayloadSink | null;
  private readonly listeners: RecordListeners | null;
  /** Records that are not offered to the fast path any more since it refused one: where few packets are usual, it is asked rarely. */
  private patience = 1;

  /**
   * `tally` is the shard's counters; `shared` is where the sensor reads them; `payload` has looked at records of the batch.
   */
  constructor(
    tally: Float64Array,
    shared: Float64Array,
    state: FastPathState,
    payload: PayloadSink | null,
    listeners: RecordListeners | null = null,
  ) {
    this.tally = tally;
    this.shared = shared;
    this.state = state;
    this.payload = payload;
    this.listeners = listeners;
  }

  /**
   * Processes records up to `reader.written`, up to a TICK or END, up to one later than `limitNs`, and not much more
   * than `budget` of them. Returns how many records it took.
   */
  run(reader: RingReader, table: FlowTable, limitNs: number, budget: number): number {
    const { words } = this.state;
    let taken = 0;
    while (taken < budget) {
      const count = this.batch(reader, table, limitNs);
      if (count === 0) break;
      taken += count;
      this.payload?.endBatch(reader);
      reader.position = words[POSITION];
      // Before the space is given back: if this thread dies, a record is in these counters or still in the ring.
      this.shared.set(this.tally);
      reader.release();
    }
    return taken;
  }

  /** [protocol, packets, bytes] triples of the tick, ascending; starts the next tick. */
  takeProtocols(): number[] {
    const triples: number[] = [];
    const { protocols } = this.state;
    for (let protocol = 0; protocol < 256; protocol++) {
      if (protocols[2 * protocol] > 0) triples.push(protocol, protocols[2 * protocol], protocols[2 * protocol + 1]);
    }
    protocols.fill(0);
    return triples;
  }

  /** Takes up to BATCH records, and leaves the position behind them in the words; returns how many, pads included. */
  private batch(reader: RingReader, table: FlowTable, limitNs: number): number {
    const { words } = this.state;
    words[POSITION] = reader.position;
    words[END_AT] = reader.written;
    words[SEQUENCE] = reader.nextSeq;
    let taken = 0;
    while (taken < BATCH && words[POSITION] !== words[END_AT]) {
      const usual = table.usual(limitNs, BATCH - taken);
      taken += usual;
      this.patience = usual > 0 ? 1 : Math.min(this.patience + 1, MOST_PATIENCE);
      let left = Math.min(this.patience, BATCH - taken);
      while (left > 0 && this.one(reader, table, limitNs)) {
        taken++;
        left--;
      }
      if (left > 0) break;
    }
    reader.nextSeq = words[SEQUENCE];
    return taken;
  }

  /** Takes the record at the position; false when there is none, or none to take now. */
  private one(reader: RingReader, table: FlowTable, limitNs: number): boolean {
    const { words, protocols } = this.state;
    const position = words[POSITION];
    if (position === words[END_AT]) return false;
    const { i32, u32, u8, f64 } = reader;
    const o = HEADER + (position & (reader.capacity - 1));
    const kind = u8[o + KIND];
    if (kind === TICK || kind === END || (kind !== PAD && f64[(o >> 3) + TIME] > limitNs)) return false;
    const length = i32[(o >> 2) + LENGTH];
    const seq = words[SEQUENCE];
    if (i32[(o >> 2) + RING_SEQ] !== seq || length <= 0 || (length & ALIGN_MASK) !== 0) brokenRing(reader, o, seq);
    words[SEQUENCE] = seq + 1;
    words[POSITION] = position + length;
    if (kind === PACKET) {
      const { tally } = this;
      const wire = u32[(o >> 2) + WIRE];
      const protocol = u8[o + PROTOCOL] << 1;
      protocols[protocol] = protocols[protocol] + 1;
      protocols[protocol + 1] = protocols[protocol + 1] + wire;
      tally[C_DEQUEUED] = tally[C_DEQUEUED] + 1;
      tally[C_DEQUEUED_BYTES] = tally[C_DEQUEUED_BYTES] + wire;
      table.packet(o);
      if (protocol === UDP << 1) this.listeners?.datagram(reader, o);
    } else if (kind !== PAD) this.annotation(reader, table, o);
    return true;
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
      this.listeners?.arp(reader, o);
    }
  }
}

function brokenRing(reader: RingReader, o: number, seq: number): never {
  const found = reader.u32[(o >> 2) + RING_SEQ];
  throw new Error(
    `ring is broken at position ${reader.position >>> 0}: record ${found} of length ${reader.i32[o >> 2]}, expected record ${seq}`,
  );
}
