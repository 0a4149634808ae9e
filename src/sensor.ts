/**
 * The sensor: the composition root. It builds the parts, starts and stops them in order, and joins what they say.
 *
 *   engine (capture threads) ──rings──▶ shards ──outboxes, tick messages──▶ this thread
 *
 * Nothing happens before `start()`. Everything the sensor started has ended when `done` settles.
 */
import { EventEmitter } from 'node:events';
import { availableParallelism, totalmem } from 'node:os';
import type { SensorOptions } from './config/options.ts';
import { SensorError } from './errors.ts';
import type { FlowRecord } from './flow/record.ts';
import { FlowStream, type FlowStreamOptions } from './flow-stream.ts';
import type { RunSummary } from './merge/summary.ts';
import type { TapFrame } from './packet/tap-record.ts';
import type { RecordSink } from './sensor-delivery.ts';
import type { SensorEvents, StartReport, TickReport } from './sensor-events.ts';
import { NOTHING_KEPT, type PacketMatch, type RecalledPackets } from './sensor-recall.ts';
import { SensorRun } from './sensor-run.ts';
import { resolveOptions, type SensorSettings } from './sensor-settings.ts';
import type { LossSnapshot } from './telemetry/loss/counters.ts';
import type { Verdicts } from './verdict/table.ts';

export class Sensor extends EventEmitter<SensorEvents> implements AsyncDisposable {
  /** The complete options, defaults filled in. */
  readonly options: SensorOptions;
  readonly #streams = new Set<FlowStream>();
  readonly #sinks = new Set<RecordSink>();
  #run: SensorRun | null = null;
  #done: PromiseWithResolvers<RunSummary> | null = null;

  /**
   * Completes and checks the options; starts nothing.
   * @throws SensorError CONFIG when options contradict each other or are out of range
   */
  constructor(settings: SensorSettings) {
    super();
    this.options = resolveOptions(settings, { processors: availableParallelism(), memoryBytes: process.constrainedMemory() || totalmem() });
  }

