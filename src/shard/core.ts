/**
 * A shard without its thread: rings in, flow table, ticks and rows out. The worker is a thin skin around it; tests
 * drive it directly.
 *
 * With several rings (one per capture thread) records are taken in the order of stream time, as far as every other
 * ring's head or watermark allows. A tick is processed when it is the head of every ring that has not ended.
 */
import { type CreateFastPath, FastPathState } from '../flow/fast-path.ts';
import { FlowLives } from '../flow/lives.ts';
import { List } from '../flow/recency.ts';
import { RecordForm, ROW_BYTES } from '../flow/row.ts';
import type { MemoryAdvice } from '../flow/store.ts';
import { createFlowTable } from '../flow/table.ts';
import type { FlowTable } from '../flow/table-contract.ts';
import { R_KIND, R_LENGTH, R_ORDINAL, R_RING_SEQ, R_SEQ, R_STREAM_NS, RecordKind } from '../ring/layout.ts';
import { RingReader } from '../ring/reader.ts';
import { AppLayer, type AppParts } from './app-layer.ts';
import { readArp } from './arp-record.ts';
import { DetectWatch } from './detect-watch.ts';
import { readDhcp } from './dhcp-record.ts';
import { Drain, type RecordListeners } from './drain.ts';
import { EventWatch } from './event-watch.ts';
import type { CreateAppFlows } from './native-apps.ts';
import { OutboxWriter } from './outbox.ts';
import { ProcessWatch } from './process-watch.ts';
import { Control, ShardCounter, type ShardData, type TickMessage } from './protocol.ts';
import { RowSink } from './row-sink.ts';

/** What the core needs of the world around it. */
export interface CorePort {
  tick(message: TickMessage): void;
  /** The outbox is full: wait for space; false = give the row up. */
  waitForSpace(): boolean;
  advise: MemoryAdvice;
  createFastPath: CreateFastPath;
  /** Native readers of applications; without them the parsers read every flow. */
  createAppFlows?: CreateAppFlows;
}

export type CoreData = Pick<
  ShardData,
  | 'shard'
  | 'shards'
  | 'rings'
  | 'outbox'
  | 'control'
  | 'counters'
  | 'credits'
  | 'flow'
  | 'app'
  | 'detect'
  | 'processes'
  | 'wantRows'
  | 'topFlows'
  | 'summaryFlows'
>;

/** `progress`: call again; `empty`: nothing to do until a ring moves; `final`: the last tick has been posted. */
export type DrainState = 'progress' | 'empty' | 'final';

/** Records per call: about a millisecond, so that the caller can look at its messages. */
const BUDGET = 8192;
const { TICK, END, PAD } = RecordKind;

export class ShardCore {
  readonly readers: RingReader[];
  readonly lives: FlowLives;
  private readonly app: AppLayer | null;
  private readonly events: EventWatch | null;
  private readonly watch: DetectWatch | null;
  private readonly data: CoreData;
  private readonly port: CorePort;
  private readonly shared: Float64Array;
  private readonly outbox: OutboxWriter;
  private readonly sink: RowSink;
  /** One per ring, over the same rows. */
  private readonly tables: FlowTable[];
  private readonly drainer: Drain;
  private isFinal = false;
  private inTick = false;

  /** `parts`: who finds out applications; null when that is off. */
  constructor(data: CoreData, port: CorePort, parts: AppParts | null = null) {
    if (data.rings.length === 0) throw new RangeError('a shard needs a ring');
    this.data = data;
    this.port = port;
    this.readers = data.rings.map((ring) => new RingReader(ring));
    this.shared = new Float64Array(data.counters);
    this.outbox = new OutboxWriter(data.outbox, data.control);
    this.sink = new RowSink(data, this.outbox, () => this.waitForSpace());
    this.lives = new FlowLives(data.flow, data.shard, data.shards, data.credits, this.sink, port.advise);
    const control = new Int32Array(data.control);
    this.watch = data.detect ? new DetectWatch(this.lives, () => Atomics.load(control, Control.ACKED_TICK)) : null;
    this.lives.watch = this.watch?.moments ?? null;
    if (data.processes !== null) this.lives.newcomers = new ProcessWatch(this.lives.store, data.processes, data.shard);
    const native = port.createAppFlows === undefined ? null : { create: port.createAppFlows, rings: this.readers };
    this.app = data.app === null || parts === null ? null : new AppLayer(data.app, this.lives, parts, this.watch, native);
    const { app, sink } = this;
    this.events =
      data.app?.events === true
        ? new EventWatch(this.lives, (slot, reason) => sink.side(slot, RecordForm.EVENT, app?.eventNote(slot, reason) ?? ''))
        : null;
    if (app !== null) {
      app.emit = (slot, entry) => sink.side(slot, RecordForm.TRANSACTION, JSON.stringify(entry));
      app.events = this.events;
    }
    sink.bind(this.lives, app, this.events, this.watch);
    const state = new FastPathState(port.createFastPath, app?.native?.flows ?? null);
    this.tables = this.readers.map((reader) => createFlowTable(this.lives, reader, data.flow.vlanAware, this.app, state));
    const listeners = this.watch === null ? null : listenersOf(this.watch);
    this.drainer = new Drain(this.lives.tally, this.shared, state, this.app, listeners);
  }

