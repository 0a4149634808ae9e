/**
 * What the detection rules must know of a shard's packets, told per tick (`detect/batch.ts`): attempts and how they were
 * answered, volumes, ends, questions, claims. All of it hangs on what happens once or a few times per flow; a packet of
 * an established connection costs nothing here.
 */
import type { Question } from '../app/transactions.ts';
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_FLAGS,
  B_HOST,
  B_KIND,
  B_LAST,
  B_MISSED,
  B_ORDINAL,
  B_PACKETS,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_PORTS,
  B_PROTOCOL,
  B_SERVICE,
  B_SOURCE,
  B_TARGET,
  B_TYPE,
  type DetectBatch,
  END_BYTES,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
  STATES,
} from '../detect/batch.ts';
import { type ArpEvent, type DnsEvent, VOLUME_STEP } from '../detect/events.ts';
import type { FlowLives, FlowWatch } from '../flow/lives.ts';
import { type RecordWords, TcpFlag } from '../flow/record-words.ts';
import * as row from '../flow/row.ts';
import { historyOf, stateOf } from '../flow/zeek.ts';
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
import { addressKey } from './address-key.ts';
import { isAttempt } from './attempt.ts';
import { DetectEntries } from './detect-entries.ts';
import { Handshakes } from './handshakes.ts';
import { OpenCounts } from './open-counts.ts';

const TCP = 6;
const ICMP = 1;
const ICMPV6 = 58;
const UNREACHABLE = 3;
const UNREACHABLE_V6 = 1;
/** Questions and claims of one tick. */
const MOST_OBJECTS = 16_384;
/** Different services and hosts of one tick. */
const MOST_TEXTS = 16_384;
const NOTHING_TOLD = new Float64Array(4);
/** Entry numbers of attempts begin anew before they do not fit into a slot's place. */
const MOST_SERIAL = 0x4000_0000;
const FIRST_ANSWERS = 256;
const UNKNOWN = 0;
const OPENED_BY_A = 1;
const OPENED_BY_B = 2;
const OPENER = 3;
const HAS_TOLD = 4;

export class DetectWatch implements FlowWatch {
  private readonly lives: FlowLives;
  private readonly moments: DetectEntries;
  private readonly ends: DetectEntries;
  /** Numbers of moments with an answer, in the order of the answers. */
  private answers = new Uint32Array(FIRST_ANSWERS);
  private answerCount = 0;
  private readonly opens = new OpenCounts();
  private readonly handshakes: Handshakes;
  /** By slot: bytes A, B and packets A, B that have been told; only of flows that have told a volume. */
  private readonly told = new Map<number, Float64Array>();
  /** Per slot: whose first packet was told as an attempt, and whether a volume was told since. */
  private readonly openers: Uint8Array;
  /** Per slot: the number of its attempt among all that were ever told, from 1 on. */
  private readonly attempts: Int32Array;
  /** Attempts and late answers of earlier ticks: what is above in `attempts` is of this one. */
  private serial = 0;
  private readonly scratch = new Int32Array(row.ROW_BYTES >> 2);
  private readonly scratchView = new DataView(this.scratch.buffer);
  private texts = new Map<string, number>();
  private questions: DnsEvent[] = [];
  private claims: ArpEvent[] = [];
  private untold = 0;

  constructor(lives: FlowLives, mergedTick: () => number) {
    this.lives = lives;
    this.moments = new DetectEntries(MOMENT_BYTES, mergedTick);
    this.ends = new DetectEntries(END_BYTES, mergedTick);
    this.handshakes = new Handshakes(lives);
    this.openers = new Uint8Array(lives.store.rows);
    this.attempts = new Int32Array(lives.store.rows);
  }

