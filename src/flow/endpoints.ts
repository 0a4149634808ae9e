/**
 * What the control flags of TCP segments make of a connection: the state of each endpoint as Zeek keeps it (from
 * which `conn_state` follows), and the one state of the connection that people read.
 *
 *   unknown ─SYN─▶ syn_sent ─SYN+ACK─▶ syn_ack ─ACK─▶ established ─FIN─▶ fin_wait ─other FIN─▶ closed ─both acked─▶ time_wait
 *                     └──────────────────── RST ─────────────────────────────┴──▶ reset
 *
 * A connection whose handshake was not seen stays `unknown`: how it ended is in the end reason and in conn_state.
 */

import { TcpFlag } from './record-words.ts';
import {
  F_FIN_SEQ_A,
  F_FLAGS,
  F_LAST_ACK_A,
  F_TCP_FLAGS_A,
  F_TCP_STATE,
  F_ZEEK_A,
  F_ZEEK_BEFORE_A,
  HOT_BYTES,
  RowFlag,
  TCP_STATES,
  ZEEK_ENDPOINT,
} from './row.ts';
import type { FlowStore } from './store.ts';

const { FIN, SYN, RST, ACK } = TcpFlag;

const endpoint = (name: (typeof ZEEK_ENDPOINT)[number]) => ZEEK_ENDPOINT.indexOf(name);
/** Values of F_ZEEK. */
export const ZeekState = {
  INACTIVE: endpoint('inactive'),
  SYN_SENT: endpoint('syn_sent'),
  SYN_ACK_SENT: endpoint('syn_ack_sent'),
  PARTIAL: endpoint('partial'),
  ESTABLISHED: endpoint('established'),
  CLOSED: endpoint('closed'),
  RESET: endpoint('reset'),
} as const;
const { INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET } = ZeekState;

const tcpState = (name: (typeof TCP_STATES)[number]) => TCP_STATES.indexOf(name);
export const TcpState = {
  UNKNOWN: tcpState('unknown'),
  SYN_SENT: tcpState('syn_sent'),
  SYN_ACK: tcpState('syn_ack'),
  ESTABLISHED: tcpState('established'),
  FIN_WAIT: tcpState('fin_wait'),
  CLOSED: tcpState('closed'),
  TIME_WAIT: tcpState('time_wait'),
  RESET: tcpState('reset'),
} as const;

export class Endpoints {
  private readonly store: FlowStore;

  constructor(store: FlowStore) {
    this.store = store;
  }

  state(slot: number, side: number): number {
    return this.store.coldB[slot * this.store.coldBytes - HOT_BYTES + F_ZEEK_A + side];
  }

  /** True when plain segments change neither endpoint nor the connection's state. */
  isQuiet(slot: number): boolean {
    const a = this.state(slot, 0);
    const b = this.state(slot, 1);
    if ((a !== ESTABLISHED && a !== PARTIAL) || (b !== ESTABLISHED && b !== PARTIAL)) return false;
    const state = this.store.hotB[slot * HOT_BYTES + F_TCP_STATE];
    return state === TcpState.ESTABLISHED || state === TcpState.UNKNOWN;
  }

  /** True when neither endpoint has closed or reset. */
  isOpen(slot: number): boolean {
    return this.state(slot, 0) < CLOSED && this.state(slot, 1) < CLOSED;
  }

  /** True for a window of 0 that tells something: not on a reset side, not once the peer has closed. */
  zeroWindowCounts(slot: number, side: number): boolean {
    return this.state(slot, side ^ 1) !== CLOSED && this.state(slot, side) !== RESET;
  }

  /** Takes in one segment, the way Zeek's endpoint state machine does. */
  segment(slot: number, side: number, flags: number, length: number): void {
    const state = this.state(slot, side);
    if (state === INACTIVE) this.first(slot, side, flags, length);
    else if (state === SYN_SENT || state === SYN_ACK_SENT) {
      if ((flags & FIN) !== 0) this.set(slot, side, CLOSED);
      if ((flags & RST) !== 0) this.set(slot, side, RESET);
    } else if (state === ESTABLISHED || state === PARTIAL) this.running(slot, side, flags, state);
    else if (state === CLOSED && (flags & RST) !== 0 && this.state(slot, side ^ 1) !== CLOSED) this.set(slot, side, RESET);
  }