  /** Rows ever written to the outbox, mod 2^32. */
  get entriesWritten(): number {
    return this.outbox.entriesWritten;
  }

  /** Rows ever taken from the outbox, as the word to wait on. */
  get rowsTaken(): number {
    return this.outbox.taken;
  }

  /** Takes what the rings hold, up to a budget or a tick. */
  drain(): DrainState {
    if (this.isFinal) return 'final';
    const moved = this.readers.length === 1 ? this.drainOne(this.readers[0]) : this.drainMany();
    if (moved) return this.isFinal ? 'final' : 'progress';
    return 'empty';
  }

  /** Copies of at most `limit` live flows, the most recently active first, ROW_BYTES each. */
  snapshot(limit: number): { rows: Uint8Array; count: number; notes: string[] } {
    const { lists, store } = this.lives;
    const live = this.lives.tally[ShardCounter.FLOWS_LIVE] + this.lives.tally[ShardCounter.OUTER_LIVE];
    const words = new Int32Array((Math.min(limit, live) * ROW_BYTES) >> 2);
    const notes: string[] = [];
    let count = 0;
    for (let list = 0; list < List.COUNT; list++) {
      for (let slot = lists.tail[list]; slot >= 0 && (count + 1) * ROW_BYTES <= words.byteLength; slot = lists.previous(slot)) {
        store.copyRow(slot, words, (count * ROW_BYTES) >> 2);
        notes.push(this.app?.note(slot) ?? '');
        count++;
      }
    }
    return { rows: new Uint8Array(words.buffer), count, notes };
  }

  /**
   * Rows are about to be taken before their tick is complete. Within a tick, counters that say so are published first, or
   * a shard that dies while it waits would be counted as if it had ended no flow. Within a batch they are not exact yet.
   */
  private waitForSpace(): boolean {
    if (this.inTick) this.shared.set(this.lives.tally);
    return this.port.waitForSpace();
  }

  private drainOne(reader: RingReader): boolean {
    if (!reader.refresh()) return reader.isClosed() && !reader.refresh() ? this.closedWithoutEnd() : false;
    const taken = this.drainer.run(reader, this.tables[0], Number.POSITIVE_INFINITY, BUDGET);
    if (reader.position === reader.written || taken >= BUDGET) return taken > 0;
    return this.join() || taken > 0;
  }

  private drainMany(): boolean {
    let limit = Number.POSITIVE_INFINITY;
    let first: RingReader | null = null;
    let earliest = Number.POSITIVE_INFINITY;
    let waiting = 0;
    for (const reader of this.readers) {
      const watermark = reader.watermarkNs();
      reader.refresh();
      this.skipPads(reader);
      const time = this.headTime(reader, watermark);
      if (time === null) waiting++;
      else if (reader.position !== reader.written && time < earliest) {
        limit = Math.min(limit, earliest);
        earliest = time;
        first = reader;
      } else limit = Math.min(limit, time);
    }
    if (waiting === this.readers.length) return this.join();
    if (first === null || earliest > limit) return false;
    return this.drainer.run(first, this.tables[this.readers.indexOf(first)], limit, BUDGET) > 0;
  }

  /** Stream time of the next packet of a ring, or at which it will be earliest; null at a tick or the end. */
  private headTime(reader: RingReader, watermark: number): number | null {
    if (reader.position === reader.written) return reader.isClosed() && !reader.refresh() ? null : watermark;
    const o = reader.offset();
    const kind = reader.u8[o + R_KIND];
    return kind === TICK || kind === END ? null : reader.f64[(o + R_STREAM_NS) >> 3];
  }

