/**
 * A sensor with everything around it: devices, history, API, dashboard. Three threads beside the sensor's own:
 *
 *   main: sensor and rules   keeper: devices and database   api: HTTP and WebSocket
 *
 * The packet path waits for none of them (`keeper-link.ts`). When the input ends the service goes on answering.
 */
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { MessageChannel } from 'node:worker_threads';
import type { Config, Stats } from '../api/contract.ts';
import type { ServiceOptions } from '../config/service-options.ts';
import type { AlertRecord } from '../detect/alert.ts';
import { readPlaces } from '../enrich/places.ts';
import { SensorError } from '../errors.ts';
import type { Ledger } from '../merge/ledger.ts';
import type { RunSummary } from '../merge/summary.ts';
import { Sensor } from '../sensor.ts';
import type { SensorWarning, StartReport, TickReport } from '../sensor-events.ts';
import { neverWaits, type SensorSettings } from '../sensor-settings.ts';
import { ApiLink } from './api-link.ts';
import { dashboardDir, withServiceNeeds } from './defaults.ts';
import { type DataFolder, openDataFolder } from './folder.ts';
import { statsOf, TickLedger } from './frame-figures.ts';
import { HealthWatch } from './health.ts';
import { KeeperLink, NOTHING } from './keeper-link.ts';
import { becomeUser } from './privileges.ts';
import type { SensorAnswers } from './protocol.ts';
import { answer } from './rpc.ts';
import { runningLedger } from './running-ledger.ts';
import { readSecrets, type Secrets } from './secrets.ts';
import { sensorAnswers } from './sensor-answers.ts';

export interface ServiceReport extends StartReport {
  /** Where it answers, as a URL. */
  address: string;
  /** Of the WebSocket's own port; null = none. */
  wsAddress: string | null;
  dataDir: string;
}

export interface ServiceEvents {
  alert: [alert: AlertRecord, isNew: boolean];
  warning: [warning: SensorWarning];
  tick: [report: TickReport];
  /** The input has ended; answers go on. */
  ended: [summary: RunSummary];
  failed: [error: SensorError];
}

export class Service extends EventEmitter<ServiceEvents> implements AsyncDisposable {
  readonly sensor: Sensor;
  readonly #options: ServiceOptions;
  readonly #config: () => Config;
  readonly #secrets: Secrets;
  readonly #folder: DataFolder;
  readonly #facts = new TickLedger();
  readonly #health: HealthWatch;
  readonly #severities: Record<string, number> = {};
  #alerts = 0;
  #keeper: KeeperLink | null = null;
  #api: ApiLink | null = null;
  #state: Stats['sensor']['state'] = 'running';
  #startedAt = 0;
  #inputs: string[] = [];
  #tick: TickReport | null = null;
  /** Of the last tick: making one asks every part. */
  #summary: RunSummary | null = null;
  #stopping: Promise<void> | null = null;

  /**
   * Reads tokens and certificate, prepares the data folder; starts nothing.
   * @throws SensorError CONFIG, OUTPUT
   */
  constructor(settings: SensorSettings, options: ServiceOptions, config: () => Config) {
    super();
    this.#options = options;
    this.#config = config;
    this.#secrets = readSecrets(options);
    this.#folder = openDataFolder(options.dataDir, options.user);
    try {
      this.sensor = new Sensor(withServiceNeeds(settings, options, this.#folder.path));
    } catch (error) {
      this.#folder.release();
      throw error;
    }
    this.#health = new HealthWatch(this.sensor);
  }

  /**
   * Reads the databases of places, opens the capture, gives up privileges, opens the database, and answers.
   * @throws SensorError: whatever was started is stopped again
   */
  async start(): Promise<ServiceReport> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop().catch(() => {});
      throw error;
    }
  }

