/**
 * The application layer of one shard: takes the bytes that records carry, finds out what each flow is, and says so in
 * the notes of its records.
 *
 *   record with bytes ─▶ FlowApp (heads, parsers) ──done──▶ note text; the flow's tag tells the capture thread to carry no more
 *                                                └─ flow ends ─▶ note text
 *
 * A flow about which nobody asks any more keeps only the text of its note. Memory is bounded twice: parsers see the first
 * bytes of a flow only, and when all open flows together hold more than their budget, the oldest give up.
 */
import { CLIENT, SERVER } from '../app/dissector.ts';
import { FlowApp, type TransactionSink } from '../app/flow-app.ts';
import { ndpiRisks } from '../app/ndpi-names.ts';
import { headerLabel } from '../app/note.ts';
import { noteText } from '../app/note-text.ts';
import type { Registry } from '../app/registry.ts';
import type { Question, Transaction } from '../app/transactions.ts';
import { Reason } from '../flow/direction.ts';
import { NOTE_LIMIT } from '../flow/entry.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';
import type { PayloadSink } from '../flow/table-contract.ts';
import type { Detector } from '../native/dpi.ts';
import {
  R_CARRIED,
  R_L3_OFF,
  R_PAYLOAD_LEN,
  R_PAYLOAD_OFF,
  R_PROTOCOL,
  R_RAW_NSEC,
  R_RAW_SEC,
  R_SACK_COUNT,
  R_SEQ,
  R_TCP_FLAGS,
  RECORD_BYTES,
} from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';
import { AppReports } from './app-reports.ts';
import { AppTotals } from './app-totals.ts';
import { CarryTags, NOT_WANTED } from './carry-tags.ts';
import type { DetectWatch } from './detect-watch.ts';
import { DpiQueue, type DpiVerdict, NDPI_FLOW_BYTES } from './dpi-queue.ts';
import { type EventReason, type EventWatch, NO_STATE, stateText } from './event-watch.ts';
import { NdpiNames } from './ndpi-words.ts';
import { NoteStore } from './note-store.ts';
import { OpenFlows } from './open-flows.ts';
import { orient } from './orientation.ts';
import { isHeldBack, Overload } from './overload.ts';
import { type AppOptions, type ExpectationReport, type NameReport, ShardCounter } from './protocol.ts';
import { SynWatch } from './syn-watch.ts';

const TCP = 6;
const SYN = 2;
const SACK_BLOCK_BYTES = 8;
/** What an open flow costs beside its bytes: parsers' state, facts, objects around them; measured, rounded up. */
const OPEN_FLOW_BYTES = 2048;
/** Bytes that open flows of a shard may hold together. */
const OPEN_BUDGET = 64 << 20;
/** Bytes that the notes of live flows may take; beyond it, notes keep label, risks and host only. */
const NOTES_BUDGET = 128 << 20;
/** Largest datagram that is looked at. */
const MOST_BYTES = 65_536;

/** Who does the work. */
export interface AppParts {
  registry: Registry;
  detector: Detector | null;
}

export class AppLayer implements PayloadSink, TransactionSink {
  readonly wantsTransactions: boolean;
  /** Hears the questions of flows, and their answers; null when nobody asked for them. */
  readonly watch: DetectWatch | null;
  /** Writes a transaction beside the row of its flow. */
  emit: (slot: number, entry: Transaction) => void = () => {};
  /** Set when flow events are wanted. */
  events: EventWatch | null = null;
  /** With events only: the last state of flows that are no longer open; and of all, what an event has said. */
  private readonly closedStates = new Map<number, string>();
  private readonly reported = new Map<number, string>();
  private readonly tags: CarryTags;
  private readonly lives: FlowLives;
  private readonly live: boolean;
  private readonly overload = new Overload();
  private readonly registry: Registry;
  private readonly syns: SynWatch;
  private readonly open = new OpenFlows();
  private readonly notes: NoteStore;
  private readonly labels: (string | undefined)[] = [];
  readonly totals = new AppTotals();
  private readonly dpi: DpiQueue | null;
  private readonly ndpiNames: NdpiNames | null;
  /** The slot that is being closed, -1 = none. */
  private closing = -1;
  private openBytes = 0;
  private readonly flowBytes: number;
  private readonly reports = new AppReports();
  /** Datagrams are copied here: decoders of text and cryptography take no shared memory. */
  private readonly scratch = new Uint8Array(MOST_BYTES);

