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
import type { Parsers } from '../app/registry.ts';
import type { Question, Transaction } from '../app/transactions.ts';
import { Reason } from '../flow/direction.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';
import type { PayloadSink } from '../flow/table-contract.ts';
import { Offered } from '../native/app-flows.ts';
import type { Detector } from '../native/dpi.ts';
import type { SynMemory } from '../native/syn-memory.ts';
import {
  R_CARRIED,
  R_L3_OFF,
  R_PAYLOAD_LEN,
  R_PAYLOAD_OFF,
  R_PROTOCOL,
  R_RAW_NSEC,
  R_RAW_SEC,
  R_SACK_COUNT,
  R_TCP_FLAGS,
  RECORD_BYTES,
} from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';
import { AppBytes } from './app-bytes.ts';
import { AppNotes } from './app-notes.ts';
import { AppReports } from './app-reports.ts';
import { AppTotals } from './app-totals.ts';
import { CarryTags, NOT_WANTED } from './carry-tags.ts';
import type { DetectWatch } from './detect-watch.ts';
import { DpiQueue, type DpiVerdict, NDPI_FLOW_BYTES } from './dpi-queue.ts';
import type { EventReason, EventWatch } from './event-watch.ts';
import { FlowStates } from './flow-states.ts';
import { NativeApps, type NativeParts } from './native-apps.ts';
import { NdpiNames } from './ndpi-words.ts';
import { OpenFlows } from './open-flows.ts';
import { orient } from './orientation.ts';
import { isHeldBack, Overload } from './overload.ts';
import { type AppOptions, type ExpectationReport, ShardCounter } from './protocol.ts';
import { SynWatch } from './syn-watch.ts';

const TCP = 6;
const SYN = 2;
const SACK_BLOCK_BYTES = 8;
/** What an open flow costs beside its bytes: parsers' state, facts, objects around them; measured, rounded up. */
const OPEN_FLOW_BYTES = 2048;
/** Bytes that open flows of a shard may hold together. */
const OPEN_BUDGET = 64 << 20;

/** Who does the work. */
export interface AppParts {
  registry: Parsers;
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
  private readonly states = new FlowStates();
  private readonly tags: CarryTags;
  private readonly lives: FlowLives;
  private readonly live: boolean;
  private readonly overload = new Overload();
  private readonly registry: Parsers;
  private readonly syns: SynWatch;
  private readonly open = new OpenFlows();
  private readonly notes: AppNotes;
  readonly totals = new AppTotals();
  private readonly dpi: DpiQueue | null;
  private readonly ndpiNames: NdpiNames | null;
  /** Reads what is plain; null where every flow is the parsers'. */
  readonly native: NativeApps | null;
  /** The slot that is being closed, -1 = none. */
  private closing = -1;
  private openBytes = 0;
  private readonly flowBytes: number;
  private readonly reports = new AppReports();
  private readonly bytes: AppBytes;

  constructor(
    options: AppOptions,
    lives: FlowLives,
    { registry, detector }: AppParts,
    watch: DetectWatch | null,
    native: NativeParts | null = null,
  ) {
    this.watch = watch;
    this.tags = new CarryTags(options.tags);
    this.notes = new AppNotes(lives, registry);
    this.wantsTransactions = options.transactions;
    this.lives = lives;
    this.live = options.live;
    this.registry = registry;
    this.syns = new SynWatch(lives);
    this.bytes = new AppBytes(lives);
    this.flowBytes = OPEN_FLOW_BYTES + (detector === null ? 0 : NDPI_FLOW_BYTES);
    this.dpi = detector === null ? null : new DpiQueue(detector, (slot, verdict) => this.verdict(slot, verdict));
    this.ndpiNames = detector === null ? null : new NdpiNames(detector);
    // Who wants to hear of every message, or what libndpi says, gets that from the parsers.
    const isPlain = options.builtin && detector === null && !options.transactions && !options.events;
    this.native =
      native === null || !isPlain
        ? null
        : new NativeApps(lives, this.bytes, { ...native, tags: options.tags, wantsQuestions: watch !== null });
  }

  get everyPacket(): boolean {
    return this.events !== null;
  }

