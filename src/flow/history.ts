/**
 * Zeek's `history` of a connection, kept in the row as letters in the order of their first cause: upper case for the
 * originator (the flow's client), lower case for the responder.
 *
 *   s SYN   h SYN+ACK   a pure ACK   d data   f FIN   r RST   c bad checksum   g content gap   t retransmitted payload
 *   w zero window   i FIN+RST   q other flag pairs with SYN   ^ originator and responder were swapped
 *   x analysis partial: a limit was reached behind which the sensor no longer tracks every gap of the flow
 *
 * a, d, i, q come once per side; s, h, f, r again when their sequence number differs; c, g, t, w when their count
 * reaches 1, 10 and 100. x is of the flow, not of a side: as in Zeek it comes once, in upper case. A history longer than
 * HISTORY_MAX is cut, flagged and counted.
 */

import { TcpFlag } from './record-words.ts';
import {
  F_FIN_SEQ_A,
  F_FLAGS,
  F_HISTORY,
  F_HISTORY_LENGTH,
  F_ISN_A,
  F_LETTER_COUNTS,
  F_LETTERS_A,
  F_RST_SEQ_A,
  F_SIDE_A,
  HISTORY_MAX,
  HOT_BYTES,
  RowFlag,
  SideBit,
} from './row.ts';
import type { FlowStore } from './store.ts';

/** Kinds of letters whose second and third mark 10 and 100 of them; the value is the index of their counter. */
export const Repeated = { CHECKSUM: 0, GAP: 1, RETRANSMIT: 2, WINDOW: 3 } as const;
const REPEATED_CODES = [0x43, 0x47, 0x54, 0x57];
const FLIP = 0x5e;
const PARTIAL = 0x58;
/** To lower case. */
const RESPONDER = 0x20;

/** Bits of F_LETTERS: letters that the side's history has; that its SYN or SYN-ACK was timed; that it has acknowledged anything. */
export const LetterBit = { SYN: 1, SYN_ACK: 2, FIN: 4, RST: 8, INCONSISTENT: 16, MULTI: 32, TIMED: 64, ACKED: 128 } as const;

export class History {
  /** Flows whose history was cut. */
  truncated = 0;
  private readonly store: FlowStore;

  constructor(store: FlowStore) {
    this.store = store;
  }

  /** The roles were swapped. */
  flip(slot: number): void {
    this.append(slot, FLIP);
  }

  /** A limit of the analysis was reached. The letters themselves say whether that is new: no flag on a path this rare. */
  partial(slot: number): void {
    const { coldB, coldBytes } = this.store;
    const cold = slot * coldBytes - HOT_BYTES;
    for (let i = coldB[cold + F_HISTORY_LENGTH] - 1; i >= 0; i--) if (coldB[cold + F_HISTORY + i] === PARTIAL) return;
    this.append(slot, PARTIAL);
  }

  /** The first packet of a side of a flow without TCP. */
  datagram(slot: number, side: number): void {
    this.letter(slot, side, 0x44);
  }

  /** One more of a repeated kind. */
  repeated(slot: number, side: number, kind: number): void {
    const at = slot * this.store.coldBytes + F_LETTER_COUNTS - HOT_BYTES + side * 4 + kind;
    const count = this.store.coldB[at] + 1;
    if (count > 100) return;
    this.store.coldB[at] = count;
    if (count === 1 || count === 10 || count === 100) this.letter(slot, side, REPEATED_CODES[kind]);
  }

  /** The flags and payload of a segment; before the row's ISN, FIN and RST sequence numbers take it in. */
  segment(slot: number, side: number, flags: number, seq: number, length: number): void {
    const { store } = this;
    const control = flags & (TcpFlag.SYN | TcpFlag.FIN | TcpFlag.RST);
    if (control === 0) {
      if (length > 0) this.once(slot, side, SideBit.LETTER_DATA, 0x44);
      else if ((flags & TcpFlag.ACK) !== 0) this.once(slot, side, SideBit.LETTER_ACK, 0x41);
      return;
    }
    const words = (slot * store.coldBytes - HOT_BYTES) >> 2;
    if (control === TcpFlag.SYN) {
      if ((flags & TcpFlag.ACK) !== 0) this.numbered(slot, side, LetterBit.SYN_ACK, 0x48, seq, words + (F_ISN_A >> 2) + side);
      else this.numbered(slot, side, LetterBit.SYN, 0x53, seq, words + (F_ISN_A >> 2) + side);
    } else if (control === TcpFlag.FIN) {
      this.numbered(slot, side, LetterBit.FIN, 0x46, (seq + length + 1) | 0, words + (F_FIN_SEQ_A >> 2) + side);
    } else if (control === TcpFlag.RST) {
      this.numbered(slot, side, LetterBit.RST, 0x52, seq, words + (F_RST_SEQ_A >> 2) + side);
    } else {
      const inconsistent = (control & (TcpFlag.FIN | TcpFlag.RST)) === (TcpFlag.FIN | TcpFlag.RST);
      this.flagged(slot, side, inconsistent ? LetterBit.INCONSISTENT : LetterBit.MULTI, inconsistent ? 0x49 : 0x51);
    }
  }

  private once(slot: number, side: number, bit: number, code: number): void {
    const at = slot * HOT_BYTES + F_SIDE_A + side;
    const bits = this.store.hotB[at];
    if ((bits & bit) !== 0) return;
    this.store.hotB[at] = bits | bit;
    this.letter(slot, side, code);
  }

  private flagged(slot: number, side: number, bit: number, code: number): boolean {
    const at = slot * this.store.coldBytes + F_LETTERS_A - HOT_BYTES + side;
    const bits = this.store.coldB[at];
    if ((bits & bit) !== 0) return false;
    this.store.coldB[at] = bits | bit;
    this.letter(slot, side, code);
    return true;
  }

  /** `lastAt` is the word that holds the sequence number of the same letter's last cause. */
  private numbered(slot: number, side: number, bit: number, code: number, seq: number, lastAt: number): void {
    if (!this.flagged(slot, side, bit, code) && this.store.coldI[lastAt] !== seq) this.letter(slot, side, code);
    this.store.coldI[lastAt] = seq;
  }

  private letter(slot: number, side: number, code: number): void {
    const client = this.store.hotI[(slot * HOT_BYTES + F_FLAGS) >> 2] & RowFlag.CLIENT_IS_B;
    this.append(slot, client === side ? code : code | RESPONDER);
  }

  private append(slot: number, code: number): void {
    const { store } = this;
    const cold = slot * store.coldBytes - HOT_BYTES;
    const length = store.coldB[cold + F_HISTORY_LENGTH];
    if (length < HISTORY_MAX) {
      store.coldB[cold + F_HISTORY + length] = code;
      store.coldB[cold + F_HISTORY_LENGTH] = length + 1;
      return;
    }
    const at = (slot * HOT_BYTES + F_FLAGS) >> 2;
    if ((store.hotI[at] & RowFlag.HISTORY_CUT) === 0) {
      store.hotI[at] = store.hotI[at] | RowFlag.HISTORY_CUT;
      this.truncated++;
    }
  }
}
