/**
 * The moments of a shard's flows, for the detection rules: attempts, and how they were answered. Of usual packets the native
 * fast path (`native/flow/moments.h`) does the same over the same memory, so who does it changes nothing but the time.
 */
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
  B_FLAGS,
  B_KIND,
  B_ORDINAL,
  B_PORTS,
  B_PROTOCOL,
  B_SOURCE,
  B_TARGET,
  B_TYPE,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
  type SurgeCount,
} from '../detect/batch.ts';
import type { FlowLives, FlowWatch } from '../flow/lives.ts';
import { type RecordWords, TcpFlag } from '../flow/record-words.ts';
import * as row from '../flow/row.ts';
import type { MomentMemory, NativeWatch } from '../native/moment-memory.ts';
import {
  R_DST_ADDR,
  R_DST_PORT,
  R_FLAGS,
  R_ICMP_TYPE,
  R_ORDINAL,
  R_SRC_ADDR,
  R_SRC_PORT,
  R_STREAM_NS,
  R_TCP_FLAGS,
  RecordFlag,
} from '../ring/layout.ts';
import { isAttempt } from './attempt.ts';
import { DetectEntries } from './detect-entries.ts';
import { Handshakes } from './handshakes.ts';
import { MomentBound, MomentWord, Opener } from './moment-words.ts';
import { OpenCounts } from './open-counts.ts';

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const UNREACHABLE = 3;
const UNREACHABLE_V6 = 1;
/** Entry numbers of attempts begin anew before they do not fit into a slot's place. */
const MOST_SERIAL = 0x4000_0000;
const { SERIAL, UNTOLD, ANSWERS } = MomentWord;

export class Moments implements FlowWatch {
  readonly memory: MomentMemory;
  readonly handshakes: Handshakes;
  native: NativeWatch | null = null;
  /** See `MomentMemory`. */
  readonly openers: Uint8Array;
  private readonly attempts: Int32Array;
  private readonly answers = new Uint32Array(MomentBound.ENTRIES);
  private readonly words = new Int32Array(MomentWord.COUNT);
  private readonly lives: FlowLives;
  private readonly told: DetectEntries;
  private readonly opens = new OpenCounts(this.words);

  /** `endWords`: of the entries of ends. */
  constructor(lives: FlowLives, mergedTick: () => number, endWords: Int32Array) {
    const { words, opens, answers } = this;
    this.lives = lives;
    this.told = new DetectEntries(MOMENT_BYTES, mergedTick, words);
    this.handshakes = new Handshakes(lives, words);
    this.openers = new Uint8Array(lives.store.rows);
    this.attempts = new Int32Array(lives.store.rows);
    this.memory = {
      words,
      endWords,
      openers: this.openers,
      attempts: this.attempts,
      answers,
      waiting: this.handshakes.slots,
      waitingFirsts: this.handshakes.firsts,
      waitingSince: this.handshakes.answeredAt,
      services: opens.services,
      usedServices: opens.used,
      surges: opens.surges,
      registers: opens.registers,
    };
  }

  /** Where entries are written; other memory when there was no room, and with each tick. */
  get entries(): Uint8Array {
    return this.told.u8;
  }

  /** The first packet of a flow; `slot` is -1 when the table refused it. Outer flows of tunnels are nobody's attempt. */
  opened(slot: number, rec: RecordWords, o: number, key: number, now: number): void {
    if (slot >= 0) {
      this.openers[slot] = Opener.UNKNOWN;
      this.attempts[slot] = 0;
    }
    const protocol = key & 0xff;
    if ((key & (row.RowRole.OUTER << 8)) !== 0 || !isAttempt(rec, o, protocol)) return;
    const recordFlags = rec.u16[(o + R_FLAGS) >> 1];
    if (slot >= 0) this.openers[slot] = (recordFlags & RecordFlag.FROM_A) !== 0 ? Opener.A : Opener.B;
    const isV6 = (recordFlags & RecordFlag.IPV6) !== 0;
    const hasPorts = (recordFlags & RecordFlag.HAS_PORTS) !== 0;
    const port = hasPorts ? rec.u16[(o + R_DST_PORT) >> 1] : 0;
    if (!this.opens.add(rec, o + R_SRC_ADDR, o + R_DST_ADDR, isV6, port, protocol)) return;
    const at = this.told.next();
    if (at < 0) return;
    if (slot >= 0) this.attempts[slot] = this.words[SERIAL] + this.told.count;
    const { u8, u16, f64, i32 } = this.told;
    f64[(at + B_AT) >> 3] = now;
    f64[(at + B_ORDINAL) >> 3] = rec.f64[(o + R_ORDINAL) >> 3];
    u16[(at + B_PORTS) >> 1] = hasPorts ? rec.u16[(o + R_SRC_PORT) >> 1] : 0;
    u16[(at + B_PORTS + 2) >> 1] = port;
    u8[at + B_KIND] = EntryKind.OPEN;
    u8[at + B_PROTOCOL] = protocol;
    u8[at + B_FLAGS] = (isV6 ? EntryFlag.IPV6 : 0) | (slot < 0 ? EntryFlag.UNTRACKED : 0);
    u8[at + B_TYPE] = protocol === ICMP || protocol === ICMPV6 ? rec.u8[o + R_ICMP_TYPE] : 0;
    // Source and target stand side by side in both.
    for (let i = 0; i < 8; i++) i32[((at + B_SOURCE) >> 2) + i] = rec.i32[((o + R_SRC_ADDR) >> 2) + i];
  }

