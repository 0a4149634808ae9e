/** Where the records of flows go: the outbox, and the lists of the flows of most bytes. */
import { hostOfNote } from '../app/note-writer.ts';
import { VOLUME_STEP } from '../detect/events.ts';
import { entriesFor, NOTE_LIMIT } from '../flow/entry.ts';
import type { FlowLives, FlowSink } from '../flow/lives.ts';
import { List } from '../flow/recency.ts';
import {
  E_NOTE_BYTES,
  E_PREVIOUS,
  E_SIDE_SEQ,
  F_BYTES_A,
  F_INTERIM_SEQ,
  F_MOVE_EPOCH,
  F_PACKETS_A,
  F_RECORD_KIND,
  F_TICK_BYTES,
  F_TICK_PACKETS,
  HOT_BYTES,
  OUTBOX_ENTRY_BYTES,
} from '../flow/row.ts';
import { TableWord } from '../flow/table-words.ts';
import type { AppLayer } from './app-layer.ts';
import type { DetectWatch } from './detect-watch.ts';
import type { EventWatch } from './event-watch.ts';
import type { OutboxWriter } from './outbox.ts';
import { ShardCounter, type TopFlow } from './protocol.ts';
import { TopRows } from './top-rows.ts';

export interface RowSinkOptions {
  wantRows: boolean;
  topFlows: number;
  summaryFlows: number;
}

const encoder = new TextEncoder();

export class RowSink implements FlowSink {
  private readonly options: RowSinkOptions;
  private readonly outbox: OutboxWriter;
  /** Waits for space in the outbox; false = give the row up. */
  private readonly waitForSpace: () => boolean;
  private readonly top: TopRows;
  private readonly summary: TopRows;
  private lives!: FlowLives;
  private app: AppLayer | null = null;
  private events: EventWatch | null = null;
  private watch: DetectWatch | null = null;
  /** Side records so far. */
  private sides = 0;
  private readonly noteText = new Uint8Array(NOTE_LIMIT);
  /** Valid while the flow's MOVE_EPOCH is in the tick. */
  atTick = new Float64Array(0);

  constructor(options: RowSinkOptions, outbox: OutboxWriter, waitForSpace: () => boolean) {
    this.options = options;
    this.outbox = outbox;
    this.waitForSpace = waitForSpace;
    this.top = new TopRows(options.topFlows, (slot) => this.noteOf(slot));
    this.summary = new TopRows(options.summaryFlows, (slot) => this.noteOf(slot));
  }

  /** Tells the sink whose rows it receives, and who has notes for them. Once, before the first of them. */
  bind(lives: FlowLives, app: AppLayer | null, events: EventWatch | null, watch: DetectWatch | null): void {
    this.watch = watch;
    this.lives = lives;
    this.app = app;
    this.events = events;
    if (this.options.topFlows > 0) this.atTick = new Float64Array(2 * lives.store.rows);
  }

  get tellsFrom(): number {
    return this.watch === null ? Number.POSITIVE_INFINITY : VOLUME_STEP;
  }

  ended(slot: number): void {
    this.app?.conclude(slot);
    const note = this.options.wantRows || this.watch !== null ? this.noteOf(slot) : '';
    this.events?.end(slot);
    if (this.options.wantRows) this.write(slot, note, 0);
    if (this.options.topFlows > 0) this.offerTick(slot, true);
    if (this.options.summaryFlows > 0) this.summary.offer(this.lives.store, slot, this.bytes(slot), this.packets(slot), true);
    const service = this.app?.ended(slot, this.packets(slot), this.bytes(slot)) ?? '';
    if (this.watch !== null) this.watch.closed(slot, service, note === '' ? '' : hostOfNote(note));
  }

  interim(slot: number): void {
    if (this.options.wantRows) this.write(slot, this.noteOf(slot), 0);
  }

  /** A record of another form beside the flow's own, with the row as it is now. */
  side(slot: number, form: number, note: string): void {
    const { store, tally } = this.lives;
    const formAt = slot * store.coldBytes - HOT_BYTES + F_RECORD_KIND;
    const before = store.coldB[formAt];
    store.coldB[formAt] = form;
    tally[ShardCounter.SIDE_RECORDS] = tally[ShardCounter.SIDE_RECORDS] + 1;
    this.write(slot, note, ++this.sides);
    store.coldB[formAt] = before;
  }