  private skipPads(reader: RingReader): void {
    while (reader.position !== reader.written && reader.u8[reader.offset() + R_KIND] === PAD) this.pop(reader, reader.offset());
  }

  /** Every ring that has not ended is at a tick: processes the lowest of them, or the end. */
  private join(): boolean {
    let lowest = Number.POSITIVE_INFINITY;
    let end = -1;
    let streamNs = this.lastNs;
    let ordinal = this.lastOrdinal;
    for (const reader of this.readers) {
      if (reader.position === reader.written) continue;
      const o = reader.offset();
      const number = reader.u32[(o + R_SEQ) >> 2];
      const at = reader.f64[(o + R_STREAM_NS) >> 3];
      if (reader.u8[o + R_KIND] === END) end = Math.max(end, number);
      else lowest = Math.min(lowest, number);
      streamNs = Math.max(streamNs, at);
    }
    const isEnd = lowest === Number.POSITIVE_INFINITY;
    for (const reader of this.readers) {
      if (reader.position === reader.written) continue;
      const o = reader.offset();
      const isTick = reader.u8[o + R_KIND] === TICK;
      if (isTick && reader.u32[(o + R_SEQ) >> 2] !== lowest) continue;
      if (isTick) streamNs = reader.f64[(o + R_STREAM_NS) >> 3]!;
      if (isTick || isEnd) {
        ordinal = Math.max(ordinal, reader.f64[(o + R_ORDINAL) >> 3]);
        this.pop(reader, o);
      }
    }
    this.tick(isEnd ? Math.max(end, 0) : lowest, streamNs, ordinal, isEnd);
    return true;
  }

  /** The producer is gone without an END record: what it had published is the end. */
  private closedWithoutEnd(): boolean {
    this.tick(this.lastTick + 1, this.lastNs, this.lastOrdinal, true);
    return true;
  }

  private lastTick = 0;
  private lastNs = 0;
  private lastOrdinal = 0;

  private pop(reader: RingReader, o: number): void {
    const seq = reader.i32[(o + R_RING_SEQ) >> 2];
    if (seq !== reader.nextSeq) throw new Error(`ring is broken: record ${seq}, expected ${reader.nextSeq}`);
    reader.nextSeq = (seq + 1) | 0;
    reader.position = (reader.position + reader.i32[(o + R_LENGTH) >> 2]) | 0;
    reader.release();
  }

  private tick(tick: number, streamNs: number, ordinal: number, final: boolean): void {
    const { lives, sink, drainer } = this;
    this.inTick = true;
    if (streamNs >= lives.interims.next) lives.interims.walk(streamNs, lives);
    this.watch?.endTick(streamNs);
    lives.expire(streamNs);
    if (final) lives.endAll();
    const top = sink.takeTop();
    lives.startTick(streamNs);
    lives.settleCounters();
    this.shared.set(lives.tally);
    this.inTick = false;
    this.lastTick = tick;
    this.lastNs = streamNs;
    this.lastOrdinal = ordinal;
    this.isFinal = final;
    const protocols = drainer.takeProtocols();
    let packets = 0;
    let bytes = 0;
    for (let i = 0; i < protocols.length; i += 3) {
      packets += protocols[i + 1];
      bytes += protocols[i + 2];
    }
    this.port.tick({
      type: 'tick',
      shard: this.data.shard,
      tick,
      streamNs,
      ordinal,
      entriesWritten: this.outbox.entriesWritten,
      packets,
      bytes,
      flowsLive: lives.tally[ShardCounter.FLOWS_LIVE],
      emergency: lives.pressure.emergency,
      top,
      protocols,
      ...(this.app?.takeReports() ?? { names: [], expectations: [] }),
      final,
      summary: final ? sink.takeSummary() : [],
      detect: this.watch?.take(tick) ?? null,
      applications: final ? (this.app?.totals.list() ?? []) : [],
    });
  }
}

function listenersOf(watch: DetectWatch): RecordListeners {
  return {
    arp: (rec, o) => watch.arp({ type: 'arp', ...readArp(rec, o) }),
    datagram(rec, o) {
      const message = readDhcp(rec, o);
      if (message !== null) watch.dhcp(message);
    },
  };
}
