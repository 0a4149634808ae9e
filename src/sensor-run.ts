/**
 * One run of a sensor, from start to its summary. Belongs to `Sensor`; the only place that knows the concrete parts.
 *
 * Order of a tick: all shards have delivered it → its rows are put in order → exports and `flows()` get them → the
 * tick is reported → the shards may run on. A slow consumer therefore slows the shards, never the other way round.
 */
import type { EventEmitter } from 'node:events';
import type { SensorOptions } from './config/options.ts';
import { ERROR_CODES, type ErrorCode, SensorError } from './errors.ts';
import { ExportSet } from './export/export-set.ts';
import { PacketLog } from './export/packet-log.ts';
import { writeReports } from './export/report-files.ts';
import { flowIdOfRow } from './flow/flow-id.ts';
import { materialise, materialiseRow, type RecordContext } from './flow/materialise.ts';
import type { FlowRecord } from './flow/record.ts';
import { OUTBOX_ENTRY_BYTES, ROW_BYTES } from './flow/row.ts';
import { rowView } from './flow/row-view.ts';
import type { FlowStream } from './flow-stream.ts';
import { TickBarrier } from './merge/barrier.ts';
import { DropWatch } from './merge/drops.ts';
import { buildLedger } from './merge/ledger.ts';
import { buildSummary, type RunSummary } from './merge/summary.ts';
import { orderRows } from './merge/tick-rows.ts';
import { RunTotals } from './merge/totals.ts';
import type { EngineEvent, TunnelFacts } from './native/engine.ts';
import { PacketPrinter } from './packet/packet-printer.ts';
import { COUNTER_COUNT } from './ring/layout.ts';
import type { SensorEvents, StartReport, TickReport } from './sensor-events.ts';
import { Pipeline } from './sensor-pipeline.ts';
import type { TickMessage } from './shard/protocol.ts';
import { createEncodePool } from './supervisor/pool.ts';

/** After stop(), how long one wait for a `flows()` consumer may last before its records are given up and counted. */
const STOPPED_CONSUMER_WAIT_MS = 2000;
/** Tunnels are looked up in the engine in this rhythm: with every tick that brought rows. */
const NS = 1e9;

type EndedBy = 'eof' | 'count' | 'stop' | 'error';

export class SensorRun {
  readonly #options: SensorOptions;
  readonly #events: EventEmitter<SensorEvents>;
  readonly #streams: Set<FlowStream>;
  #exports: ExportSet | null = null;
  #packetLog: PacketLog | null = null;
  readonly #live: boolean;
  readonly #barrier: TickBarrier;
  readonly #totals = new RunTotals();
  readonly #drops: DropWatch;
  readonly #context: RecordContext & { tunnels: Map<number, TunnelFacts> };
  readonly #pipeline: Pipeline;
  readonly #started = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<RunSummary>();
  /** Rows taken from each shard, by the tick that closes them. */
  readonly #closedRows: Uint8Array[][][];
  readonly #openRows: Uint8Array[][];
  #threads: StartReport['threads'] = [];
  #sourceNames: string[] = [];
  #files: { path: string; bytes: number }[] = [];
  #startedAt = 0;
  #endedAt = 0;
  #packetsTotal = 0;
  #bytesTotal = 0;
  #lastTunnel = 0;
  #previousNs: number | null = null;
  #pumping = false;
  #stopping = false;
  #finalTick = false;
  #endedBy: EndedBy | null = null;
  #failure: SensorError | null = null;
  #shardsLost = 0;
  #recordsLost = 0;
  #concluding = false;
  lastTick: TickReport | null = null;

