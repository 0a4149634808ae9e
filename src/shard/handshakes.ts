/**
 * TCP connections that a server has accepted (SYN+ACK) and the client has not confirmed. Looked at with each tick: what
 * the client has said nothing about for a second is half open, as a flood leaves it at an open port. Which ones wait is also
 * written by the native fast path.
 */
import type { FlowLives } from '../flow/lives.ts';
import { TcpFlag } from '../flow/record-words.ts';
import * as row from '../flow/row.ts';
import { MomentBound, MomentWord } from './moment-words.ts';

/** Longer than the slowest paths take for a confirmation, and than a client waits before it repeats its SYN. */
const CONFIRM_WAIT_NS = 1e9;
/** What a client sends once it has the SYN+ACK: its confirmation, or that it wants no connection. */
const SAID = TcpFlag.ACK | TcpFlag.RST | TcpFlag.FIN;

export class Handshakes {
  // As many as there may be: what is not used is no memory.
  readonly slots = new Int32Array(MomentBound.WAITING);
  /** Packet numbers with which the flows began: another flow may have taken the slot since. */
  readonly firsts = new Float64Array(MomentBound.WAITING);
  readonly answeredAt = new Float64Array(MomentBound.WAITING);
  private readonly lives: FlowLives;
  private readonly words: Int32Array;

  /** `words`: of `MomentWord`. */
  constructor(lives: FlowLives, words: Int32Array) {
    this.lives = lives;
    this.words = words;
  }

  /** False when there is no room. */
  answered(slot: number, now: number): boolean {
    const count = this.words[MomentWord.WAITING];
    if (count === MomentBound.WAITING) return false;
    this.slots[count] = slot;
    this.firsts[count] = this.firstOf(slot);
    this.answeredAt[count] = now;
    this.words[MomentWord.WAITING] = count + 1;
    return true;
  }

  /** Tells each connection that is half open at the tick, once, in the order of the SYN+ACKs. `clientOf`: 0 for A, 1 for B. */
  check(now: number, clientOf: (slot: number) => number, tell: (slot: number) => void): void {
    const count = this.words[MomentWord.WAITING];
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const slot = this.slots[i];
      if (this.firstOf(slot) !== this.firsts[i] || this.hasSpoken(slot, clientOf(slot))) continue;
      if (now - this.answeredAt[i] >= CONFIRM_WAIT_NS) tell(slot);
      else {
        this.slots[kept] = slot;
        this.firsts[kept] = this.firsts[i];
        this.answeredAt[kept++] = this.answeredAt[i];
      }
    }
    this.words[MomentWord.WAITING] = kept;
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
}

const TCP = 6;