  /** The second side's first packet. */
  answered(slot: number, side: number, rec: RecordWords, o: number, now: number): void {
    if (side === this.clientOf(slot)) return;
    const isTcp = this.lives.store.hotB[slot * row.HOT_BYTES + row.F_PROTOCOL] === TCP;
    const tcpFlags = rec.u8[o + R_TCP_FLAGS];
    const isReset = isTcp && (tcpFlags & (TcpFlag.RST | TcpFlag.SYN)) === TcpFlag.RST;
    this.answer(slot, isReset ? EntryFlag.REFUSED : EntryFlag.ACCEPTED, now, rec.f64[(o + R_ORDINAL) >> 3]);
    if (!isTcp || (tcpFlags & (TcpFlag.SYN | TcpFlag.ACK)) !== (TcpFlag.SYN | TcpFlag.ACK) || this.isOuter(slot)) return;
    if (!this.handshakes.answered(slot, now)) this.words[UNTOLD]++;
  }

  /** An ICMP error about the flow. */
  unreachable(slot: number, rec: RecordWords, o: number): void {
    const { hotI, hotB } = this.lives.store;
    const server = this.clientOf(slot) ^ 1;
    if ((hotI[(slot * row.HOT_BYTES + row.F_FLAGS) >> 2] & (row.RowFlag.SEEN_A << server)) !== 0) return;
    const isV6 = (hotB[slot * row.HOT_BYTES + row.F_ROLE] & row.RowRole.IPV6) !== 0;
    if (rec.u8[o + R_ICMP_TYPE] !== (isV6 ? UNREACHABLE_V6 : UNREACHABLE)) return;
    this.answer(slot, EntryFlag.REFUSED, rec.f64[(o + R_STREAM_NS) >> 3], rec.f64[(o + R_ORDINAL) >> 3]);
  }

  /** Everything since the last call, for tick `tick`. */
  take(tick: number): { moments: Uint8Array; answers: Uint32Array<ArrayBuffer>; surges: SurgeCount[]; untold: number } {
    const { words, told } = this;
    const untold = words[UNTOLD];
    const answers = this.answers.slice(0, words[ANSWERS]);
    const moments = told.take(tick);
    words[ANSWERS] = 0;
    this.startSerial(moments.length / MOMENT_BYTES);
    return { moments, answers, surges: this.opens.take(), untold };
  }

  /** Who made the attempt; of a flow without one, whom its row takes for the client. */
  clientOf(slot: number): number {
    const opener = this.openers[slot] & Opener.BITS;
    if (opener !== Opener.UNKNOWN) return opener === Opener.A ? 0 : 1;
    return this.lives.store.hotI[(slot * row.HOT_BYTES + row.F_FLAGS) >> 2] & row.RowFlag.CLIENT_IS_B;
  }

  isOuter(slot: number): boolean {
    return (this.lives.store.hotB[slot * row.HOT_BYTES + row.F_ROLE] & row.RowRole.OUTER) !== 0;
  }

  private startSerial(moments: number): void {
    this.words[SERIAL] += moments;
    if (this.words[SERIAL] < MOST_SERIAL) return;
    this.words[SERIAL] = 0;
    this.attempts.fill(0);
  }

  /** What became of the attempt, beside it when that is of this tick too. `outcome` is a flag of an entry. */
  private answer(slot: number, outcome: number, now: number, ordinal: number): void {
    if (this.isOuter(slot)) return;
    const serial = this.attempts[slot];
    // There is room for one: a second, as after an ICMP error that did not end the attempt, stands alone.
    this.attempts[slot] = 0;
    const before = this.words[SERIAL];
    const at = serial > before ? (serial - before - 1) * MOMENT_BYTES : this.lateAnswer(slot, now, ordinal);
    if (at < 0) return;
    const { f64, u8 } = this.told;
    f64[(at + B_ANSWERED_AT) >> 3] = now;
    f64[(at + B_ANSWER_ORDINAL) >> 3] = ordinal;
    u8[at + B_FLAGS] |= outcome;
    this.answers[this.words[ANSWERS]++] = at / MOMENT_BYTES;
  }

  private lateAnswer(slot: number, now: number, ordinal: number): number {
    const { told } = this;
    const at = told.next();
    if (at < 0) return at;
    told.f64[(at + B_AT) >> 3] = now;
    told.f64[(at + B_ORDINAL) >> 3] = ordinal;
    this.nameFlow(told, slot, at, EntryKind.ANSWER);
    return at;
  }

  /** Who with whom, at the places that both kinds of entries have in common. */
  nameFlow({ u8, u16, i32 }: DetectEntries, slot: number, at: number, kind: number): void {
    const { hotB, hotH, hotI } = this.lives.store;
    const hot = slot * row.HOT_BYTES;
    const isB = this.clientOf(slot) === 1;
    u16[(at + B_PORTS) >> 1] = hotH[(hot + (isB ? row.F_PORT_B : row.F_PORT_A)) >> 1];
    u16[(at + B_PORTS + 2) >> 1] = hotH[(hot + (isB ? row.F_PORT_A : row.F_PORT_B)) >> 1];
    const from = (hot + (isB ? row.F_ADDR_B : row.F_ADDR_A)) >> 2;
    const to = (hot + (isB ? row.F_ADDR_A : row.F_ADDR_B)) >> 2;
    const source = (at + B_SOURCE) >> 2;
    const target = (at + B_TARGET) >> 2;
    for (let i = 0; i < 4; i++) {
      i32[source + i] = hotI[from + i];
      i32[target + i] = hotI[to + i];
    }
    u8[at + B_KIND] = kind;
    u8[at + B_PROTOCOL] = hotB[hot + row.F_PROTOCOL];
    u8[at + B_FLAGS] = (hotB[hot + row.F_ROLE] & row.RowRole.IPV6) !== 0 ? EntryFlag.IPV6 : 0;
  }
}