  touched(slot: number): void {
    this.watch?.touched(slot);
    if (this.options.topFlows === 0) return;
    this.atTick[2 * slot] = this.bytes(slot);
    this.atTick[2 * slot + 1] = this.packets(slot);
  }

  /** The flows of most bytes since the tick began. Before the next tick starts. */
  takeTop(): TopFlow[] {
    if (this.options.topFlows === 0) return [];
    const { lists, store, words } = this.lives;
    const tickEpoch = words[TableWord.TICK_EPOCH];
    for (let list = 0; list < List.COUNT; list++) {
      for (let slot = lists.tail[list]; slot >= 0; slot = lists.previous(slot)) {
        if (store.hotI[(slot * HOT_BYTES + F_MOVE_EPOCH) >> 2] < tickEpoch) break;
        this.offerTick(slot, false);
      }
    }
    return this.top.take();
  }

  takeSummary(): TopFlow[] {
    return this.summary.take();
  }

  private noteOf(slot: number): string {
    return this.app?.note(slot) ?? '';
  }

  private offerTick(slot: number, isEnding: boolean): void {
    const { store, words } = this.lives;
    if (store.hotI[(slot * HOT_BYTES + F_MOVE_EPOCH) >> 2] < words[TableWord.TICK_EPOCH]) return;
    const bytes = this.bytes(slot) - this.atTick[2 * slot];
    this.top.offer(store, slot, bytes, this.packets(slot) - this.atTick[2 * slot + 1], isEnding);
  }

  private write(slot: number, note: string, sideSeq: number): void {
    const { outbox, lives } = this;
    const { store, reported, tally } = lives;
    const noteBytes = note === '' ? 0 : encoder.encodeInto(note, this.noteText).written;
    const entries = entriesFor(noteBytes);
    let at = outbox.reserve(entries);
    while (at < 0) {
      if (!this.waitForSpace()) {
        tally[ShardCounter.ROWS_DROPPED] = tally[ShardCounter.ROWS_DROPPED] + 1;
        return;
      }
      at = outbox.reserve(entries);
    }
    store.copyRow(slot, outbox.i32, at >> 2);
    const isTouched = this.atTick.length > 0 && store.hotI[(slot * HOT_BYTES + F_MOVE_EPOCH) >> 2] >= lives.words[TableWord.TICK_EPOCH];
    outbox.f64[(at + F_TICK_BYTES) >> 3] = isTouched ? this.atTick[2 * slot] : this.bytes(slot);
    outbox.f64[(at + F_TICK_PACKETS) >> 3] = isTouched ? this.atTick[2 * slot + 1] : this.packets(slot);
    const previous = (at + E_PREVIOUS) >> 3;
    const interims = store.coldU[(slot * store.coldBytes - HOT_BYTES + F_INTERIM_SEQ) >> 2];
    // An interim record carries its own number already: the first one has nothing before it.
    const hasPrevious = lives.isInterim(slot) ? interims > 1 : interims > 0;
    for (let i = 0; i < 4; i++) outbox.f64[previous + i] = hasPrevious ? reported[4 * slot + i] : 0;
    this.writeNote(at, noteBytes, entries);
    outbox.i32[(at + E_SIDE_SEQ) >> 2] = sideSeq;
    outbox.publish(entries);
    tally[ShardCounter.ROWS_WRITTEN] = tally[ShardCounter.ROWS_WRITTEN] + 1;
    tally[ShardCounter.ENTRIES_WRITTEN] = tally[ShardCounter.ENTRIES_WRITTEN] + entries;
  }

  private writeNote(at: number, noteBytes: number, entries: number): void {
    const { outbox } = this;
    outbox.i32[(at + E_NOTE_BYTES) >> 2] = noteBytes;
    for (let i = 1, from = 0; i < entries; i++, from += OUTBOX_ENTRY_BYTES) {
      outbox.bytes.set(this.noteText.subarray(from, Math.min(from + OUTBOX_ENTRY_BYTES, noteBytes)), outbox.offsetOf(i));
    }
  }

  private bytes(slot: number): number {
    const at = (slot * HOT_BYTES + F_BYTES_A) >> 3;
    return this.lives.store.hotF[at] + this.lives.store.hotF[at + 1];
  }

  private packets(slot: number): number {
    const at = (slot * HOT_BYTES + F_PACKETS_A) >> 3;
    return this.lives.store.hotF[at] + this.lives.store.hotF[at + 1];
  }
}
