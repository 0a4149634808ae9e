/**
 * One run of a sensor, from start to its summary. Belongs to `Sensor`; the only place that knows the concrete parts.
 *
 * Order of a tick: all shards have delivered it → its rows are put in order → exports and `flows()` get them → the
 * tick is reported → the shards may run on. A slow consumer therefore slows the shards, never the other way round.
 */
import type { EventEmitter } from 'node:events';
import type { SensorOptions } from './config/options.ts';
import { type ErrorCode, SensorError } from './errors.ts';
import { writeReports } from './export/report-files.ts';
import { flowIdOfRow } from './flow/flow-id.ts';
import { freeAtOnce } from './flow/free-memory.ts';
import { materialiseRow, type RecordContext } from './flow/materialise.ts';
import type { FlowRecord } from './flow/record.ts';
import { rowView } from './flow/row-view.ts';
import type { FlowStream } from './flow-stream.ts';
import { TickBarrier } from './merge/barrier.ts';
import { HostNames } from './merge/host-names.ts';
import { RowQueue } from './merge/row-queue.ts';
import { buildSummary, type RunSummary } from './merge/summary.ts';
import { orderedPieces } from './merge/tick-rows.ts';
import { type MergedTick, RunTotals } from './merge/totals.ts';
import type { EngineEvent } from './native/engine.ts';
import { loadAddon } from './native/load.ts';
import { PacketPrinter } from './packet/packet-printer.ts';
import { RunContext } from './sensor-context.ts';
import { Delivery, type RecordSink } from './sensor-delivery.ts';
import type { Detection } from './sensor-detection.ts';
import { errorOfEvent } from './sensor-engine-error.ts';
import type { SensorEvents, StartReport, TickReport } from './sensor-events.ts';
import type { EvidenceSources } from './sensor-evidence.ts';
import { ledgerOf } from './sensor-ledger.ts';
import { LossWatch } from './sensor-loss.ts';
import { Outputs } from './sensor-outputs.ts';
import { Pipeline } from './sensor-pipeline.ts';
import { Processes } from './sensor-processes.ts';
import { Recall } from './sensor-recall.ts';
import { TickReports } from './sensor-reports.ts';
import { passOn } from './sensor-tap.ts';
import type { TickMessage } from './shard/protocol.ts';
import type { LiveFlow } from './supervisor/shard-set.ts';
import type { VerdictTable } from './verdict/table.ts';

/** Of a tick's rows, handed over at one time: they are on their way several times then. */
const PIECE_BYTES = 2 << 20;

type EndedBy = 'eof' | 'count' | 'stop' | 'error';

export class SensorRun {
  readonly #options: SensorOptions;
  readonly #events: EventEmitter<SensorEvents>;
  readonly #delivery: Delivery;
  #outputs: Outputs | null = null;
  readonly #live: boolean;
  readonly #barrier: TickBarrier;
  readonly #totals: RunTotals;
  readonly #reports: TickReports;
  readonly #recordContext: RunContext;
  readonly #context: RecordContext;
  readonly #hostNames = new HostNames();
  readonly #pipeline: Pipeline;
  readonly recall: Recall;
  readonly engine: Pick<Pipeline, 'baseSeconds' | 'replaceFilter'>;
  #detection: Detection | null = null;
  #processes: Processes | null = null;
  readonly loss: LossWatch;
  readonly #started = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<RunSummary>();
  readonly #rows: RowQueue;
  #threads: StartReport['threads'] = [];
  #sourceNames: string[] = [];
  #files: { path: string; bytes: number }[] = [];
  #startedAt = 0;
  #endedAt = 0;
  #pumping = false;
  #finalTick = false;
  #endedBy: EndedBy | null = null;
  #failure: SensorError | null = null;
  #shardsLost = 0;
  /** The run stopped itself because of `#failure`. */
  #gaveUp = false;
  #concluding = false;
  lastTick: TickReport | null = null;