  /**
   * Opens the sources and outputs, starts the shards and the capture threads.
   * @throws SensorError with the code of what failed (SOURCE_*, FILTER, OUTPUT, ADDON …); everything opened is closed again
   */
  async start(): Promise<StartReport> {
    if (this.#run !== null) throw new SensorError('USAGE', 'the sensor was started before', { hint: 'make a new Sensor for a new run' });
    const done = Promise.withResolvers<RunSummary>();
    // Nobody has to listen to `done`: a failure that start() reports must not become an unhandled rejection as well.
    done.promise.catch(() => {});
    this.#done = done;
    const run = new SensorRun(this.options, this, this.#streams, this.#sinks);
    this.#run = run;
    try {
      const report = await run.start();
      run.finished.then(done.resolve, done.reject);
      return report;
    } catch (error) {
      done.reject(error);
      this.#endStreams(error instanceof Error ? error : null);
      throw error;
    }
  }

  /** Settles when the input has ended or `stop()` is through: all flows exported, all threads ended. */
  get done(): Promise<RunSummary> {
    if (this.#done === null) return Promise.reject(new SensorError('USAGE', 'the sensor was not started'));
    return this.#done.promise;
  }

  /** Ends the capture, exports every open flow, and resolves with the summary. May be called more than once. */
  async stop(): Promise<RunSummary> {
    this.#run?.stop();
    return this.done;
  }

  /**
   * What an inline capture denies: `deny('192.0.2.7')` from now on, `pardon` it again, and what each has stopped.
   * @throws SensorError USAGE when the capture is not inline, or does not run
   */
  get verdicts(): Verdicts {
    const table = this.#run?.verdicts;
    if (table) return table;
    throw new SensorError('USAGE', 'only a running inline capture has verdicts', { hint: 'start a capture with `active: true`' });
  }

  /** Name of the interface (or the file's interface) that records and packets call `source`; null while unknown. */
  sourceName(source: number): string | null {
    return this.#run?.sourceName(source) ?? null;
  }

  /** The last merged tick, or null before the first. */
  get lastTick(): TickReport | null {
    return this.#run?.lastTick ?? null;
  }

  /** The summary of the run so far; exact at ticks. Null before start() has resolved. */
  stats(): RunSummary | null {
    return this.#run?.summary('stop') ?? null;
  }

  /**
   * The counters that tell which stage loses packets, as they are now; `diagnoseLoss` compares two of them. Exact at ticks.
   * Null before start() has resolved.
   */
  lossSnapshot(): LossSnapshot | null {
    return this.#run?.loss.snapshot() ?? null;
  }

  /** At most `limit` live flows as they are now, most bytes first. Empty when the sensor does not run. */
  async liveFlows(limit = 100): Promise<FlowRecord[]> {
    return (await this.#run?.liveFlows(limit)) ?? [];
  }

  /** Epoch seconds from which stream time counts: the whole second of the first packet. null before it. */
  get baseSeconds(): number | null {
    return this.#run?.engine.baseSeconds() ?? null;
  }

  /**
   * The newest packets that are kept (`recallBytes`), newest first; with `before`, those older than the packet of that
   * ordinal, none when it has gone. With several capture threads the ordinals here, unlike those of packet events, number
   * the packets of the run: the k-th of thread t (from 0) of n is (k - 1) * n + t + 1. Still there after the end of the run.
   */
  recentPackets(limit: number, before: number | null = null): TapFrame[] {
    return (this.#run?.recall ?? NOTHING_KEPT).recent(limit, before);
  }

  /** The packet of that ordinal, as `recentPackets` numbers them; null when it is not kept, or not any more. */
  recallPacket(ordinal: number): TapFrame | null {
    return (this.#run?.recall ?? NOTHING_KEPT).one(ordinal);
  }

  /**
   * The packets of some conversations, oldest first. Looks through all that are kept of that time: some 15 ms for 64 MiB.
   * @throws TypeError for what is not an address, a port, a protocol
   */
  recallPackets(match: PacketMatch): RecalledPackets {
    return (this.#run?.recall ?? NOTHING_KEPT).matching(match);
  }

  /**
   * Flow records as they end, with the interim records of long flows; those in `shutdown` come last.
   * Ask before `start()` to be sure to miss none. Needs `records: true`, which is the default.
   */
  flows(options: FlowStreamOptions = {}): FlowStream {
    if (!this.options.records) throw new SensorError('USAGE', 'flow records are switched off', { hint: 'leave out `records: false`' });
    const stream = new FlowStream(options, (closed) => this.#streams.delete(closed));
    this.#streams.add(stream);
    return stream;
  }

  /**
   * Another filter for a running live capture, '' = none. It changes from one packet to the next; flows stay.
   * @throws SensorError FILTER with what is wrong; the old one is then in force
   */
  setFilter(expression: string): void {
    if (this.#run === null) throw new SensorError('USAGE', 'the sensor does not run');
    const problem = this.#run.engine.replaceFilter(expression);
    if (problem !== null) throw new SensorError('FILTER', problem, { hint: 'the filter that was in force stays' });
    this.options.filter = expression;
  }

  /**
   * Other rules, settings, networks and lists for a running sensor. Rules begin anew; alerts and their cooldowns stay.
   * @throws SensorError CONFIG with what is wrong, USAGE when detection is off; nothing has changed then
   */
  async setDetection(detect: SensorOptions['detect']): Promise<void> {
    if ((await this.#run?.retune(detect)) !== true) throw new SensorError('USAGE', 'detection does not run', { hint: 'start with it on' });
    this.options.detect = detect;
  }

  /** Batches of undecoded flow records, one per tick that has some. Needs `records: true`; ask before `start()`. */
  onRecords(sink: RecordSink): void {
    this.#sinks.add(sink);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#run !== null) await this.stop().catch(() => {});
    this.#endStreams(null);
  }

  #endStreams(failure: Error | null): void {
    for (const stream of this.#streams) stream.end(failure);
    this.#streams.clear();
  }
}
