/** Every file that a run writes as it goes: flow records, the logs beside them, packets. One that fails does not stop the others. */
import { OUTPUT_PATHS, type OutputOptions, type SensorOptions } from './config/options.ts';
import type { AlertRecord } from './detect/alert.ts';
import type { BehaviourRecord } from './detect/behaviour.ts';
import { AlertLog } from './export/alert-log.ts';
import { BehaviourLog } from './export/behaviour-log.ts';
import { ExportSet, flagOf } from './export/export-set.ts';
import { PacketLog } from './export/packet-log.ts';
import { SideLogs } from './export/side-logs.ts';
import { splitSides } from './flow/entry.ts';
import type { RecordContext } from './flow/materialise.ts';
import type { PacketPrinter } from './packet/packet-printer.ts';
import type { TapFrame } from './packet/tap-record.ts';
import type { DeviceOutput } from './sensor-devices.ts';
import { machineId } from './sensor-id.ts';
import { createEncodePool } from './supervisor/pool.ts';
import type { OutputWait } from './telemetry/loss/counters.ts';

/** Loaded where it is asked for: it comes with tables that other runs do not need. */
async function openDevices(path: string, internalNetworks: readonly string[]): Promise<DeviceOutput> {
  return (await import('./sensor-devices.ts')).DeviceOutput.open(path, internalNetworks);
}

export class Outputs {
  readonly #flows: ExportSet;
  readonly #sides: SideLogs;
  readonly #packets: PacketLog | null;
  readonly #alerts: AlertLog | null;
  readonly #behaviour: BehaviourLog | null;
  readonly #devices: DeviceOutput | null;

  private constructor(
    flows: ExportSet,
    sides: SideLogs,
    packets: PacketLog | null,
    alerts: AlertLog | null,
    behaviour: BehaviourLog | null,
    devices: DeviceOutput | null,
  ) {
    this.#flows = flows;
    this.#sides = sides;
    this.#packets = packets;
    this.#alerts = alerts;
    this.#behaviour = behaviour;
    this.#devices = devices;
  }

  /**
   * Opens every output, so that a path that cannot be written stops the run before it starts. `printer` makes packet lines.
   * @throws SensorError OUTPUT; USAGE when two outputs name one file. What was opened is closed again
   */
  static async open({ output: options, input, detect }: SensorOptions, printer: () => PacketPrinter): Promise<Outputs> {
    const opened: { abort(): Promise<void> }[] = [];
    try {
      const flows = await ExportSet.prepare(options, { pool: createEncodePool, processes: input.kind === 'capture' && input.processes });
      opened.push(flows);
      const sides = await SideLogs.open(options, {
        sensorId: options.sensorId ?? machineId(),
        quarantine: input.kind === 'capture' && input.quarantine,
      });
      opened.push(sides);
      const alerts = options.alertsJsonl === null ? null : await AlertLog.open(options.alertsJsonl);
      if (alerts !== null) opened.push(alerts);
      const behaviour = options.behaviourJsonl === null ? null : await BehaviourLog.open(options.behaviourJsonl);
      if (behaviour !== null) opened.push(behaviour);
      const packets = options.packetsJsonl === null ? null : await PacketLog.open(options.packetsJsonl, printer());
      if (packets !== null) opened.push(packets);
      const devices = options.devicesJson === null ? null : await openDevices(options.devicesJson, detect.internalNetworks);
      return new Outputs(flows, sides, packets, alerts, behaviour, devices);
    } catch (error) {
      for (const output of opened) await output.abort();
      throw error;
    }
  }

  /** Takes the entries of one tick in their order; returns the flow records among them. */
  async tick(entries: Uint8Array, context: RecordContext): Promise<Uint8Array> {
    const { records, sides } = splitSides(entries);
    await this.#sides.write(sides, context);
    this.#devices?.records(records, context);
    await this.#flows.tick(records, context);
    return records;
  }

  /** What detection has to say of one tick, in order. Calls must not overlap. */
  async detected(alerts: readonly AlertRecord[], behaviour: readonly BehaviourRecord[]): Promise<void> {
    await this.#alerts?.write(alerts);
    await this.#behaviour?.write(behaviour);
  }

  packet(packet: TapFrame): void {
    this.#packets?.add(packet);
  }

  /** One in which a device tells about itself. */
  discovered(packet: TapFrame): void {
    this.#devices?.packet(packet);
  }

  /** After a batch of packets. */
  flushPackets(): Promise<void> | undefined {
    return this.#packets?.flush();
  }

  /** How long the writes to each output have taken. Names of outputs are those of the options. */
  waits(options: OutputOptions): OutputWait[] {
    const logs = [this.#packets, this.#alerts, this.#behaviour].flatMap((log) => log?.written ?? []);
    const written = [...this.#flows.written, ...this.#sides.written, ...logs];
    return OUTPUT_PATHS.flatMap((name) => {
      const output = written.find(({ path }) => path === options[name]);
      return output === undefined ? [] : [{ flag: flagOf(name), path: output.path, waitedMs: output.waitedMs }];
    });
  }

  get recordsWritten(): number {
    return this.#flows.recordsWritten;
  }

  /** Flow outputs that failed. */
  get errors(): number {
    return this.#flows.errors;
  }

  /** Writes what is written at the end and closes everything; the reasons of those that failed. */
  async finish(context: RecordContext): Promise<unknown[]> {
    const closed = await Promise.allSettled([
      this.#flows.finish(context),
      this.#packets?.close(),
      this.#sides.close(),
      this.#alerts?.close(),
      this.#behaviour?.close(),
      this.#devices?.close(),
    ]);
    return closed.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  }

  async abort(): Promise<void> {
    await this.#flows.abort();
    await this.#packets?.abort();
    await this.#sides.abort();
    await this.#alerts?.abort();
    await this.#behaviour?.abort();
    await this.#devices?.abort();
  }
}
