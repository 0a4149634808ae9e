/** `--packets-jsonl`: one JSON object per packet. Packets arrive synchronously from the tap; `flush` between batches. */
import type { PacketPrinter } from '../packet/packet-printer.ts';
import type { TapFrame } from '../packet/tap-record.ts';
import { GuardedOutput } from './guarded-output.ts';
import { type Output, openOutput } from './output-file.ts';

const encoder = new TextEncoder();

export class PacketLog extends GuardedOutput {
  readonly #printer: PacketPrinter;
  #lines: string[] = [];

  private constructor(output: Output, printer: PacketPrinter) {
    super(output);
    this.#printer = printer;
  }

  /** @throws SensorError OUTPUT when the path cannot be written */
  static async open(path: string, printer: PacketPrinter): Promise<PacketLog> {
    return new PacketLog(await openOutput(path, 'stream', process.stdout), printer);
  }

  add(packet: TapFrame): void {
    if (this.failure !== null) return;
    const line = this.#printer.print(packet)?.json();
    if (line !== undefined) this.#lines.push(line);
  }

  /** Writes what has been added; the tap waits for it, so memory holds one batch. Never rejects. */
  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    this.#lines = [];
    await this.attempt((output) => output.write(encoder.encode(text)));
  }

  /** @throws SensorError OUTPUT for the first failure of the whole run */
  override async close(): Promise<void> {
    await this.flush();
    await super.close();
  }
}
