/**
 * The exceptional path of the TCP analysis: what a segment that does not simply continue its side's stream is.
 * The rules are those of tshark's tcp.analysis; times are the packets' own, in microseconds.
 *
 *   seq > next                     a hole: something before it was not captured, or will come late
 *   seq < next, with data or FIN   spurious retransmission  everything in it had been acknowledged
 *                                  fast retransmission      two duplicate ACKs within 20 ms ask for it: by number, or their SACK blocks leave it out
 *                                  out of order             within one handshake RTT of the highest sequence number, not the last one again
 *                                  retransmission           the rest
 *   seq = next − 1, ≤ 1 byte       keep-alive
 *   seq = next, 1 byte, window 0   zero window probe
 *
 * A copy of a segment that comes within one handshake RTT thus counts as out of order unless it was the last one:
 * nobody can have asked for it yet, so the network, not the sender, has made it. Holes are kept for what was missed.
 */

import { R_SACK_COUNT, RECORD_BYTES } from '../ring/layout.ts';
import { type History, LetterBit } from './history.ts';
import type { HolePool } from './holes.ts';
import { type RecordWords, TcpFlag } from './record-words.ts';
import {
  F_DUP_ACKS,
  F_DUP_RUN_A,
  F_FAST_RETRANS,
  F_FLAGS,
  F_KEEP_ALIVES,
  F_LAST_ACK_A,
  F_LAST_TIME_A,
  F_LETTERS_A,
  F_LOSS_NODE,
  F_MISSED_A,
  F_NEXT_SEQ_A,
  F_NEXT_TIME_A,
  F_OOO_A,
  F_RETRANS_A,
  F_SACK_BLOCKS,
  F_SEGMENT_A,
  F_SIDE_A,
  F_SPURIOUS,
  F_SYN_SYNACK_MS,
  F_SYNACK_ACK_MS,
  F_WINDOW_A,
  F_ZERO_WINDOWS,
  HOT_BYTES,
  RowFlag,
  SideBit,
} from './row.ts';
import type { FlowStore } from './store.ts';

const CONTROL = TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST;
const FAST_WINDOW_US = 20_000;
/** tshark's guess of the RTT while no handshake has shown it. */
const UNKNOWN_RTT_US = 3_000;
/** A jump over more than this is a broken sequence number, not a loss. */
const PLAUSIBLE_GAP = 1 << 30;
const SATURATED = 0xffff_ffff;

/** What the last segment of a side was (F_SEGMENT). */
export const SegmentKind = { KEEP_ALIVE: 1, PROBE: 2 } as const;
/** What `segment` found. */
export const Found = { NOTHING: 0, RETRANSMISSION: 1, OUT_OF_ORDER: 2, PROBE: 4 } as const;

export class LossAnalysis {
  /** Totals of the shard. */
  retransmissions = 0;
  outOfOrder = 0;
  missedBytes = 0;
  /** Nodes that flows asked the pool for. */
  nodesAsked = 0;
  private history!: History;
  private readonly store: FlowStore;
  private readonly pool: HolePool;
  private readonly countRetransmissions: boolean;
  private readonly countOutOfOrder: boolean;

  constructor(store: FlowStore, pool: HolePool, countRetransmissions: boolean, countOutOfOrder: boolean) {
    this.store = store;
    this.pool = pool;
    this.countRetransmissions = countRetransmissions;
    this.countOutOfOrder = countOutOfOrder;
  }

  /** Where it is told that a flow's analysis is partial. Once, before the first segment. */
  bind(history: History): void {
    this.history = history;
  }

  /** Judges a segment before the row takes in its sequence number, acknowledgement, window and time. */
  segment(slot: number, side: number, flags: number, seq: number, ack: number, window: number, length: number, us: number): number {
    const { hotB, hotH, hotI, coldB } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    const bits = hotB[(h << 2) + F_SIDE_A + side];
    const c = slot * this.store.coldBytes - HOT_BYTES;
    const known = (bits & SideBit.SEQ) !== 0;
    const next = hotI[h + (F_NEXT_SEQ_A >> 2) + side];
    const lastAck = hotI[h + (F_LAST_ACK_A >> 2) + side];
    const lastWindow = hotH[(h << 1) + (F_WINDOW_A >> 1) + side];
    const otherKind = coldB[c + F_SEGMENT_A + (side ^ 1)];
    const otherKnown = (hotB[(h << 2) + F_SIDE_A + (side ^ 1)] & SideBit.SEQ) !== 0;
    const plain = (flags & CONTROL) === 0;
    let kind = 0;

    if (known && length === 1 && seq === next && otherKnown && hotH[(h << 1) + (F_WINDOW_A >> 1) + (side ^ 1)] === 0) {
      kind = SegmentKind.PROBE;
    } else {
      if (window === 0 && plain) this.add(slot, F_ZERO_WINDOWS, 1);
      if (known && ((seq - next) | 0) > 0 && (flags & TcpFlag.RST) === 0) this.jump(slot, side, next, seq);
      if (known && plain && length <= 1 && seq === ((next - 1) | 0)) {
        kind = SegmentKind.KEEP_ALIVE;
        this.add(slot, F_KEEP_ALIVES, 1);
      }
      const repeats = known && plain && length === 0 && seq === next && window === lastWindow;
      if (repeats && window !== 0 && ack === lastAck && (otherKind & SegmentKind.KEEP_ALIVE) === 0) {
        this.duplicate(slot, side);
      }
    }
    if (ack !== lastAck) this.endDuplicates(slot, side);
    coldB[c + F_SEGMENT_A + side] = kind;

    const carries = length > 0 || (flags & (TcpFlag.SYN | TcpFlag.FIN)) !== 0;
    if (kind !== 0 || !known || !carries || ((seq - next) | 0) >= 0) return kind === SegmentKind.PROBE ? Found.PROBE : Found.NOTHING;
    return this.behind(slot, side, flags, seq, next, length, us);
  }

