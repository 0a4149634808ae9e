/**
 * The long way of a TCP segment: everything that the table's fast path leaves out. Order matters and follows the
 * segment through its row: history and endpoint states look at what was known before it, then the loss analysis,
 * then the row takes in its sequence number, acknowledgement, window and time.
 */

import { R_ACK, R_FLAGS, R_OPT_BITS, R_PAYLOAD_LEN, R_SEQ, R_TCP_FLAGS, R_WINDOW, RecordFlag, TcpOption } from '../ring/layout.ts';
import { Endpoints, TcpState } from './endpoints.ts';
import { History, LetterBit, Repeated } from './history.ts';
import type { HolePool } from './holes.ts';
import { Found, LossAnalysis } from './loss.ts';
import { ownTime, type RecordWords, TcpFlag } from './record-words.ts';
import {
  F_FLAGS,
  F_ISN_A,
  F_LAST_ACK_A,
  F_LAST_TIME_A,
  F_LETTERS_A,
  F_NEXT_SEQ_A,
  F_NEXT_TIME_A,
  F_RTT_EWMA_MS,
  F_RTT_JITTER_MS,
  F_RTT_LAST_MS,
  F_RTT_MIN_MS,
  F_RTT_SAMPLES,
  F_SIDE_A,
  F_SYN_SYNACK_MS,
  F_SYNACK_ACK_MS,
  F_TCP_STATE,
  F_TIMED_AT_A,
  F_TIMED_SEQ_A,
  F_WINDOW_A,
  HOT_BYTES,
  RowFlag,
  SideBit,
} from './row.ts';
import type { FlowStore } from './store.ts';

/** Two queues of one interface may hand packets over in the wrong order, this far apart at most. */
const SKEW_US = 1000;

/** Time between two packets; negative when the capture's time stepped back in between, and nobody knows how long it was. */
function elapsedMs(us: number): number {
  const between = us | 0;
  return between < 0 && between > -SKEW_US ? 0 : between / 1000;
}

export interface TcpOptions {
  rtt: boolean;
  retransmissions: boolean;
  outOfOrder: boolean;
}

export class TcpAnalysis {
  readonly history: History;
  readonly endpoints: Endpoints;
  readonly loss: LossAnalysis;
  private readonly store: FlowStore;
  private readonly full: boolean;
  /** Segments are timed. */
  readonly rtt: boolean;

  constructor(store: FlowStore, pool: HolePool, options: TcpOptions) {
    this.store = store;
    this.full = store.full;
    this.rtt = options.rtt && store.full;
    this.history = new History(store);
    this.endpoints = new Endpoints(store);
    this.loss = new LossAnalysis(store, pool, options.retransmissions, options.outOfOrder);
  }