  constructor(options: AppOptions, lives: FlowLives, { registry, detector }: AppParts, watch: DetectWatch | null) {
    this.watch = watch;
    this.tags = new CarryTags(options.tags);
    this.notes = new NoteStore(lives.store.rows, NOTES_BUDGET);
    this.wantsTransactions = options.transactions;
    this.lives = lives;
    this.live = options.live;
    this.registry = registry;
    this.syns = new SynWatch(lives);
    this.flowBytes = OPEN_FLOW_BYTES + (detector === null ? 0 : NDPI_FLOW_BYTES);
    this.dpi = detector === null ? null : new DpiQueue(detector, (slot, verdict) => this.verdict(slot, verdict));
    this.ndpiNames = detector === null ? null : new NdpiNames(detector);
  }

  get everyPacket(): boolean {
    return this.events !== null;
  }

  /** An accounted packet, after it was counted in its flow. */
  packet(slot: number, side: number, rec: RingReader, o: number, now: number): void {
    const { events } = this;
    if (events === null) {
      this.look(slot, side, rec, o, now);
      return;
    }
    if (rec.u32[(o + R_CARRIED) >> 2] > 0) this.look(slot, side, rec, o, now);
    // libndpi speaks between packets: what it said counts with the next one.
    const state = this.stateOf(slot);
    const changed = state !== (this.reported.get(slot) ?? NO_STATE);
    if (changed) this.reported.set(slot, state);
    events.packet(slot, changed);
  }

  /** Label and risks of a flow as one text: when it changes, that is an event. */
  private stateOf(slot: number): string {
    const app = this.open.get(slot);
    return app === undefined ? (this.closedStates.get(slot) ?? NO_STATE) : stateText(app);
  }

  private look(slot: number, side: number, rec: RingReader, o: number, now: number): void {
    const { hotI } = this.lives.store;
    const flagsAt = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
    const flags = hotI[flagsAt];
    if ((flags & (row.RowFlag.APP_DONE | (row.RowFlag.APP_FULL_A << side))) !== 0) {
      this.tags.set(rec, o, flags);
      return;
    }
    if ((rec.u8[o + R_TCP_FLAGS] & SYN) !== 0 && rec.u8[o + R_PROTOCOL] === TCP) {
      this.syns.note(slot, side, rec.u8, o + RECORD_BYTES + rec.u8[o + R_SACK_COUNT] * SACK_BLOCK_BYTES, rec.u32[(o + R_CARRIED) >> 2]);
    }
    const before = rec.u16[(o + R_PAYLOAD_OFF) >> 1] - rec.u16[(o + R_L3_OFF) >> 1];
    const captured = rec.u32[(o + R_CARRIED) >> 2] - before;
    const length = rec.u32[(o + R_PAYLOAD_LEN) >> 2];
    if (captured <= 0 || length === 0) {
      if (isHeldBack(rec, o)) this.shed(slot);
      return;
    }
    const start = o + RECORD_BYTES + rec.u8[o + R_SACK_COUNT] * SACK_BLOCK_BYTES + before;
    if (this.overload.isBehind) {
      this.shed(slot);
      return;
    }
    const app = this.open.get(slot) ?? this.begin(slot);
    app.epochSecs = rec.u32[(o + R_RAW_SEC) >> 2];
    if (!app.done) {
      if (app.heads !== null) this.segment(app, slot, side, rec, o, start, captured, length, now);
      else this.datagram(app, side, rec, start, captured, now);
    }
    this.lives.tally[ShardCounter.APP_PACKETS] = this.lives.tally[ShardCounter.APP_PACKETS] + 1;
    if (this.dpi !== null && !app.ndpiSettled) {
      this.queue(this.dpi, app, slot, side, rec, o);
      // What is logged must not depend on where batches end: then libndpi answers at once.
      if (this.wantsTransactions || this.events !== null) this.dpi.flush();
    }
    if (this.open.get(slot) === app) {
      this.report(app);
      if (this.isFinished(app)) this.close(slot, app);
      else if (this.isFull(app, side)) hotI[flagsAt] = hotI[flagsAt] | (row.RowFlag.APP_FULL_A << side);
    }
    if ((hotI[flagsAt] & NOT_WANTED) !== 0) this.tags.set(rec, o, hotI[flagsAt]);
    if (this.openBytes > OPEN_BUDGET) this.relieve();
  }

  /** The note of a flow's record as it is now, '' when there is nothing to say. */
  note(slot: number): string {
    const app = this.open.get(slot);
    return app === undefined ? this.notes.get(slot) : this.text(app, true);
  }

  /** The flow is about to end: so does whatever is still being read of it. */
  conclude(slot: number): void {
    const app = this.open.get(slot);
    if (app !== undefined) this.close(slot, app);
  }