  async #start(): Promise<ServiceReport> {
    const { options } = this.sensor;
    const { countryDb: countryFile, asnDb: asnFile } = this.#options;
    const places = await readPlaces({ countryFile, asnFile });
    const sensor = new MessageChannel();
    const questions = new MessageChannel();
    const devices = new MessageChannel();
    this.#listen();
    this.#startedAt = Date.now() / 1000;
    const keeperStart = {
      dataDir: this.#folder.path,
      options: this.#options,
      internalNetworks: options.detect.internalNetworks,
      places,
      devicePort: devices.port1,
      questionPort: questions.port1,
    };
    this.#keeper = new KeeperLink(keeperStart, this.#live, (cause) => this.#lost('the keeper of devices and history', cause));
    const report = await this.sensor.start();
    this.#inputs = report.inputs;
    this.sensor.done.then(
      (summary) => this.#ended(summary),
      (error: unknown) => this.#failed(error),
    );
    if (this.#options.user !== null) becomeUser(this.#options.user);
    // Its files are opened now, with the rights that it will have from now on.
    await this.#keeper.open();
    const health = () =>
      this.#health.health(this.#stats(), this.#ledger()?.holds ?? true, [{ name: 'keeper', lost: this.#keeper?.isLost ?? false }]);
    answer<SensorAnswers>(
      sensor.port1,
      sensorAnswers(this.sensor, () => this.#ledger(), this.#config, health),
    );
    this.#api = new ApiLink(
      {
        dataDir: this.#folder.path,
        options: this.#options,
        sensorPort: sensor.port2,
        keeperPort: questions.port2,
        devicePort: devices.port2,
        secrets: this.#secrets,
        places,
        dashboardDir: dashboardDir(),
        tickMs: options.tracking.tickMs,
      },
      (cause) => this.#lost('the server', cause),
    );
    const { address, wsAddress } = await this.#api.ready;
    this.#publish();
    return { ...report, address, wsAddress, dataDir: this.#folder.path };
  }

  #listen(): void {
    const { sensor } = this;
    // The records of a tick go before it, so that they are in its transaction.
    sensor.onRecords({ records: (batch) => this.#keeper?.rows(batch), delivered: () => this.#keep() });
    sensor.on('warning', (warning) => this.emit('warning', warning));
    sensor.on('discovery', (packet) => this.#keeper?.discovered(packet));
    sensor.on('sample', (packet) => this.#keeper?.sampled(packet, sensor.sourceName(packet.source)));
    sensor.on('alert', (alert, isNew) => this.#alert(alert, isNew));
    sensor.on('tick', (tick) => this.#ticked(tick));
  }

  #alert(alert: AlertRecord, isNew: boolean): void {
    if (isNew) {
      this.#alerts++;
      this.#severities[alert.severity] = (this.#severities[alert.severity] ?? 0) + 1;
    }
    this.#keeper?.alert(alert, isNew);
    this.#api?.alert(alert, isNew);
    this.emit('alert', alert, isNew);
  }

  #ticked(tick: TickReport): void {
    this.#tick = tick;
    this.#summary = this.sensor.stats();
    this.#health.observe();
    if (this.#live) this.#publish();
    this.emit('tick', tick);
  }

  /** A replay is told of a tick only when the one before is in the database: more than one is never lost. */
  async #keep(): Promise<void> {
    const tick = this.#tick;
    if (tick === null) return;
    if (!this.#live) await this.#keeper?.settled();
    this.#keeper?.tick(this.#facts.facts(tick, this.#summary));
    if (!this.#live) this.#publish();
  }

  #publish(): void {
    const secs = this.#tick?.intervalSecs ?? 0;
    const perSecond = (count: number): number => (secs > 0 ? count / secs : 0);
    const top = (this.#tick?.top ?? []).map(({ record, deltaBytes, deltaPackets }) => ({
      record,
      bps: perSecond(deltaBytes * 8),
      pps: perSecond(deltaPackets),
    }));
    this.#api?.frame(this.#stats(), this.#state === 'running' ? top : []);
  }

  get #live(): boolean {
    return neverWaits(this.sensor.options);
  }

  #stats(): Stats {
    const keeper = this.#keeper;
    return statsOf(this.#tick, this.#summary, keeper?.tallies ?? NOTHING, {
      name: this.sensor.options.output.sensorId ?? hostname(),
      inputs: this.#inputs,
      live: this.#live,
      state: this.#state,
      startedAt: this.#startedAt,
      alerts: { total: this.#alerts, by_severity: { ...this.#severities } },
      backlog: keeper?.backlog ?? 0,
      droppedRecords: keeper?.droppedRecords ?? 0,
    });
  }

  #ledger(): Ledger | null {
    const ledger = this.sensor.stats()?.ledger ?? null;
    return ledger !== null && this.#state === 'running' ? runningLedger(ledger) : ledger;
  }

  #ended(summary: RunSummary): void {
    this.#state = summary.error === null ? 'ended' : 'failed';
    this.#summary = summary;
    this.#publish();
    // Once more when the last tick is in the database, so that the last frame shows what is kept.
    void this.#keeper?.settled().then(() => this.#publish());
    this.emit('ended', summary);
  }

  #failed(error: unknown): void {
    this.#state = 'failed';
    this.#publish();
    this.emit('failed', error instanceof SensorError ? error : new SensorError('INTERNAL', String(error), { cause: error }));
  }

  /** A thread that died takes its part of the service along, never the capture. */
  #lost(part: string, cause: string): void {
    this.emit('failed', new SensorError('INTERNAL', `${part} ended: ${cause}`, { hint: 'the capture goes on; start the service again' }));
  }

  /** Everything that was seen is in the database when this resolves. May be called more than once. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.sensor[Symbol.asyncDispose]();
    await this.#api?.close();
    await this.#keeper?.close();
    this.#folder.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