  /** The connection's state after a segment; its acknowledgement is already in the row. */
  advance(slot: number, side: number, flags: number): void {
    const { store } = this;
    const at = slot * HOT_BYTES;
    const state = store.hotB[at + F_TCP_STATE];
    const isClient = (store.hotI[(at + F_FLAGS) >> 2] & RowFlag.CLIENT_IS_B) === side;
    let next = state;
    if ((flags & SYN) !== 0) {
      if ((flags & ACK) !== 0 && state <= TcpState.SYN_SENT) next = TcpState.SYN_ACK;
      else if (state === TcpState.UNKNOWN) next = TcpState.SYN_SENT;
    } else if (state === TcpState.SYN_ACK && (flags & (ACK | RST)) === ACK && isClient) next = TcpState.ESTABLISHED;
    if (next !== TcpState.UNKNOWN) {
      if ((flags & RST) !== 0) next = TcpState.RESET;
      else if ((flags & FIN) !== 0 && next < TcpState.CLOSED) {
        next = (store.hotB[at + F_TCP_FLAGS_A + (side ^ 1)] & FIN) !== 0 ? TcpState.CLOSED : TcpState.FIN_WAIT;
      }
      if (next === TcpState.CLOSED && this.bothFinsAcknowledged(slot)) next = TcpState.TIME_WAIT;
    }
    if (next !== state) store.hotB[at + F_TCP_STATE] = next;
  }

  private bothFinsAcknowledged(slot: number): boolean {
    const { hotI, coldI, coldBytes } = this.store;
    const acks = (slot * HOT_BYTES + F_LAST_ACK_A) >> 2;
    const fins = (slot * coldBytes - HOT_BYTES + F_FIN_SEQ_A) >> 2;
    return ((hotI[acks] - coldI[fins + 1]) | 0) >= 0 && ((hotI[acks + 1] - coldI[fins]) | 0) >= 0;
  }

  private first(slot: number, side: number, flags: number, length: number): void {
    const isOriginator = (this.store.hotI[(slot * HOT_BYTES + F_FLAGS) >> 2] & RowFlag.CLIENT_IS_B) === side;
    const peer = this.state(slot, side ^ 1);
    let next = INACTIVE;
    if ((flags & SYN) !== 0) {
      if (isOriginator) next = (flags & ACK) !== 0 ? SYN_ACK_SENT : peer === ESTABLISHED ? ESTABLISHED : SYN_SENT;
      else {
        if (peer === SYN_SENT) this.set(slot, side ^ 1, ESTABLISHED);
        next = ESTABLISHED;
      }
    }
    if ((flags & FIN) !== 0) next = CLOSED;
    if ((flags & RST) !== 0) next = RESET;
    if (next === INACTIVE) {
      // Some stacks acknowledge a SYN before they answer it; that makes no partial connection.
      if (!isOriginator && length === 0 && peer === SYN_SENT) return;
      next = (flags & ACK) !== 0 && peer === ESTABLISHED ? ESTABLISHED : PARTIAL;
    }
    this.set(slot, side, next);
  }

  private running(slot: number, side: number, flags: number, state: number): void {
    const peer = this.state(slot, side ^ 1);
    if ((flags & (SYN | ACK)) === SYN && state === PARTIAL && peer === INACTIVE) this.set(slot, side, SYN_SENT);
    if ((flags & (FIN | RST)) === FIN) {
      this.set(slot, side, CLOSED);
      // The peer's RST came behind its own FIN: with this FIN it was a normal end.
      const before = this.store.coldB[slot * this.store.coldBytes - HOT_BYTES + F_ZEEK_BEFORE_A + (side ^ 1)];
      if (peer === RESET && before === CLOSED) this.set(slot, side ^ 1, CLOSED);
    }
    if ((flags & RST) !== 0) this.set(slot, side, RESET);
  }

  private set(slot: number, side: number, state: number): void {
    const at = slot * this.store.coldBytes - HOT_BYTES;
    const { coldB } = this.store;
    coldB[at + F_ZEEK_BEFORE_A + side] = coldB[at + F_ZEEK_A + side]!;
    coldB[at + F_ZEEK_A + side] = state;
  }
}
