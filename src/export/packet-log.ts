/** `--packets-jsonl`: one JSON object per packet. Packets arrive synchronously from the tap; `flush` between batches. */

import type { SensorError } from '../errors.ts';
import type { PacketPrinter } from '../packet/packet-printer.ts';
import type { TapPacket } from '../packet/tap-reader.ts';
import { type Output, openOutput } from './output-file.ts';

const encoder = new TextEncoder();

export class PacketLog {
  readonly #output: Output;
  readonly #printer: PacketPrinter;
  #lines: string[] = [];
  #failure: SensorError | null = null;

  private constructor(output: Output, printer: PacketPrinter) {
    this.#output = output;
    this.#printer = printer;
  }

  /** @throws SensorError OUTPUT when the path cannot be written */
  static async open(path: string, printer: PacketPrinter): Promise<PacketLog> {
    return new PacketLog(await openOutput(path, 'stream', process.stdout), printer);
  }

  /** The first failure; after it packets are no longer written. */
  get failure(): SensorError | null {
    return this.#failure;
  }

  add(packet: TapPacket): void {
    if (this.#failure !== null) return;
    const line = this.#printer.print(packet)?.json();
    if (line !== undefined) this.#lines.push(line);
  }

  /** Writes what has been added; the tap waits for it, so memory holds one batch. Never rejects. */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    try {
      await this.#output.write(encoder.encode(text));
    } catch (error) {
      this.#failure = error as SensorError;
    }
  }

  /** @throws SensorError OUTPUT for the first failure of the whole run */
  async close(): Promise<void> {
    await this.flush();
    if (this.#failure !== null) {
      await this.#output.abandon();
      throw this.#failure;
    }
    await this.#output.commit();
  }

  async abort(): Promise<void> {
    await this.#output.abandon();
  }
}