  /** The note as it is now, with the reason of an event. */
  eventNote(slot: number, reason: EventReason): string {
    const text = this.note(slot);
    return text === '' ? JSON.stringify({ event: reason }) : `${text.slice(0, -1)},"event":"${reason}"}`;
  }

  /** The flow is over and its record written. Outer flows of tunnels are not counted, as in every sum. Its application, '' = unknown. */
  ended(slot: number, packets: number, bytes: number): string {
    const { hotB } = this.lives.store;
    const hot = slot * row.HOT_BYTES;
    const label = this.labels[slot] ?? headerLabel(hotB[hot + row.F_PROTOCOL])?.protocol ?? '';
    if ((hotB[hot + row.F_ROLE] & row.RowRole.OUTER) === 0) this.totals.add(label, packets, bytes);
    if (slot < this.labels.length) this.labels[slot] = undefined;
    if (this.events !== null) {
      this.closedStates.delete(slot);
      this.reported.delete(slot);
    }
    this.notes.delete(slot);
    return label;
  }

  /** What DNS answers and control connections have said since the last call. */
  takeReports(): { names: NameReport[]; expectations: ExpectationReport[] } {
    return this.reports.take();
  }

  get wantsQuestions(): boolean {
    return this.watch !== null;
  }

  question(slot: number, question: Question, nowNs: number): void {
    this.watch?.dns(slot, question, nowNs);
  }

  transaction(slot: number, entry: Transaction): void {
    this.emit(slot, entry);
  }

  /** The records of a batch are about to be given back. */
  endBatch(rec: RingReader): void {
    this.dpi?.flush();
    // A replay's reader waits for us; a live capture's would soon drop.
    if (this.live) this.overload.note(rec);
  }

  private isFinished(app: FlowApp): boolean {
    return app.done && (this.dpi === null || app.ndpiSettled);
  }

  /** The head of that side will not grow any more, and libndpi wants nothing either. */
  private isFull(app: FlowApp, side: number): boolean {
    if (app.heads === null || (this.dpi !== null && !app.ndpiSettled)) return false;
    return app.heads[side === app.client ? CLIENT : SERVER].complete;
  }

  /** Gives a packet to libndpi. */
  private queue(dpi: DpiQueue, app: FlowApp, slot: number, side: number, rec: RingReader, o: number): void {
    const start = o + RECORD_BYTES + rec.u8[o + R_SACK_COUNT] * SACK_BLOCK_BYTES;
    const ms = rec.u32[(o + R_RAW_SEC) >> 2] * 1000 + rec.u32[(o + R_RAW_NSEC) >> 2] / 1e6;
    app.usesNdpi = true;
    dpi.add(slot, side !== app.client, app.sure, ms, rec.u8, start, rec.u32[(o + R_CARRIED) >> 2]);
  }

  private verdict(slot: number, verdict: DpiVerdict): void {
    const app = this.open.get(slot);
    if (app === undefined) return;
    const label = this.ndpiNames?.label(verdict) ?? null;
    if (label !== null) app.ndpi = { ...label, guessed: verdict.guessed };
    for (const { name } of ndpiRisks(verdict.risksLow, verdict.risksHigh).risks) app.facts.risks.add(name);
    app.ndpiSettled = verdict.settled;
    if (slot !== this.closing && this.isFinished(app)) this.close(slot, app);
  }

  /** The flow is looked at no more: packets are worth more than labels. What is known of it is put together when it ends. */
  private shed(slot: number): void {
    const { store, tally } = this.lives;
    const flagsAt = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
    store.hotI[flagsAt] = store.hotI[flagsAt] | row.RowFlag.APP_DONE | row.RowFlag.APP_SHED;
    tally[ShardCounter.APP_SHED] = tally[ShardCounter.APP_SHED] + 1;
  }

  private begin(slot: number): FlowApp {
    const { store, tally } = this.lives;
    const hot = slot * row.HOT_BYTES;
    const client = store.hotI[(hot + row.F_FLAGS) >> 2] & row.RowFlag.CLIENT_IS_B;
    const portA = store.hotH[(hot + row.F_PORT_A) >> 1];
    const portB = store.hotH[(hot + row.F_PORT_B) >> 1];
    const ports = client === 0 ? ([portA, portB] as const) : ([portB, portA] as const);
    const reason = store.coldB[slot * store.coldBytes - row.HOT_BYTES + row.F_DIRECTION_REASON];
    const sure = reason === Reason.SYN || reason === Reason.SYN_ACK;
    const app = new FlowApp(slot, store.hotB[hot + row.F_PROTOCOL] === TCP, client, ports, sure, this.registry, this);
    this.open.add(app);
    this.openBytes += this.flowBytes;
    tally[ShardCounter.APP_FLOWS] = tally[ShardCounter.APP_FLOWS] + 1;
    tally[ShardCounter.APP_OPEN] = tally[ShardCounter.APP_OPEN] + 1;
    return app;
  }

