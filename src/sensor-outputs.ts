/** Every file that a run writes as it goes: flow records, the logs beside them, packets. One that fails does not stop the others. */
import type { OutputOptions } from './config/options.ts';
import { ExportSet } from './export/export-set.ts';
import { PacketLog } from './export/packet-log.ts';
import { SideLogs } from './export/side-logs.ts';
import { splitSides } from './flow/entry.ts';
import type { RecordContext } from './flow/materialise.ts';
import type { PacketPrinter } from './packet/packet-printer.ts';
import type { TapPacket } from './packet/tap-reader.ts';
import { machineId } from './sensor-id.ts';
import { createEncodePool } from './supervisor/pool.ts';

export class Outputs {
  readonly #flows: ExportSet;
  readonly #sides: SideLogs;
  readonly #packets: PacketLog | null;

  private constructor(flows: ExportSet, sides: SideLogs, packets: PacketLog | null) {
    this.#flows = flows;
    this.#sides = sides;
    this.#packets = packets;
  }

  /**
   * Opens every output, so that a path that cannot be written stops the run before it starts. `printer` makes packet lines.
   * @throws SensorError OUTPUT; USAGE when two outputs name one file. What was opened is closed again
   */
  static async open(options: OutputOptions, printer: () => PacketPrinter): Promise<Outputs> {
    const opened: { abort(): Promise<void> }[] = [];
    try {
      const flows = await ExportSet.prepare(options, { pool: createEncodePool });
      opened.push(flows);
      const sides = await SideLogs.open(options, { sensorId: options.sensorId ?? machineId() });
      opened.push(sides);
      const packets = options.packetsJsonl === null ? null : await PacketLog.open(options.packetsJsonl, printer());
      return new Outputs(flows, sides, packets);
    } catch (error) {
      for (const output of opened) await output.abort();
      throw error;
    }
  }

  /** Takes the entries of one tick in their order; returns the flow records among them. */
  async tick(entries: Uint8Array, context: RecordContext): Promise<Uint8Array> {
    const { records, sides } = splitSides(entries);
    await this.#sides.write(sides, context);
    await this.#flows.tick(records, context);
    return records;
  }

  packet(packet: TapPacket): void {
    this.#packets?.add(packet);
  }

  /** After a batch of packets. */
  flushPackets(): Promise<void> | undefined {
    return this.#packets?.flush();
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
    const closed = await Promise.allSettled([this.#flows.finish(context), this.#packets?.close(), this.#sides.close()]);
    return closed.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  }

  async abort(): Promise<void> {
    await this.#flows.abort();
    await this.#packets?.abort();
    await this.#sides.abort();
  }
}
