/**
 * TCP connections that a server has accepted (SYN+ACK) and the client has not confirmed. Looked at with each tick: what
 * the client has said nothing about for a second is half open, as a flood leaves it at an open port.
 */
import type { FlowLives } from '../flow/lives.ts';
import { TcpFlag } from '../flow/record-words.ts';
import * as row from '../flow/row.ts';

/** Longer than the slowest paths take for a confirmation, and than a client waits before it repeats its SYN. */
const CONFIRM_WAIT_NS = 1e9;
/** Connections that wait at once; further ones are not looked at. */
const MOST_WAITING = 65_536;
/** What a client sends once it has the SYN+ACK: its confirmation, or that it wants no connection. */
const SAID = TcpFlag.ACK | TcpFlag.RST | TcpFlag.FIN;

export class Handshakes {
  private slots = new Int32Array(256);
  /** Packet numbers with which the flows began: another flow may have taken the slot since. */
  private firsts = new Float64Array(256);
  private answeredAt = new Float64Array(256);
  private count = 0;
  private readonly lives: FlowLives;

  constructor(lives: FlowLives) {
    this.lives = lives;
  }

  /** False when there is no room. */
  answered(slot: number, now: number): boolean {
    if (this.count === MOST_WAITING) return false;
    if (this.count === this.slots.length) this.grow();
    this.slots[this.count] = slot;
    this.firsts[this.count] = this.firstOf(slot);
    this.answeredAt[this.count++] = now;
    return true;
  }

  /** Tells each connection that is half open at the tick, once, in the order of the SYN+ACKs. `clientOf`: 0 for A, 1 for B. */
  check(now: number, clientOf: (slot: number) => number, tell: (slot: number) => void): void {
    let kept = 0;
    for (let i = 0; i < this.count; i++) {
      const slot = this.slots[i];
      if (this.firstOf(slot) !== this.firsts[i] || this.hasSpoken(slot, clientOf(slot))) continue;
      if (now - this.answeredAt[i] >= CONFIRM_WAIT_NS) tell(slot);
      else {
        this.slots[kept] = slot;
        this.firsts[kept] = this.firsts[i];
        this.answeredAt[kept++] = this.answeredAt[i];
      }
    }
    this.count = kept;
  }

  private hasSpoken(slot: number, client: number): boolean {
    return (this.lives.store.hotB[slot * row.HOT_BYTES + row.F_TCP_FLAGS_A + client] & SAID) !== 0;
  }

  /** NaN, which nothing equals, for a slot without a flow. */
  private firstOf(slot: number): number {
    const { store } = this.lives;
    if (store.hotB[slot * row.HOT_BYTES + row.F_PROTOCOL] !== TCP) return Number.NaN;
    return store.coldF[(slot * store.coldBytes - row.HOT_BYTES + row.F_FIRST_ORDINAL) >> 3];
  }

  private grow(): void {
    const { slots, firsts, answeredAt } = this;
    this.slots = new Int32Array(2 * slots.length);
    this.slots.set(slots);
    this.firsts = new Float64Array(2 * firsts.length);
    this.firsts.set(firsts);
    this.answeredAt = new Float64Array(2 * answeredAt.length);
    this.answeredAt.set(answeredAt);
  }
}

const TCP = 6;
