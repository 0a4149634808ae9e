/** `--behaviour-jsonl`: one JSON object per internal host and window of ten minutes, written when the window has ended. */
import type { BehaviourRecord } from '../detect/behaviour.ts';
import type { SensorError } from '../errors.ts';
import { type Output, openOutput } from './output-file.ts';

/** Lines that are made before they are written: some 300 KB of text, though a window may have 65,536 hosts. */
const LINES_AT_ONCE = 1024;

const encoder = new TextEncoder();

export class BehaviourLog {
  readonly #output: Output;
  #failure: SensorError | null = null;

  private constructor(output: Output) {
    this.#output = output;
  }

  /** @throws SensorError OUTPUT when the path cannot be written */
  static async open(path: string): Promise<BehaviourLog> {
    return new BehaviourLog(await openOutput(path, 'stream', process.stdout));
  }

  /** The first failure; after it nothing more is written. */
  get failure(): SensorError | null {
    return this.#failure;
  }

  /** The lines are in the file when it resolves. Never rejects; calls must not overlap. */
  async write(records: readonly BehaviourRecord[]): Promise<void> {
    if (records.length === 0 || this.#failure !== null) return;
    try {
      for (let at = 0; at < records.length; at += LINES_AT_ONCE) {
        const lines = records.slice(at, at + LINES_AT_ONCE).map((record) => `${JSON.stringify(record)}\n`);
        await this.#output.write(encoder.encode(lines.join('')));
      }
      await this.#output.flush();
    } catch (error) {
      this.#failure = error as SensorError;
    }
  }

  /** @throws SensorError OUTPUT for the first failure of the whole run */
  async close(): Promise<void> {
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
