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
import type { SensorEvents, StartReport, TickReport } from './sensor-events.ts';
import { SensorRun } from './sensor-run.ts';
import { resolveOptions, type SensorSettings } from './sensor-settings.ts';
import type { Verdicts } from './verdict/table.ts';

export class Sensor extends EventEmitter<SensorEvents> implements AsyncDisposable {
  /** The complete options, defaults filled in. */
  readonly options: SensorOptions;
  readonly #streams = new Set<FlowStream>();
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
    const run = new SensorRun(this.options, this, this.#streams);
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

  /** At most `limit` live flows as they are now, most bytes first. Empty when the sensor does not run. */
  async liveFlows(limit = 100): Promise<FlowRecord[]> {
    return (await this.#run?.liveFlows(limit)) ?? [];
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

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#run !== null) await this.stop().catch(() => {});
    this.#endStreams(null);
  }

  #endStreams(failure: Error | null): void {
    for (const stream of this.#streams) stream.end(failure);
    this.#streams.clear();
  }
}