  /** One segment of `side`; `o` is its record. The flags of the side do not hold it yet. */
  segment(slot: number, side: number, rec: RecordWords, o: number): void {
    const { hotB, hotH, hotI } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    const flags = rec.u8[o + R_TCP_FLAGS];
    const seq = rec.i32[(o + R_SEQ) >> 2];
    const ack = rec.i32[(o + R_ACK) >> 2];
    const window = rec.u16[(o + R_WINDOW) >> 1];
    const length = rec.u32[(o + R_PAYLOAD_LEN) >> 2];
    const end = (seq + length + ((flags & (TcpFlag.SYN | TcpFlag.FIN)) !== 0 ? 1 : 0)) | 0;
    const us = ownTime(rec, o);
    const sideAt = slot * HOT_BYTES + F_SIDE_A + side;
    const firstOfSide = (hotB[sideAt] & SideBit.SEQ) === 0;

    const repeats = !firstOfSide && length > 0 && ((end - hotI[h + (F_NEXT_SEQ_A >> 2) + side]) | 0) <= 0;
    this.connection(slot, side, rec, o, flags, seq, window, length, repeats);
    if (firstOfSide) this.start(slot, side, flags, seq);

    let found: number = Found.NOTHING;
    if (this.full) {
      this.loss.sack(slot, side, rec, o, (rec.u8[o + R_OPT_BITS] & TcpOption.SACK) !== 0);
      found = this.loss.segment(slot, side, flags, seq, ack, window, length, us);
      if (this.rtt) this.measure(slot, side, flags, ack, length, end, us, found);
    }
    this.takeSequence(slot, side, end, us, found);
    // What an RST acknowledges is nobody's word: scanners and middleboxes write what they like.
    if ((flags & (TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.ACK) {
      if (this.full && this.loss.acknowledge(slot, side, ack) > 0 && this.endpoints.isOpen(slot)) {
        this.history.repeated(slot, side ^ 1, Repeated.GAP);
      }
      hotI[h + (F_LAST_ACK_A >> 2) + side] = ack;
      const letters = slot * this.store.coldBytes - HOT_BYTES + F_LETTERS_A + side;
      this.store.coldB[letters] = this.store.coldB[letters] | LetterBit.ACKED;
    }
    hotH[(h << 1) + (F_WINDOW_A >> 1) + side] = window;
    hotI[h + (F_LAST_TIME_A >> 2) + side] = us;
    this.endpoints.advance(slot, side, flags);
    this.settle(slot);
  }

  /** After an hour of silence the 32-bit times of the row mean nothing any more. */
  forgetTimes(slot: number, us: number): void {
    const { hotB, hotI } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    const longAgo = (us - 0x7fff_ffff) | 0;
    for (let side = 0; side < 2; side++) {
      hotI[h + (F_NEXT_TIME_A >> 2) + side] = longAgo;
      hotI[h + (F_LAST_TIME_A >> 2) + side] = longAgo;
      hotB[slot * HOT_BYTES + F_SIDE_A + side] = hotB[slot * HOT_BYTES + F_SIDE_A + side] & ~SideBit.TIMING;
      const letters = slot * this.store.coldBytes - HOT_BYTES + F_LETTERS_A + side;
      this.store.coldB[letters] = this.store.coldB[letters] & ~LetterBit.TIMED;
    }
  }

  /**
   * One RTT sample: last, least, EWMA (1/8), and the smoothed difference of successive samples (RFC 3550, 1/16). None when
   * the time of the capture stepped back in between.
   */
  sample(slot: number, us: number): void {
    const ms = elapsedMs(us);
    if (ms < 0) return;
    const { coldR, coldU, coldBytes } = this.store;
    const at = (slot * coldBytes - HOT_BYTES) >> 2;
    const count = coldU[at + (F_RTT_SAMPLES >> 2)];
    coldU[at + (F_RTT_SAMPLES >> 2)] = count + 1;
    if (count === 0) {
      coldR[at + (F_RTT_MIN_MS >> 2)] = ms;
      coldR[at + (F_RTT_EWMA_MS >> 2)] = ms;
      coldR[at + (F_RTT_JITTER_MS >> 2)] = 0;
    } else {
      const jitter = coldR[at + (F_RTT_JITTER_MS >> 2)];
      const ewma = coldR[at + (F_RTT_EWMA_MS >> 2)];
      coldR[at + (F_RTT_JITTER_MS >> 2)] = jitter + (Math.abs(ms - coldR[at + (F_RTT_LAST_MS >> 2)]) - jitter) / 16;
      coldR[at + (F_RTT_EWMA_MS >> 2)] = ewma + (ms - ewma) / 8;
      if (ms < coldR[at + (F_RTT_MIN_MS >> 2)]) coldR[at + (F_RTT_MIN_MS >> 2)] = ms;
    }
    coldR[at + (F_RTT_LAST_MS >> 2)] = ms;
  }

  /** History letters and endpoint states. A segment with a wrong checksum leaves only its `c`. */
  private connection(
    slot: number,
    side: number,
    rec: RecordWords,
    o: number,
    flags: number,
    seq: number,
    window: number,
    length: number,
    repeats: boolean,
  ): void {
    if ((rec.u16[(o + R_FLAGS) >> 1] & RecordFlag.BAD_L4_CHECKSUM) !== 0) {
      this.history.repeated(slot, side, Repeated.CHECKSUM);
      return;
    }
    this.history.segment(slot, side, flags, seq, length);
    if (window === 0 && (flags & TcpFlag.RST) === 0 && this.endpoints.zeroWindowCounts(slot, side)) {
      this.history.repeated(slot, side, Repeated.WINDOW);
    }
    if (repeats && (flags & TcpFlag.RST) === 0) this.history.repeated(slot, side, Repeated.RETRANSMIT);
    this.endpoints.segment(slot, side, flags, length);
  }

  private start(slot: number, side: number, flags: number, seq: number): void {
    const { coldI, coldBytes } = this.store;
    // Without its SYN, a side's numbering starts as if the SYN had come just before.
    coldI[((slot * coldBytes - HOT_BYTES + F_ISN_A) >> 2) + side] = (flags & TcpFlag.SYN) !== 0 ? seq : (seq - 1) | 0;
  }

  private takeSequence(slot: number, side: number, end: number, us: number, found: number): void {
    const { hotB, hotI } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    const sideAt = slot * HOT_BYTES + F_SIDE_A + side;
    const bits = hotB[sideAt];
    const advance = (end - hotI[h + (F_NEXT_SEQ_A >> 2) + side]) | 0;
    if ((bits & SideBit.SEQ) !== 0 && (advance <= 0 || (found & Found.PROBE) !== 0)) return;
    hotI[h + (F_NEXT_SEQ_A >> 2) + side] = end;
    hotI[h + (F_NEXT_TIME_A >> 2) + side] = us;
    hotB[sideAt] = bits | SideBit.SEQ;
  }

  /** Handshake halves, and RTT by acknowledgement: one segment per side is timed at once, none that was sent twice (Karn). */
  private measure(slot: number, side: number, flags: number, ack: number, length: number, end: number, us: number, found: number): void {
    const { hotB, hotI, coldB, coldBytes } = this.store;
    const h = (slot * HOT_BYTES) >> 2;
    const sideAt = slot * HOT_BYTES + F_SIDE_A;
    const letters = slot * coldBytes - HOT_BYTES + F_LETTERS_A;
    const timedAt = h + (F_TIMED_AT_A >> 2);
    if ((flags & (TcpFlag.SYN | TcpFlag.ACK)) === (TcpFlag.SYN | TcpFlag.ACK)) {
      if ((coldB[letters + (side ^ 1)] & LetterBit.TIMED) !== 0) this.half(slot, F_SYN_SYNACK_MS, us - hotI[timedAt + (side ^ 1)]);
    } else if (hotB[slot * HOT_BYTES + F_TCP_STATE] === TcpState.SYN_ACK && (flags & (TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.ACK) {
      const isClient = (hotI[h + (F_FLAGS >> 2)] & RowFlag.CLIENT_IS_B) === side;
      if (isClient && (coldB[letters + (side ^ 1)] & LetterBit.TIMED) !== 0)
        this.half(slot, F_SYNACK_ACK_MS, us - hotI[timedAt + (side ^ 1)]);
    }
    if ((flags & TcpFlag.SYN) !== 0) {
      hotI[timedAt + side] = us;
      coldB[letters + side] = coldB[letters + side] | LetterBit.TIMED;
      return;
    }
    const timedSeq = h + (F_TIMED_SEQ_A >> 2);
    if ((flags & (TcpFlag.ACK | TcpFlag.RST)) === TcpFlag.ACK && (hotB[sideAt + (side ^ 1)] & SideBit.TIMING) !== 0) {
      if (((ack - hotI[timedSeq + (side ^ 1)]) | 0) >= 0) {
        this.sample(slot, us - hotI[timedAt + (side ^ 1)]);
        hotB[sideAt + (side ^ 1)] = hotB[sideAt + (side ^ 1)] & ~SideBit.TIMING;
      }
    }
    const bits = hotB[sideAt + side];
    if (found === Found.RETRANSMISSION) hotB[sideAt + side] = bits & ~SideBit.TIMING;
    else if (found === Found.NOTHING && length > 0 && (bits & SideBit.TIMING) === 0) {
      const advances = (bits & SideBit.SEQ) === 0 || ((end - hotI[h + (F_NEXT_SEQ_A >> 2) + side]) | 0) > 0;
      if (!advances) return;
      hotI[timedSeq + side] = end;
      hotI[timedAt + side] = us;
      coldB[letters + side] = coldB[letters + side] & ~LetterBit.TIMED;
      hotB[sideAt + side] = bits | SideBit.TIMING;
    }
  }

  private half(slot: number, field: number, us: number): void {
    const ms = elapsedMs(us);
    if (ms >= 0) this.store.coldR[(slot * this.store.coldBytes - HOT_BYTES + field) >> 2] = ms;
  }

  /** Says which segments may take the fast path from here on. */
  private settle(slot: number): void {
    const { hotB } = this.store;
    const at = slot * HOT_BYTES + F_SIDE_A;
    const quiet = this.endpoints.isQuiet(slot) ? SideBit.QUIET : 0;
    for (let side = 0; side < 2; side++) {
      const bits = this.full ? this.loss.sideBits(slot, side) : 0;
      hotB[at + side] = (hotB[at + side] & ~(SideBit.QUIET | SideBit.ODD | SideBit.HOLES)) | quiet | bits;
    }
  }
}