  get synMemory(): SynMemory {
    return this.syns.memory;
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
    events.packet(slot, this.states.hasChanged(slot, this.open.get(slot)));
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
    const app = this.open.get(slot) ?? this.reader(slot, side, rec, o);
    if (app === null) {
      if ((hotI[flagsAt] & NOT_WANTED) !== 0) this.tags.set(rec, o, hotI[flagsAt]);
      return;
    }
    app.epochSecs = rec.u32[(o + R_RAW_SEC) >> 2];
    if (!app.done) {
      const { held } = app;
      this.bytes.show(app, side, rec, o, start, captured, length, now);
      if (app.done) app.release();
      this.openBytes += app.held - held;
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

  /** The native fast path has taken the record at `o`, and now the flow is for the parsers. */
  odd(slot: number, rec: RingReader, o: number): void {
    if (this.native?.again(slot) === Offered.ODD) this.takeOver(slot);
    const flags = this.lives.store.hotI[(slot * row.HOT_BYTES + row.F_FLAGS) >> 2];
    if ((flags & NOT_WANTED) !== 0) this.tags.set(rec, o, flags);
  }

  /** Who reads the flow from this record on; null when its bytes were taken natively, or nobody wants them any more. */
  private reader(slot: number, side: number, rec: RingReader, o: number): FlowApp | null {
    const { native } = this;
    if (native === null) return this.begin(slot);
    const answer = native.offer(slot, side, rec, o);
    if (answer === Offered.ODD) this.takeOver(slot);
    if (answer !== Offered.DECLINED) return null;
    if (!native.isOpen(slot)) return this.begin(slot);
    this.takeOver(slot);
    return this.open.get(slot) ?? null;
  }

  /** What was read natively is read by the parsers from the beginning. */
  private takeOver(slot: number): void {
    const released = this.native?.release(slot) ?? null;
    if (released === null || this.native === null) return;
    const app = this.begin(slot, released.client);
    const { hotI } = this.lives.store;
    const flagsAt = (slot * row.HOT_BYTES + row.F_FLAGS) >> 2;
    this.native.replay(app, released, (side) => {
      if (!app.done && this.isFull(app, side)) hotI[flagsAt] = hotI[flagsAt] | (row.RowFlag.APP_FULL_A << side);
    });
    if (app.done) app.release();
    this.openBytes += app.held;
    this.report(app);
    if (app.done) this.close(slot, app);
  }

  /** The note of a flow's record as it is now, '' when there is nothing to say. */
  note(slot: number): string {
    if (this.native?.isOpen(slot) === true) this.takeOver(slot);
    if (this.native?.isClosed(slot) === true) return this.native.flows.note(slot);
    const app = this.open.get(slot);
    return app === undefined ? this.notes.of(slot) : this.notes.text(app, true);
  }

  /** The flow is about to end: so does whatever is still being read of it. */
  conclude(slot: number): void {
    if (this.native?.isOpen(slot) === true && this.native.conclude(slot) === Offered.ODD) this.takeOver(slot);
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
    const native = this.native?.protocolOf(slot);
    const label = this.notes.take(slot) ?? native ?? headerLabel(hotB[hot + row.F_PROTOCOL])?.protocol ?? '';
    if ((hotB[hot + row.F_ROLE] & row.RowRole.OUTER) === 0) this.totals.add(label, packets, bytes);
    if (this.events !== null) this.states.delete(slot);
    if (native !== undefined) this.native?.flows.forget(slot);
    return label;
  }

  /** What DNS answers and control connections have said since the last call. */
  takeReports(): { names: Uint8Array[]; expectations: ExpectationReport[] } {
    const { names, expectations } = this.reports.take();
    const told = this.native === null ? [names] : [names, this.native.flows.takeNames()];
    return { names: told.filter(({ length }) => length > 0), expectations };
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
    const { native } = this;
    if (native === null) return;
    native.isEnabled = !this.overload.isBehind;
    while (native.isOverfull) this.giveUp(native.flows.oldest());
  }

  private giveUp(slot: number): void {
    this.conclude(slot);
    this.lives.tally[ShardCounter.APP_GIVEN_UP] = this.lives.tally[ShardCounter.APP_GIVEN_UP] + 1;
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

  /** `side`: the endpoint that is taken for the client, where that is known. */
  private begin(slot: number, side = -1): FlowApp {
    const { store, tally } = this.lives;
    const hot = slot * row.HOT_BYTES;
    const client = side >= 0 ? side : store.hotI[(hot + row.F_FLAGS) >> 2] & row.RowFlag.CLIENT_IS_B;
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
    this.notes.keep(slot, app);
    app.release();
    if (this.events !== null) this.states.close(slot, app);
  }

  /** libndpi's last word, a guess if need be. */
  private settle(dpi: DpiQueue, slot: number, app: FlowApp): void {
    // Its verdict must not close the flow, which is being closed.
    this.closing = slot;
    dpi.giveUp(slot);
    this.closing = -1;
    app.ndpiSettled = true;
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