  /** A segment with data (or SYN, FIN) that starts before the highest sequence number of its side. */
  private behind(slot: number, side: number, flags: number, seq: number, next: number, length: number, us: number): number {
    const { hotB, hotI, coldB, coldI, coldBytes } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    const c = slot * coldBytes - HOT_BYTES;
    const other = side ^ 1;
    const end = (seq + length) | 0;
    const node = coldI[(c + F_LOSS_NODE) >> 2];
    const otherKnown = (hotB[(h << 2) + F_SIDE_A + other] & SideBit.SEQ) !== 0;
    const otherAcked = (coldB[c + F_LETTERS_A + other] & LetterBit.ACKED) !== 0;
    const otherAck = hotI[h + (F_LAST_ACK_A >> 2) + other];
    if (node !== 0 && !this.pool.fill(node, side, seq, end)) this.history.partial(slot);

    if (length > 0 && otherAcked && ((end - otherAck) | 0) <= 0) {
      this.add(slot, F_SPURIOUS, 1);
      return this.retransmission(slot, side);
    }
    // New data behind the byte of a keep-alive or probe.
    if (length > 1 && seq === ((next - 1) | 0)) return Found.NOTHING;

    if (otherKnown && (us - hotI[h + (F_LAST_TIME_A >> 2) + other]) >>> 0 < FAST_WINDOW_US) {
      const leftOut = node !== 0 && this.pool.sacks(node, other) > 0 && !this.pool.isSacked(node, other, seq, end);
      if (coldB[c + F_DUP_RUN_A + other] >= 2 && (seq === otherAck || leftOut)) {
        this.add(slot, F_FAST_RETRANS, 1);
        return this.retransmission(slot, side);
      }
    }
    // Ending exactly at the edge means "the last segment again".
    const consumed = (end + ((flags & (TcpFlag.SYN | TcpFlag.FIN)) !== 0 ? 1 : 0)) | 0;
    if (consumed !== next && (us - hotI[h + (F_NEXT_TIME_A >> 2) + side]) >>> 0 < this.rttUs(slot)) {
      if (this.countOutOfOrder) this.add(slot, F_OOO_A + 4 * side, 1);
      this.outOfOrder++;
      return Found.OUT_OF_ORDER;
    }
    return this.retransmission(slot, side);
  }

  /** Takes in the acknowledgement of the other side's data; returns the bytes that were acknowledged but never seen. */
  acknowledge(slot: number, side: number, ack: number): number {
    const c = slot * this.store.coldBytes - HOT_BYTES;
    const node = this.store.coldI[(c + F_LOSS_NODE) >> 2];
    if (node === 0 || this.pool.holes(node, side ^ 1) === 0) return 0;
    const bytes = this.pool.acknowledge(node, side ^ 1, ack);
    this.missed(slot, side ^ 1, bytes);
    return bytes;
  }

  /** The SACK blocks of the side's segment replace those of its previous one. */
  sack(slot: number, side: number, rec: RecordWords, o: number, present: boolean): void {
    const at = (slot * this.store.coldBytes - HOT_BYTES + F_LOSS_NODE) >> 2;
    let node = this.store.coldI[at];
    if (node !== 0) this.pool.clearSacks(node, side);
    if (!present) return;
    const count = rec.u8[o + R_SACK_COUNT];
    this.add(slot, F_SACK_BLOCKS, count);
    if (node === 0) node = this.node(slot);
    if (node === 0) return;
    const first = (o + RECORD_BYTES) >> 2;
    for (let i = 0; i < count; i++) this.pool.addSack(node, side, rec.i32[first + 2 * i], rec.i32[first + 2 * i + 1]);
  }

  /** An acknowledgement that repeats the last one: same number, same window, no data, in sequence. */
  duplicate(slot: number, side: number): void {
    const run = slot * this.store.coldBytes - HOT_BYTES + F_DUP_RUN_A + side;
    const { coldB, hotI } = this.store;
    this.add(slot, F_DUP_ACKS, 1);
    if (coldB[run] < 255) coldB[run] = coldB[run] + 1;
    const flags = (slot * HOT_BYTES + F_FLAGS) >> 2;
    hotI[flags] = hotI[flags] | (RowFlag.DUP_RUN_A << side);
  }

