/**
 * What the detection rules must know of a shard's packets, told per tick (`detect/batch.ts`): attempts and how they were
 * answered, volumes, ends, questions, claims, messages to DHCP servers. All of it hangs on what happens once or a few times per
 * flow; a packet of an established connection costs nothing here.
 */
import type { Question } from '../app/transactions.ts';
import {
  B_AT,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_HOST,
  B_LAST,
  B_MISSED,
  B_ORDINAL,
  B_PACKETS,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_SERVICE,
  B_TYPE,
  type DetectBatch,
  END_BYTES,
  EntryKind,
  STATES,
} from '../detect/batch.ts';
import { type ArpEvent, type DhcpEvent, type DnsEvent, VOLUME_STEP } from '../detect/events.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';
import { historyOf, stateOf } from '../flow/zeek.ts';
import { EndTold, type NativeWatch } from '../native/moment-memory.ts';
import { addressKey } from './address-key.ts';
import { DetectEntries } from './detect-entries.ts';
import { Opener } from './moment-words.ts';
import { Moments } from './moments.ts';

/** Questions, claims and messages to DHCP servers of one tick, of each. */
const MOST_OBJECTS = 16_384;
/** Different services and hosts of one tick. */
const MOST_TEXTS = 16_384;
const NOTHING_TOLD = new Float64Array(4);

export class DetectWatch {
  /** Hears of attempts and answers. */
  readonly moments: Moments;
  private readonly lives: FlowLives;
  private readonly ends: DetectEntries;
  /** By slot: bytes A, B and packets A, B that have been told; only of flows that have told a volume. */
  private readonly told = new Map<number, Float64Array>();
  private readonly scratch = new Int32Array(row.ROW_BYTES >> 2);
  private readonly scratchView = new DataView(this.scratch.buffer);
  private texts = new Map<string, number>();
  /** Where the addon writes ends. */
  private shared: Uint8Array | null = null;
  private questions: DnsEvent[] = [];
  private claims: ArpEvent[] = [];
  private messages: DhcpEvent[] = [];
  private untold = 0;

  constructor(lives: FlowLives, mergedTick: () => number) {
    this.lives = lives;
    this.ends = new DetectEntries(END_BYTES, mergedTick);
    this.moments = new Moments(lives, mergedTick, this.ends.words);
  }

  /** The flow's first packet of the tick is about to be counted. */
  touched(slot: number): void {
    const { hotF } = this.lives.store;
    const bytes = (slot * row.HOT_BYTES + row.F_BYTES_A) >> 3;
    const sum = hotF[bytes] + hotF[bytes + 1];
    if (sum < VOLUME_STEP || this.moments.isOuter(slot)) return;
    const told = this.toldOf(slot);
    if (sum - told[0] - told[1] < VOLUME_STEP) return;
    const at = this.tell(slot, EntryKind.VOLUME);
    if (at < 0) return;
    this.tellGrowth(slot, at);
    const packets = (slot * row.HOT_BYTES + row.F_PACKETS_A) >> 3;
    this.moments.openers[slot] |= Opener.TOLD;
    this.told.set(slot, Float64Array.of(hotF[bytes], hotF[bytes + 1], hotF[packets], hotF[packets + 1]));
  }

  /** The flow is over; `service` and `host` are '' when unknown. */
  closed(slot: number, service: string, host: string): void {
    const { native } = this.moments;
    const entry = native === null ? EndTold.NOT_PLAIN : this.tellNatively(native, slot);
    if (entry === EndTold.NOT_PLAIN) this.tellClosed(slot, service, host);
    else if (entry !== EndTold.NOTHING) this.label(entry * END_BYTES, service, host);
  }

  private tellNatively(native: NativeWatch, slot: number): number {
    if (this.ends.u8 !== this.shared) {
      this.shared = this.ends.u8;
      native.setEnds(this.shared);
    }
    return native.end(slot);
  }

  private tellClosed(slot: number, service: string, host: string): void {
    if (this.moments.isOuter(slot)) return;
    const { store } = this.lives;
    const client = this.moments.clientOf(slot);
    const bytes = (slot * row.HOT_BYTES + row.F_BYTES_A) >> 3;
    const isAnswered = (store.hotI[(slot * row.HOT_BYTES + row.F_FLAGS) >> 2] & (row.RowFlag.SEEN_A << (client ^ 1))) !== 0;
    // An attempt that nobody answered was told when it began.
    if (!isAnswered && store.hotF[bytes] + store.hotF[bytes + 1] < VOLUME_STEP) return;
    const at = this.tell(slot, EntryKind.CLOSE);
    if (at >= 0) {
      this.tellGrowth(slot, at);
      this.tellSums(slot, at, client);
      this.label(at, service, host);
    }
    if ((this.moments.openers[slot] & Opener.TOLD) !== 0) this.told.delete(slot);
  }

  dns(slot: number, { query, qtype, rcode }: Question, now: number): void {
    const client = this.moments.clientOf(slot);
    this.keep(this.questions, {
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
    this.keep(this.claims, claim);
  }

  dhcp(message: DhcpEvent): void {
    this.keep(this.messages, message);
  }

  /** The tick ends at `now`; before flows are ended because of that. */
  endTick(now: number): void {
    this.moments.native?.dropConfirmed();
    this.moments.handshakes.check(
      now,
      (slot) => this.moments.clientOf(slot),
      (slot) => void this.tell(slot, EntryKind.HALF_OPEN),
    );
  }

  /** Everything since the last call, for tick `tick`. */
  take(tick: number): DetectBatch {
    const { moments, answers, surges, untold } = this.moments.take(tick);
    const batch = {
      untold: this.untold + untold + this.ends.untold,
      answers,
      moments,
      ends: this.ends.take(tick),
      texts: [...this.texts.keys()],
      dns: this.questions,
      arp: this.claims,
      dhcp: this.messages,
      surges,
    };
    this.texts = new Map();
    this.questions = [];
    this.claims = [];
    this.messages = [];
    this.untold = 0;
    return batch;
  }

  private keep<E>(objects: E[], event: E): void {
    if (objects.length === MOST_OBJECTS) this.untold++;
    else objects.push(event);
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
    this.moments.nameFlow(this.ends, slot, at, kind);
    return at;
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
      const side = this.moments.clientOf(slot) ^ i;
      f64[((at + B_BYTES_SINCE) >> 3) + i] = hotF[bytes + side] - told[side];
      i32[((at + B_PACKETS_SINCE) >> 2) + i] = hotF[packets + side] - told[2 + side];
    }
  }

  private toldOf(slot: number): Float64Array {
    return (this.moments.openers[slot] & Opener.TOLD) === 0 ? NOTHING_TOLD : (this.told.get(slot) ?? NOTHING_TOLD);
  }

  private label(at: number, service: string, host: string): void {
    this.ends.u16[(at + B_SERVICE) >> 1] = this.numberOf(service);
    this.ends.u16[(at + B_HOST) >> 1] = this.numberOf(host);
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

  private address(slot: number, side: number): string {
    const { hotB } = this.lives.store;
    const hot = slot * row.HOT_BYTES;
    return addressKey(hotB, hot + (side === 1 ? row.F_ADDR_B : row.F_ADDR_A), (hotB[hot + row.F_ROLE] & row.RowRole.IPV6) !== 0);
  }
}