  constructor(options: SensorOptions, events: EventEmitter<SensorEvents>, streams: Set<FlowStream>) {
    this.#options = options;
    this.#events = events;
    this.#streams = streams;
    const { shards } = options.tracking;
    this.#live = options.input.kind === 'capture';
    this.#barrier = new TickBarrier(shards);
    this.#drops = new DropWatch(this.#live);
    this.#closedRows = Array.from({ length: shards }, () => []);
    this.#openRows = Array.from({ length: shards }, () => []);
    const { communityIdSeed, vlanAware } = options.tracking;
    this.#context = { baseSeconds: 0, communityIdSeed, vlanAware, live: this.#live, localAddresses: new Set(), tunnels: new Map() };
    this.#pipeline = new Pipeline(options, {
      onEngineEvent: (event) => this.#engineEvent(event),
      onTick: (message) => this.#receive(message),
      onRows: (shard, rowsWritten) => this.#takeRows(shard, rowsWritten),
      onLost: (shard, cause, restarted) => this.#shardLost(shard, cause, restarted),
      onPacket: (packet) => {
        this.#packetLog?.add(packet);
        this.#events.emit('packet', packet);
      },
      onPacketBatch: () => this.#packetLog?.flush(),
      onTapEnd: () => this.#concludeWhenDone(),
    });
    this.#finished.promise.catch(() => {});
  }

  get finished(): Promise<RunSummary> {
    return this.#finished.promise;
  }

  async start(): Promise<StartReport> {
    try {
      this.#exports = await ExportSet.prepare(this.#options.output, { pool: createEncodePool });
      await this.#openPacketLog();
      await this.#pipeline.start();
      this.#startedAt = performance.now();
      this.#pipeline.startEngine();
      await this.#started.promise;
    } catch (error) {
      await this.#pipeline.destroy();
      await this.#exports?.abort();
      await this.#packetLog?.abort();
      throw error;
    }
    return {
      threads: this.#threads,
      inputs: this.#pipeline.inputs,
      shards: this.#options.tracking.shards,
      maxFlows: this.#options.tracking.maxFlows,
    };
  }

  async #openPacketLog(): Promise<void> {
    const path = this.#options.output.packetsJsonl;
    if (path === null) return;
    const interfaceName = (source: number) => this.sourceName(source);
    const printer = new PacketPrinter({ ignoreProtocols: this.#options.ignoreProtocols, interfaceName, showInterface: true });
    this.#packetLog = await PacketLog.open(path, printer);
  }

  /** Asked once per packet when packets are printed: looked up in the engine only when a new source appears. */
  sourceName(source: number): string | null {
    if (source >= this.#sourceNames.length) this.#sourceNames = this.#pipeline.sources().map(({ name }) => name);
    return this.#sourceNames[source] ?? null;
  }

  stop(): void {
    this.#stopping = true;
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
        const { code, message, hint, path, errno } = event;
        const error = new SensorError(code in ERROR_CODES ? (code as ErrorCode) : 'INTERNAL', message, {
          ...(hint === undefined ? {} : { hint }),
          detail: { path, errno },
        });
        this.#failure ??= error;
        this.#started.reject(error);
        break;
      }
      case 'finished':
        this.#endedBy = this.#stopping && event.reason === 'eof' ? 'stop' : event.reason;
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
    if (restarted) return;
    this.#failure ??= new SensorError('SHARD_LOST', message, { hint: 'the flows of the other shards were exported; report this as a bug' });
    this.#barrier.drop(shard);
    this.#started.reject(this.#failure);
    if (!this.#live) this.stop();
    void this.#pump();
  }

  /** Keeps the first failure; the run goes on to export what it has. */
  #fail(error: unknown, code: ErrorCode): void {
    this.#failure ??= error instanceof SensorError ? error : new SensorError(code, String(error), { cause: error });
  }

  #takeRows(shard: number, rowsWritten: number): void {
    this.#openRows[shard].push(...this.#pipeline.takeRows(shard, rowsWritten));
  }

  #receive(message: TickMessage): void {
    this.#takeRows(message.shard, message.rowsWritten);
    this.#closedRows[message.shard]?.push(this.#openRows[message.shard]);
    this.#openRows[message.shard] = [];
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
        this.#pipeline.acknowledge(group[0].tick);
      }
    } catch (error) {
      this.#fail(error, 'INTERNAL');
      this.#finalTick = true;
      this.stop();
    } finally {
      this.#pumping = false;
    }
    this.#concludeWhenDone();
  }

  #mergeTick(group: TickMessage[]): Promise<void> | undefined {
    const chunks = group.flatMap((message) => this.#closedRows[message.shard]?.shift() ?? []);
    const merged = this.#totals.merge(group, this.#options.topFlows);
    this.#refreshContext(chunks.length > 0 || merged.top.length > 0 || merged.final);
    let wait: Promise<void> | undefined;
    if (chunks.length > 0 || merged.final) {
      const rows = orderRows(chunks, (bytes, offset) => flowIdOfRow(rowView(bytes), offset, this.#context));
      wait = this.#deliver(rows);
    }
    this.#report(merged);
    if (merged.final) this.#finalTick = true;
    return wait;
  }

  #refreshContext(tunnels: boolean): void {
    this.#context.baseSeconds = this.#pipeline.baseSeconds() ?? 0;
    if (this.#live) this.#context.localAddresses = this.#pipeline.localAddresses();
    if (!tunnels) return;
    for (const tunnel of this.#pipeline.tunnels(this.#lastTunnel)) {
      this.#context.tunnels.set(tunnel.id, tunnel);
      this.#lastTunnel = tunnel.id;
    }
  }

  /** Exports take the rows as bytes; records are made only where somebody listens. */
  async #deliver(rows: Uint8Array): Promise<void> {
    await this.#exports?.tick(rows, this.#context);
    if (this.#streams.size === 0) return;
    const view = rowView(rows);
    for (let offset = 0; offset < rows.byteLength; offset += OUTBOX_ENTRY_BYTES) {
      const record = materialise(view, offset, this.#context);
      for (const stream of this.#streams) await this.#push(stream, record);
    }
  }

  async #push(stream: FlowStream, record: FlowRecord): Promise<void> {
    const wait = stream.push(record);
    if (wait === undefined) return;
    if (!this.#stopping) return wait;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#recordsLost++;
      stream.close();
      resolve();
    }, STOPPED_CONSUMER_WAIT_MS);
    await Promise.race([wait, promise]);
    clearTimeout(timer);
  }

  /** Records of live flows as they are now, most bytes first. */
  async liveFlows(limit: number): Promise<FlowRecord[]> {
    const rows = await this.#pipeline.snapshot(limit);
    this.#refreshContext(true);
    const records: FlowRecord[] = [];
    for (const bytes of rows) {
      for (let at = 0; at < bytes.byteLength; at += ROW_BYTES)
        records.push(materialiseRow(bytes.subarray(at, at + ROW_BYTES), this.#context));
    }
    return records.sort((a, b) => b.bytes_total - a.bytes_total || (a.flow_id < b.flow_id ? -1 : 1)).slice(0, limit);
  }

  #report(merged: ReturnType<RunTotals['merge']>): void {
    this.#packetsTotal += merged.packets;
    this.#bytesTotal += merged.bytes;
    const counters = this.#engineCounters();
    const top = merged.top.map(({ row, deltaBytes, deltaPackets }) => ({
      record: materialiseRow(row, this.#context),
      deltaBytes,
      deltaPackets,
    }));
    const report: TickReport = {
      tick: merged.tick,
      time: this.#context.baseSeconds + merged.streamNs / NS,
      intervalSecs: (merged.streamNs - (this.#previousNs ?? this.#firstTickNs(merged.streamNs))) / NS,
      packets: merged.packets,
      bytes: merged.bytes,
      packetsTotal: this.#packetsTotal,
      bytesTotal: this.#bytesTotal,
      flowsLive: merged.flowsLive,
      emergency: merged.emergency,
      ...this.#drops.next(counters),
      top,
      final: merged.final,
    };
    this.#previousNs = merged.streamNs;
    this.#endedAt = performance.now();
    this.lastTick = report;
    this.#events.emit('tick', report);
    this.#progress();
  }

  /** Where the first tick began: whole ticks before its end, and not behind the first packet. */
  #firstTickNs(endNs: number): number {
    const tickNs = this.#options.tracking.tickMs * 1e6;
    const coveredNs = endNs - (this.#pipeline.clock()?.firstNs ?? endNs);
    return endNs - Math.max(1, Math.ceil(coveredNs / tickNs)) * tickNs;
  }

  #progress(): void {
    if (this.#events.listenerCount('progress') === 0) return;
    const { fileIndex, bytesRead } = this.#pipeline.progress();
    const file = this.#files[fileIndex];
    if (file !== undefined) this.#events.emit('progress', { file: file.path, fileIndex, bytesRead, bytesTotal: file.bytes });
  }

  #engineCounters(): Float64Array {
    const counters = new Float64Array(COUNTER_COUNT);
    this.#pipeline.readCounters(counters);
    return counters;
  }

  /** The run is over when the capture threads have ended, every shard's last tick is merged, and the tap is empty. */
  #concludeWhenDone(): void {
    const done = this.#endedBy !== null && this.#finalTick && !this.#pumping && this.#pipeline.tapEnded;
    if (!done || this.#concluding) return;
    this.#concluding = true;
    this.#conclude()
      .finally(() => {
        for (const stream of this.#streams) stream.end(null);
      })
      .then(this.#finished.resolve, this.#finished.reject);
  }

  async #conclude(): Promise<RunSummary> {
    const closed = await Promise.allSettled([this.#exports?.finish(this.#context), this.#packetLog?.close()]);
    for (const result of closed) if (result.status === 'rejected') this.#fail(result.reason, 'OUTPUT');
    let summary = this.summary(this.#endedBy ?? 'stop');
    try {
      await writeReports(this.#options.output, summary);
    } catch (error) {
      this.#fail(error, 'OUTPUT');
      summary = { ...summary, error: this.#failure };
    }
    await this.#pipeline.destroy();
    return summary;
  }

  /** The summary as of now. */
  summary(endedBy: EndedBy): RunSummary {
    const finished = this.#concluding;
    const engine = this.#engineCounters();
    const shards = this.#pipeline.shardCounters();
    const ledger = buildLedger({
      live: this.#live,
      pcap: this.#options.output.writePcap !== null,
      tap: this.#pipeline.tapOn,
      engine,
      shards,
      lost: this.#pipeline.lost(finished),
      rowsTaken: this.#pipeline.rowsTaken,
      tapTaken: this.#pipeline.tapTaken,
    });
    return buildSummary({
      options: this.#options,
      endedBy: this.#failure !== null && endedBy !== 'stop' ? 'error' : endedBy,
      sources: this.#pipeline.inputs,
      engine,
      shards,
      ledger,
      baseSeconds: this.#pipeline.baseSeconds(),
      clock: this.#pipeline.clock(),
      elapsedSecs: Math.max(0, (this.#endedAt - this.#startedAt) / 1000),
      protocols: this.#totals.protocols(),
      topFlows: this.#totals.summaryFlows(this.#options.summaryFlows).map(({ row }) => materialiseRow(row, this.#context)),
      recordsWritten: this.#exports?.recordsWritten ?? 0,
      outputErrors: (this.#exports?.errors ?? 0) + this.#recordsLost,
      shardsLost: this.#shardsLost,
      error: this.#failure,
    });
  }
}