  private segment(
    app: FlowApp,
    slot: number,
    side: number,
    rec: RingReader,
    o: number,
    start: number,
    captured: number,
    length: number,
    now: number,
  ): void {
    const { store } = this.lives;
    const head = app.heads?.[side === app.client ? CLIENT : SERVER];
    if (head === undefined) return;
    head.begin(store.coldI[((slot * store.coldBytes - row.HOT_BYTES + row.F_ISN_A) >> 2) + side]);
    const { held } = app;
    const bytes = rec.u8.subarray(start, start + Math.min(captured, length));
    if (head.add(rec.i32[(o + R_SEQ) >> 2], bytes, length)) app.advanceStream(now);
    if (app.done) app.release();
    this.openBytes += app.held - held;
  }

  private datagram(app: FlowApp, side: number, rec: RingReader, start: number, captured: number, now: number): void {
    const count = Math.min(captured, MOST_BYTES);
    this.scratch.set(rec.u8.subarray(start, start + count));
    const { held } = app;
    app.datagram(now, side === app.client ? CLIENT : SERVER, this.scratch.subarray(0, count));
    this.openBytes += app.held - held;
  }

  /** Passes on what a session has learned for other flows, and who began this one. */
  private report(app: FlowApp): void {
    this.reports.add(this.lives, app);
    if (!app.isOriented) orient(this.lives, app);
  }

  /** Nobody wants more bytes of the flow: what is known becomes its note. */
  private close(slot: number, app: FlowApp): void {
    const held = app.held;
    if (this.dpi !== null && app.usesNdpi) {
      if (!app.ndpiSettled) this.settle(this.dpi, slot, app);
      this.dpi.release(slot);
    }
    app.finish();
    this.report(app);
    this.open.delete(slot);
    this.openBytes -= held + this.flowBytes;
    const { tally, store } = this.lives;
    tally[ShardCounter.APP_OPEN] = tally[ShardCounter.APP_OPEN] - 1;
    tally[ShardCounter.APP_CLOSED] = tally[ShardCounter.APP_CLOSED] + 1;
    const flagsAt = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
    store.hotI[flagsAt] = store.hotI[flagsAt] | row.RowFlag.APP_DONE;
    const text = this.text(app, this.notes.bytes < NOTES_BUDGET);
    app.release();
    while (this.labels.length <= slot) this.labels.push(undefined);
    this.labels[slot] = app.finalLabel;
    if (this.events !== null) this.closedStates.set(slot, stateText(app));
    this.notes.set(slot, text);
  }

  /** libndpi's last word, a guess if need be. */
  private settle(dpi: DpiQueue, slot: number, app: FlowApp): void {
    // Its verdict must not close the flow, which is being closed.
    this.closing = slot;
    dpi.giveUp(slot);
    this.closing = -1;
    app.ndpiSettled = true;
  }

  private text(app: FlowApp, whole: boolean): string {
    const { text, label, isCut } = noteText(app, this.registry, whole ? NOTE_LIMIT : 0);
    app.finalLabel = label?.protocol;
    this.mark(app.slot, app.facts.host !== null, label !== null);
    if (isCut) this.lives.tally[ShardCounter.APP_NOTES_CUT] = this.lives.tally[ShardCounter.APP_NOTES_CUT] + 1;
    return text;
  }

  /** The row says what its note holds, so that nobody has to read the note for it. */
  private mark(slot: number, host: boolean, label: boolean): void {
    const at = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
    const { hotI } = this.lives.store;
    hotI[at] = hotI[at] | (host ? row.RowFlag.APP_HOST : 0) | (label ? row.RowFlag.APP_LABEL : 0);
  }

  /** The oldest open flows give up until a sixteenth of the budget is free. */
  private relieve(): void {
    for (let app = this.open.oldest; app !== null; app = this.open.oldest) {
      if (this.openBytes <= OPEN_BUDGET - (OPEN_BUDGET >> 4)) break;
      this.close(app.slot, app);
      this.lives.tally[ShardCounter.APP_GIVEN_UP] = this.lives.tally[ShardCounter.APP_GIVEN_UP] + 1;
    }
  }
}