  /** The first packet of a flow; `slot` is -1 when the table refused it. Outer flows of tunnels are nobody's attempt. */
  opened(slot: number, rec: RecordWords, o: number, key: number, now: number): void {
    if (slot >= 0) {
      this.openers[slot] = UNKNOWN;
      this.attempts[slot] = 0;
    }
    const protocol = key & 0xff;
    if ((key & (row.RowRole.OUTER << 8)) !== 0 || !isAttempt(rec, o, protocol)) return;
    const recordFlags = rec.u16[(o + R_FLAGS) >> 1];
    if (slot >= 0) this.openers[slot] = (recordFlags & RecordFlag.FROM_A) !== 0 ? OPENED_BY_A : OPENED_BY_B;
    const isV6 = (recordFlags & RecordFlag.IPV6) !== 0;
    const hasPorts = (recordFlags & RecordFlag.HAS_PORTS) !== 0;
    const port = hasPorts ? rec.u16[(o + R_DST_PORT) >> 1] : 0;
    if (!this.opens.add(rec, o + R_SRC_ADDR, o + R_DST_ADDR, isV6, port, protocol)) return;
    const at = this.moments.next();
    if (at < 0) return;
    if (slot >= 0) this.attempts[slot] = this.serial + this.moments.count;
    const { u8, u16, f64, i32 } = this.moments;
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
    if (!this.handshakes.answered(slot, now)) this.untold++;
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

  /** The flow's first packet of the tick is about to be counted. */
  touched(slot: number): void {
    const { hotF } = this.lives.store;
    const bytes = (slot * row.HOT_BYTES + row.F_BYTES_A) >> 3;
    const sum = hotF[bytes] + hotF[bytes + 1];
    if (sum < VOLUME_STEP || this.isOuter(slot)) return;
    const told = this.toldOf(slot);
    if (sum - told[0] - told[1] < VOLUME_STEP) return;
    const at = this.tell(slot, EntryKind.VOLUME);
    if (at < 0) return;
    this.tellGrowth(slot, at);
    const packets = (slot * row.HOT_BYTES + row.F_PACKETS_A) >> 3;
    this.openers[slot] |= HAS_TOLD;
    this.told.set(slot, Float64Array.of(hotF[bytes], hotF[bytes + 1], hotF[packets], hotF[packets + 1]));
  }

  /** The flow is over; `service` and `host` are '' when unknown. */
  closed(slot: number, service: string, host: string): void {
    if (this.isOuter(slot)) return;
    const { store } = this.lives;
    const client = this.clientOf(slot);
    const bytes = (slot * row.HOT_BYTES + row.F_BYTES_A) >> 3;
    const isAnswered = (store.hotI[(slot * row.HOT_BYTES + row.F_FLAGS) >> 2] & (row.RowFlag.SEEN_A << (client ^ 1))) !== 0;
    // An attempt that nobody answered was told when it began.
    if (!isAnswered && store.hotF[bytes] + store.hotF[bytes + 1] < VOLUME_STEP) return;
    const at = this.tell(slot, EntryKind.CLOSE);
    if (at >= 0) {
      this.tellGrowth(slot, at);
      this.tellSums(slot, at, client);
      this.ends.u16[(at + B_SERVICE) >> 1] = this.numberOf(service);
      this.ends.u16[(at + B_HOST) >> 1] = this.numberOf(host);
    }
    if ((this.openers[slot] & HAS_TOLD) !== 0) this.told.delete(slot);
  }

  dns(slot: number, { query, qtype, rcode }: Question, now: number): void {
    if (this.questions.length === MOST_OBJECTS) {
      this.untold++;
      return;
    }
    const client = this.clientOf(slot);
    this.questions.push({
      type: 'dns',
      at: now,
      ordinal: 0,
      client: this.address(slot, client),
      server: this.address(slot, client ^ 1),
      query: query.toLowerCase().replace(/\.$/, ''),
      qtype,
      rcode,
    });
  }

  arp(claim: ArpEvent): void {
    if (this.claims.length === MOST_OBJECTS) this.untold++;
    else this.claims.push(claim);
  }

  /** The tick ends at `now`; before flows are ended because of that. */
  endTick(now: number): void {
    this.handshakes.check(
      now,
      (slot) => this.clientOf(slot),
      (slot) => void this.tell(slot, EntryKind.HALF_OPEN),
    );
  }

  /** Everything since the last call, for tick `tick`. */
  take(tick: number): DetectBatch {
    const batch = {
      untold: this.untold + this.moments.untold + this.ends.untold,
      answers: this.answers.slice(0, this.answerCount),
      moments: this.moments.take(tick),
      ends: this.ends.take(tick),
      texts: [...this.texts.keys()],
      dns: this.questions,
      arp: this.claims,
      surges: this.opens.take(),
    };
    this.startSerial(batch.moments.length / MOMENT_BYTES);
    this.answerCount = 0;
    this.texts = new Map();
    this.questions = [];
    this.claims = [];
    this.untold = 0;
    return batch;
  }

  private startSerial(moments: number): void {
    this.serial += moments;
    if (this.serial < MOST_SERIAL) return;
    this.serial = 0;
    this.attempts.fill(0);
  }

  /** What became of the attempt, beside it when that is of this tick too. `outcome` is a flag of an entry. */
  private answer(slot: number, outcome: number, now: number, ordinal: number): void {
    if (this.isOuter(slot)) return;
    const serial = this.attempts[slot];
    // There is room for one: a second, as after an ICMP error that did not end the attempt, stands alone.
    this.attempts[slot] = 0;
    const at = serial > this.serial ? (serial - this.serial - 1) * MOMENT_BYTES : this.lateAnswer(slot, now, ordinal);
    if (at < 0) return;
    const { f64, u8 } = this.moments;
    f64[(at + B_ANSWERED_AT) >> 3] = now;
    f64[(at + B_ANSWER_ORDINAL) >> 3] = ordinal;
    u8[at + B_FLAGS] |= outcome;
    if (this.answerCount === this.answers.length) {
      const answers = new Uint32Array(2 * this.answers.length);
      answers.set(this.answers);
      this.answers = answers;
    }
    this.answers[this.answerCount++] = at / MOMENT_BYTES;
  }

  private lateAnswer(slot: number, now: number, ordinal: number): number {
    const { moments } = this;
    const at = moments.next();
    if (at < 0) return at;
    moments.f64[(at + B_AT) >> 3] = now;
    moments.f64[(at + B_ORDINAL) >> 3] = ordinal;
    this.nameFlow(moments, slot, at, EntryKind.ANSWER);
    return at;
  }

  /** An entry with what every end and volume of a flow has; its offset, -1 when there is no room. */
  private tell(slot: number, kind: number): number {
    const at = this.ends.next();
    if (at < 0) return at;
    const { hotF, coldF, coldBytes } = this.lives.store;
    const { f64 } = this.ends;
    const hot = slot * row.HOT_BYTES;
    const cold = slot * coldBytes - row.HOT_BYTES;
    const last = hotF[(hot + row.F_LAST_SEEN) >> 3];
    f64[(at + B_AT) >> 3] = last;
    f64[(at + B_ORDINAL) >> 3] = coldF[(cold + row.F_FIRST_ORDINAL) >> 3];
    f64[(at + B_FIRST) >> 3] = coldF[(cold + row.F_FIRST_SEEN) >> 3];
    f64[(at + B_LAST) >> 3] = last;
    this.nameFlow(this.ends, slot, at, kind);
    return at;
  }

  /** Who with whom, at the places that both kinds of entries have in common. */
  private nameFlow({ u8, u16, i32 }: DetectEntries, slot: number, at: number, kind: number): void {
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

  /** The sums at the end of a flow. */
  private tellSums(slot: number, at: number, client: number): void {
    const { store } = this.lives;
    const { f64, i32, u8 } = this.ends;
    const hot = slot * row.HOT_BYTES;
    const cold = slot * store.coldBytes - row.HOT_BYTES;
    const payload = (hot + row.F_PAYLOAD_A) >> 3;
    for (let i = 0; i < 2; i++) {
      const side = client ^ i;
      f64[((at + B_BYTES) >> 3) + i] = store.hotF[((hot + row.F_BYTES_A) >> 3) + side];
      f64[((at + B_PAYLOAD) >> 3) + i] = store.hotF[payload + side];
      i32[((at + B_PACKETS) >> 2) + i] = store.hotF[((hot + row.F_PACKETS_A) >> 3) + side];
    }
    const state = stateOf(
      store.hotB[hot + row.F_PROTOCOL],
      store.hotI[(hot + row.F_FLAGS) >> 2],
      store.coldB[cold + row.F_ZEEK_A],
      store.coldB[cold + row.F_ZEEK_B],
      store.hotF[payload] === 0 && store.hotF[payload + 1] === 0,
      () => this.history(slot),
    );
    u8[at + B_TYPE] = STATES.indexOf(state);
    const missed = store.coldU[(cold + row.F_MISSED_A) >> 2] + store.coldU[(cold + row.F_MISSED_B) >> 2];
    i32[(at + B_MISSED) >> 2] = Math.min(missed, 0x7fff_ffff);
  }

  private history(slot: number): string {
    this.lives.store.copyRow(slot, this.scratch, 0);
    return historyOf(this.scratchView, 0);
  }

  /** What came since the last time, as seen from the client. */
  private tellGrowth(slot: number, at: number): void {
    const { hotF } = this.lives.store;
    const { f64, i32 } = this.ends;
    const bytes = (slot * row.HOT_BYTES + row.F_BYTES_A) >> 3;
    const packets = (slot * row.HOT_BYTES + row.F_PACKETS_A) >> 3;
    const told = this.toldOf(slot);
    for (let i = 0; i < 2; i++) {
      const side = this.clientOf(slot) ^ i;
      f64[((at + B_BYTES_SINCE) >> 3) + i] = hotF[bytes + side] - told[side];
      i32[((at + B_PACKETS_SINCE) >> 2) + i] = hotF[packets + side] - told[2 + side];
    }
  }

  private toldOf(slot: number): Float64Array {
    return (this.openers[slot] & HAS_TOLD) === 0 ? NOTHING_TOLD : (this.told.get(slot) ?? NOTHING_TOLD);
  }

  private numberOf(text: string): number {
    if (text === '') return 0;
    let number = this.texts.get(text);
    if (number === undefined) {
      if (this.texts.size === MOST_TEXTS) return 0;
      number = this.texts.size + 1;
      this.texts.set(text, number);
    }
    return number;
  }

  /** Who made the attempt; of a flow without one, whom its row takes for the client. */
  private clientOf(slot: number): number {
    const opener = this.openers[slot] & OPENER;
    if (opener !== UNKNOWN) return opener === OPENED_BY_A ? 0 : 1;
    return this.lives.store.hotI[(slot * row.HOT_BYTES + row.F_FLAGS) >> 2] & row.RowFlag.CLIENT_IS_B;
  }

  private isOuter(slot: number): boolean {
    return (this.lives.store.hotB[slot * row.HOT_BYTES + row.F_ROLE] & row.RowRole.OUTER) !== 0;
  }

  private address(slot: number, side: number): string {
    const { hotB } = this.lives.store;
    const hot = slot * row.HOT_BYTES;
    return addressKey(hotB, hot + (side === 1 ? row.F_ADDR_B : row.F_ADDR_A), (hotB[hot + row.F_ROLE] & row.RowRole.IPV6) !== 0);
  }
}