  constructor(options: SensorOptions, events: EventEmitter<SensorEvents>, streams: Set<FlowStream>, sinks: ReadonlySet<RecordSink>) {
    this.#options = options;
    this.#events = events;
    this.#delivery = new Delivery(streams, sinks);
    const { shards, maxFlows } = options.tracking;
    this.#totals = new RunTotals(maxFlows);
    this.#live = options.input.kind === 'capture';
    this.#barrier = new TickBarrier(shards);
    this.#reports = new TickReports(this.#live, options.tracking.tickMs);
    this.#rows = new RowQueue(shards, (shard, entriesWritten) => this.#pipeline.takeRows(shard, entriesWritten));
    this.#pipeline = new Pipeline(options, {
      onEngineEvent: (event) => this.#engineEvent(event),
      onTick: (message) => this.#receive(message),
      onRows: (shard, entriesWritten) => this.#rows.offer(shard, entriesWritten, this.#pumping),
      onLost: (shard, cause, restarted) => this.#shardLost(shard, cause, restarted),
      onPacket: (packet) => passOn(packet, this.#events, this.#outputs),
      onPacketBatch: () => this.#outputs?.flushPackets(),
      onTapEnd: () => this.#concludeWhenDone(),
    });
    this.#recordContext = new RunContext(options, this.#pipeline);
    this.#context = this.#recordContext.value;
    this.loss = new LossWatch(options, this.#pipeline, () => this.#outputs);
    this.engine = this.#pipeline;
    this.recall = new Recall(() => this.#pipeline.engine);
    this.#finished.promise.catch(() => {});
  }

  get finished(): Promise<RunSummary> {
    return this.#finished.promise;
  }

  async start(): Promise<StartReport> {
    let shards: Promise<void> | null = null;
    try {
      this.#processes = await Processes.open(this.#options, loadAddon, this.#warn);
      // Their threads start while this one loads the rules.
      shards = this.#pipeline.start(this.#processes?.memory ?? null);
      shards.catch(() => {});
      this.#detection = await this.#openDetection();
      this.#outputs = await Outputs.open(this.#options, () => this.#packetPrinter());
      await shards;
      this.loss.begin();
      this.#startedAt = performance.now();
      this.#pipeline.startEngine();
      await this.#started.promise;
    } catch (error) {
      await shards?.catch(() => {});
      await this.#pipeline.destroy();
      await this.#processes?.close();
      await this.#outputs?.abort();
      await this.#detection?.close();
      throw error;
    }
    return {
      threads: this.#threads,
      inputs: this.#pipeline.inputs,
      shards: this.#options.tracking.shards,
      maxFlows: this.#options.tracking.maxFlows,
    };
  }

  /** Its modules are loaded for the runs that have rules. */
  async #openDetection(): Promise<Detection | null> {
    if (!this.#options.detect.enabled) return null;
    const { Detection } = await import('./sensor-detection.ts');
    return Detection.open(this.#options, this.#evidenceSources());
  }

  #packetPrinter(): PacketPrinter {
    const interfaceName = (source: number) => this.sourceName(source);
    return new PacketPrinter({ ignoreProtocols: this.#options.ignoreProtocols, interfaceName, showInterface: true });
  }

  /** Asked once per packet when packets are printed: looked up in the engine only when a new source appears. */
  sourceName(source: number): string | null {
    if (source >= this.#sourceNames.length) this.#sourceNames = this.#pipeline.sources().map(({ name }) => name);
    return this.#sourceNames[source] ?? null;
  }

  /** False when detection is off. */
  async retune(detect: SensorOptions['detect']): Promise<boolean> {
    await this.#detection?.retune(detect);
    return this.#detection !== null;
  }

  get verdicts(): VerdictTable | null {
    return this.#pipeline.verdicts;
  }

  stop(): void {
    this.#delivery.stopping = true;
    this.#pipeline.stopEngine();
  }

  #engineEvent(event: EngineEvent): void {
    switch (event.type) {
      case 'started':
        this.#threads = event.threads;
        this.#started.resolve();
        break;
      case 'file':
        this.#files[event.index] = { path: event.path, bytes: event.bytes };
        break;
      case 'warning':
        this.#events.emit('warning', { code: event.code, message: event.message, detail: event.detail ?? {} });
        break;
      case 'error': {
        const error = errorOfEvent(event);
        this.#failure ??= error;
        this.#started.reject(error);
        break;
      }
      case 'finished':
        this.#endedBy = this.#delivery.stopping && event.reason === 'eof' ? 'stop' : event.reason;
        // A run that failed before it started has nobody to deliver ticks to.
        if (this.#failure !== null) this.#started.reject(this.#failure);
        this.#concludeWhenDone();
        break;
    }
  }

  #shardLost(shard: number, cause: string, restarted: boolean): void {
    this.#shardsLost++;
    const message = `shard ${shard} died: ${cause}${restarted ? '; it was replaced, its flows are lost' : ''}`;
    this.#events.emit('warning', { code: 'SHARD_LOST', message, detail: { shard, restarted } });
    if (restarted) {
      this.#barrier.replace(shard);
      return;
    }
    this.#failure ??= new SensorError('SHARD_LOST', message, { hint: 'the flows of the other shards were exported; report this as a bug' });
    this.#barrier.drop(shard);
    this.#rows.orphan(shard);
    this.#started.reject(this.#failure);
    if (!this.#live) this.#giveUp();
    void this.#pump();
  }

  #giveUp(): void {
    this.#gaveUp = true;
    this.stop();
  }

  /** Keeps the first failure; the run goes on to export what it has. */
  #fail(error: unknown, code: ErrorCode): void {
    this.#failure ??= error instanceof SensorError ? error : new SensorError(code, String(error), { cause: error });
  }

  #receive(message: TickMessage): void {
    // A live capture's rows may go out with a later tick; in a replay each belongs to its own.
    this.#rows.offer(message.shard, message.entriesWritten, this.#pumping && this.#live && !message.final);
    this.#rows.close(message.shard);
    this.#barrier.add(message);
    void this.#pump();
  }

  /** Handles complete ticks, one after the other. Never runs twice at a time. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let group = this.#barrier.next(); group !== null; group = this.#barrier.next()) {
        const wait = this.#mergeTick(group);
        if (wait !== undefined) await wait;
        await this.#delivery.delivered(group[0].tick);
        this.#rows.resume();
        this.#pipeline.acknowledge(group[0].tick);
      }
      if (this.#barrier.isAbandoned) await this.#abandon();
    } catch (error) {
      this.#fail(error, 'INTERNAL');
      this.#finalTick = true;
      this.#giveUp();
    } finally {
      this.#pumping = false;
    }
    this.#concludeWhenDone();
  }

  #mergeTick(group: TickMessage[]): Promise<void> | undefined {
    const chunks = this.#rows.take(group.map(({ shard }) => shard));
    this.#hostNames.learn(
      group.flatMap(({ names }) => names),
      group.flatMap(({ expectations }) => expectations),
    );
    const merged = this.#totals.merge(group, this.#options.topFlows);
    this.#recordContext.refresh(chunks.length > 0 || merged.top.length > 0 || merged.final);
    const wait = chunks.length > 0 || merged.final ? this.#deliver(chunks, merged.final) : undefined;
    this.#report(merged);
    const rules = this.#detection === null ? undefined : this.#detect(this.#detection, group, merged);
    if (merged.final) this.#finalTick = true;
    return wait === undefined || rules === undefined ? (wait ?? rules) : Promise.all([wait, rules]).then(() => {});
  }

  readonly #warn = (code: string, message: string) => void this.#events.emit('warning', { code, message, detail: {} });

  #evidenceSources(): EvidenceSources {
    return { recall: this.recall, sourceName: (source) => this.sourceName(source), warn: this.#warn };
  }

  /** Runs the rules over the tick. */
  async #detect(detection: Detection, group: TickMessage[], merged: MergedTick): Promise<void> {
    const { ringDropped = 0, kernelDropped, interfaceDropped } = this.lastTick ?? {};
    const dropped = ringDropped + (kernelDropped ?? 0) + (interfaceDropped ?? 0);
    const batches = group.flatMap(({ detect }) => detect ?? []);
    const engine = this.#pipeline.engineCounters();
    const { baseSeconds } = this.#context;
    const tick = { ...merged, dropped, wantsEvents: this.#events.listenerCount('detect') > 0 };
    const { changes, behaviour, events } = await detection.tick(batches, tick, baseSeconds, engine);
    this.#events.emit('detect', events, baseSeconds);
    for (const { alert, isNew } of changes) this.#events.emit('alert', alert, isNew);
    const alerts = changes.map(({ alert }) => alert);
    if (alerts.length + behaviour.length > 0) await this.#outputs?.detected(alerts, behaviour);
  }

  /** Every shard has died: no tick will come any more, so what they had finished goes out now, and the run ends. */
  async #abandon(): Promise<void> {
    if (this.#finalTick) return;
    this.#finalTick = true;
    this.#giveUp();
    this.#recordContext.refresh(true);
    await this.#deliver(this.#rows.take([]), true);
  }

  /** In their order. Exports take the rows as bytes; records are made only where somebody listens. */
  async #deliver(chunks: Uint8Array[], final: boolean): Promise<void> {
    if (final) await this.#processes?.flush();
    const idOf = (bytes: Uint8Array, offset: number) => flowIdOfRow(rowView(bytes), offset, this.#context);
    // Without rows too: the last tick of outputs that got none.
    for (const piece of chunks.length === 0 ? [new Uint8Array(0)] : orderedPieces(chunks, idOf, PIECE_BYTES)) {
      const named = this.#hostNames.annotate(piece);
      const rows = this.#processes?.annotate(named) ?? named;
      const records = (await this.#outputs?.tick(rows, this.#context)) ?? rows;
      await this.#delivery.deliver(records, this.#context);
    }
    freeAtOnce(chunks);
  }

  /** Records of live flows as they are now, most bytes first. */
  async liveFlows(limit: number): Promise<FlowRecord[]> {
    const flows = await this.#pipeline.snapshot(limit);
    this.#recordContext.refresh(true);
    const noteOf = ({ row, note }: LiveFlow) => this.#processes?.noteOf(row, note) ?? note;
    const records = flows.map((flow) => materialiseRow(flow.row, this.#context, noteOf(flow)));
    return records.sort((a, b) => b.bytes_total - a.bytes_total || (a.flow_id < b.flow_id ? -1 : 1)).slice(0, limit);
  }

  #report(merged: MergedTick): void {
    const firstNs = this.#pipeline.clock()?.firstNs ?? null;
    this.lastTick = this.#reports.next(merged, this.#pipeline.engineCounters(), this.#context, firstNs);
    this.#endedAt = performance.now();
    this.#events.emit('tick', this.lastTick);
    this.#progress();
  }

  #progress(): void {
    if (this.#events.listenerCount('progress') === 0) return;
    const { fileIndex, bytesRead } = this.#pipeline.progress();
    const file = this.#files[fileIndex];
    if (file !== undefined) this.#events.emit('progress', { file: file.path, fileIndex, bytesRead, bytesTotal: file.bytes });
  }

  /** The run is over when the capture threads have ended, every shard's last tick is merged, and the tap is empty. */
  #concludeWhenDone(): void {
    const done = this.#endedBy !== null && this.#finalTick && !this.#pumping && this.#pipeline.tapEnded;
    if (!done || this.#concluding) return;
    this.#concluding = true;
    this.#conclude()
      .finally(() => this.#delivery.end())
      .then(this.#finished.resolve, this.#finished.reject);
  }

  async #conclude(): Promise<RunSummary> {
    for (const reason of (await this.#outputs?.finish(this.#context)) ?? []) this.#fail(reason, 'OUTPUT');
    let summary = this.summary(this.#endedBy ?? 'stop');
    try {
      await writeReports(this.#options.output, summary);
    } catch (error) {
      this.#fail(error, 'OUTPUT');
      summary = { ...summary, error: this.#failure };
    }
    await this.#pipeline.destroy();
    await this.#processes?.close();
    await this.#detection?.close();
    return summary;
  }

  /** The summary as of now. */
  summary(endedBy: EndedBy): RunSummary {
    const finished = this.#concluding;
    const engine = this.#pipeline.engineCounters();
    const shards = this.#pipeline.shardCounters();
    const context = { ...this.#context, processes: false };
    const ledger = ledgerOf(this.#options, this.#pipeline, { engine, shards, lost: this.#pipeline.lost(finished) });
    return buildSummary({
      options: this.#options,
      endedBy: this.#gaveUp || (this.#failure !== null && endedBy !== 'stop') ? 'error' : endedBy,
      sources: this.#pipeline.inputs,
      engine,
      shards,
      ledger,
      baseSeconds: this.#pipeline.baseSeconds(),
      clock: this.#pipeline.clock(),
      elapsedSecs: Math.max(0, (this.#endedAt - this.#startedAt) / 1000),
      protocols: this.#totals.protocols(),
      applications: this.#totals.applications(),
      topFlows: this.#totals.summaryFlows(this.#options.summaryFlows).map(({ row, note }) => materialiseRow(row, context, note)),
      recordsWritten: this.#outputs?.recordsWritten ?? 0,
      outputErrors: (this.#outputs?.errors ?? 0) + this.#delivery.recordsLost,
      shardsLost: this.#shardsLost,
      alerts: this.#detection?.totals ?? null,
      processes: this.#processes?.counts ?? null,
      doctor: this.loss.advice(),
      error: this.#failure,
    });
  }
}