  /** The side acknowledges something else: its run of duplicates is over. */
  endDuplicates(slot: number, side: number): void {
    const { coldB, coldBytes, hotI } = this.store;
    const flags = (slot * HOT_BYTES + F_FLAGS) >> 2;
    if ((hotI[flags] & (RowFlag.DUP_RUN_A << side)) === 0) return;
    hotI[flags] = hotI[flags] & ~(RowFlag.DUP_RUN_A << side);
    coldB[slot * coldBytes - HOT_BYTES + F_DUP_RUN_A + side] = 0;
  }

  /** True when the side's last segment was a keep-alive: the other's repeated ACK is its answer, no duplicate. */
  wasKeepAlive(slot: number, side: number): boolean {
    return (this.store.coldB[slot * this.store.coldBytes - HOT_BYTES + F_SEGMENT_A + side] & SegmentKind.KEEP_ALIVE) !== 0;
  }

  /** SideBit.ODD and SideBit.HOLES of a side. Gives the flow's node back when nothing is in it. */
  sideBits(slot: number, side: number): number {
    const { coldB, coldI, coldBytes } = this.store;
    const c = slot * coldBytes - HOT_BYTES;
    const node = coldI[(c + F_LOSS_NODE) >> 2];
    let bits = coldB[c + F_SEGMENT_A + side] !== 0 ? SideBit.ODD : 0;
    if (node === 0) return bits;
    if (this.pool.isEmpty(node)) this.forget(slot);
    else {
      if (this.pool.holes(node, side) > 0) bits |= SideBit.HOLES;
      if (this.pool.sacks(node, side) > 0) bits |= SideBit.ODD;
    }
    return bits;
  }

  /** The flow ends: its node goes back, and what was acknowledged but never came is missed. */
  end(slot: number): void {
    const { hotB, hotI, coldB, coldBytes } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    for (let side = 0; side < 2; side++) {
      const bits = hotB[(h << 2) + F_SIDE_A + side] & SideBit.SEQ;
      const otherBits = coldB[slot * coldBytes - HOT_BYTES + F_LETTERS_A + (side ^ 1)] & LetterBit.ACKED;
      const tail = (hotI[h + (F_LAST_ACK_A >> 2) + (side ^ 1)] - hotI[h + (F_NEXT_SEQ_A >> 2) + side]) | 0;
      // One byte may be a FIN that was not captured.
      if (bits !== 0 && otherBits !== 0 && tail > 1 && tail < PLAUSIBLE_GAP) this.missed(slot, side, tail);
    }
    this.forget(slot);
  }

  private forget(slot: number): void {
    const at = (slot * this.store.coldBytes - HOT_BYTES + F_LOSS_NODE) >> 2;
    const node = this.store.coldI[at];
    if (node === 0) return;
    this.pool.release(node);
    this.store.coldI[at] = 0;
  }

  private jump(slot: number, side: number, next: number, seq: number): void {
    if ((seq - next) >>> 0 > PLAUSIBLE_GAP) return;
    const node = this.node(slot);
    if (node !== 0 && !this.pool.addHole(node, side, next, seq)) this.history.partial(slot);
  }

  /** The flow's node in the pool; 0 when the pool is exhausted. */
  private node(slot: number): number {
    const at = (slot * this.store.coldBytes - HOT_BYTES + F_LOSS_NODE) >> 2;
    const node = this.store.coldI[at];
    if (node !== 0) return node;
    this.nodesAsked++;
    const fresh = this.pool.allocate();
    if (fresh === 0) this.history.partial(slot);
    this.store.coldI[at] = fresh;
    return fresh;
  }

  private rttUs(slot: number): number {
    const at = (slot * this.store.coldBytes - HOT_BYTES) >> 2;
    const ms = this.store.coldR[at + (F_SYN_SYNACK_MS >> 2)] + this.store.coldR[at + (F_SYNACK_ACK_MS >> 2)];
    return ms > 0 ? Math.round(ms * 1000) : UNKNOWN_RTT_US;
  }

  private retransmission(slot: number, side: number): number {
    if (this.countRetransmissions) this.add(slot, F_RETRANS_A + 4 * side, 1);
    this.retransmissions++;
    return Found.RETRANSMISSION;
  }

  private missed(slot: number, side: number, bytes: number): void {
    if (bytes === 0) return;
    this.missedBytes += bytes;
    this.add(slot, F_MISSED_A + 4 * side, bytes);
  }

  private add(slot: number, field: number, amount: number): void {
    const at = (slot * this.store.coldBytes - HOT_BYTES + field) >> 2;
    this.store.coldU[at] = Math.min(this.store.coldU[at] + amount, SATURATED);
  }
}
