/** A command run inside the test: streams that remember, and a sensor that does what the test says. */
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import type { Io } from '../../../src/cli/io.ts';
import { run } from '../../../src/cli/program.ts';
import type { RunActions, RunnableSensor } from '../../../src/cli/run.ts';
import type { StopSignal } from '../../../src/cli/stop-signals.ts';
import type { SensorOptions } from '../../../src/config/options.ts';
import type { RunSummary } from '../../../src/merge/summary.ts';
import type { SensorEvents, StartReport, TickReport } from '../../../src/sensor-events.ts';
import type { LossSnapshot } from '../../../src/telemetry/loss/counters.ts';

export class TextSink extends Writable {
  text = '';
  /** Every write fails with this. */
  failure: Error | null = null;

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.failure === null) this.text += chunk.toString();
    done(this.failure);
  }

  get lines(): string[] {
    return this.text.split('\n').filter((line) => line !== '');
  }
}

export function summaryOf(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    schema_version: 1,
    weir_version: '0.0.0',
    input: 'replay',
    sources: ['a.pcap'],
    ended_by: 'eof',
    first_packet: 1,
    last_packet: 2,
    duration_secs: 1,
    elapsed_secs: 0.5,
    frames_read: 7,
    input_wire_bytes: 700,
    packets_accounted: 7,
    bytes_accounted: 700,
    packets_per_sec: 14,
    bits_per_sec: 11_200,
    parse_errors: {},
    kernel_drops: null,
    interface_drops: null,
    ring_drops: 0,
    flows_created: 1,
    flows_ended: { shutdown: 1 },
    flows_evicted: 0,
    emergency_ticks: 0,
    retransmissions: 0,
    out_of_order: 0,
    missed_bytes: 0,
    loss_estimate: null,
    alerts: null,
    doctor: [],
    deterministic: true,
    protocols: [],
    applications: [],
    top_flows: [],
    records_written: 1,
    records_dropped: 0,
    output_errors: 0,
    shards: 1,
    shards_lost: 0,
    effective: {},
    ledger: { schema_version: 1, stages: {}, identities: [], quality: {}, holds: true },
    error: null,
    ...changes,
  };
}

export function tickOf(changes: Partial<TickReport> = {}): TickReport {
  return {
    tick: 1,
    time: 1,
    intervalSecs: 1,
    packets: 10,
    bytes: 125_000,
    packetsTotal: 10,
    bytesTotal: 125_000,
    flowsLive: 3,
    emergency: false,
    ringDropped: 0,
    ringDroppedTotal: 0,
    kernelDropped: null,
    kernelDroppedTotal: null,
    interfaceDropped: null,
    interfaceDroppedTotal: null,
    top: [],
    final: false,
    ...changes,
  };
}

/** `play` is what happens between start and the end; without one the run ends at once. */
export interface Script {
  startFails?: Error;
  summary?: RunSummary;
  /** Counters before and after. */
  losses?: [LossSnapshot, LossSnapshot];
  play?: (sensor: FakeSensor) => Promise<void> | void;
}

export class FakeSensor extends EventEmitter<SensorEvents> {
  readonly options: SensorOptions;
  readonly #script: Script;
  readonly #end = Promise.withResolvers<RunSummary>();
  #asked = 0;
  readonly stopped = Promise.withResolvers<void>();
  stops = 0;

  constructor(options: SensorOptions, script: Script) {
    super();
    this.options = options;
    this.#script = script;
  }

  async start(): Promise<StartReport> {
    if (this.#script.startFails !== undefined) throw this.#script.startFails;
    setImmediate(() => {
      Promise.resolve(this.#script.play?.(this)).then(() => this.#end.resolve(this.#script.summary ?? summaryOf()), this.#end.reject);
    });
    return { threads: [{ name: 'weir-cap-0', source: 'eth0', cpu: 0, detail: {} }], inputs: ['eth0'], shards: 2, maxFlows: 1000 };
  }

  get done(): Promise<RunSummary> {
    return this.#end.promise;
  }

  /** The first of `losses`, then the second, and that from there on. */
  lossSnapshot(): LossSnapshot | null {
    const { losses = [] } = this.#script;
    return (this.#asked++ === 0 ? losses[0] : losses[1]) ?? null;
  }

  stop(): Promise<RunSummary> {
    this.stops++;
    this.stopped.resolve();
    return this.done;
  }
}

export class FakeSignals extends EventEmitter {
  send(signal: StopSignal): void {
    this.emit(signal, signal);
  }
}

export interface Outcome {
  code: number;
  stdout: TextSink;
  stderr: TextSink;
  sensor: FakeSensor | null;
  signals: FakeSignals;
  /** Codes with which the process was asked to end at once. */
  exits: number[];
}

export interface FakeRunOptions extends Script {
  environment?: Record<string, string>;
  directory?: string;
  /** Called with everything before the command begins. */
  prepare?: (outcome: Outcome) => void;
}

/** Runs a command line with a fake sensor. The environment is empty but for what is given. */
export async function fakeRun(args: string[], options: FakeRunOptions = {}): Promise<Outcome> {
  const outcome: Outcome = {
    code: -1,
    stdout: new TextSink(),
    stderr: new TextSink(),
    sensor: null,
    signals: new FakeSignals(),
    exits: [],
  };
  options.prepare?.(outcome);
  const { stdout, stderr } = outcome;
  // A folder without any configuration file.
  const io: Io = { stdout, stderr, environment: options.environment ?? {}, directory: options.directory ?? '/proc' };
  const actions: RunActions = {
    createSensor: (sensorOptions): RunnableSensor => {
      outcome.sensor = new FakeSensor(sensorOptions, options);
      return outcome.sensor as unknown as RunnableSensor;
    },
    signals: outcome.signals,
    exitNow: (code) => {
      outcome.exits.push(code);
    },
  };
  outcome.code = await run(args, io, actions);
  return outcome;
}
