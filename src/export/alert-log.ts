/** `--alerts-jsonl`: one JSON object per alert, and another whenever it has repeated; suppressed ones say so. */
import { type AlertRecord, alertJson } from '../detect/alert.ts';
import type { SensorError } from '../errors.ts';
import { type Output, openOutput } from './output-file.ts';

const encoder = new TextEncoder();

export class AlertLog {
  readonly #output: Output;
  #failure: SensorError | null = null;

  private constructor(output: Output) {
    this.#output = output;
  }

  /**
   * Appends to what is there: a restart does not lose what happened before it.
   * @throws SensorError OUTPUT when the path cannot be written
   */
  static async open(path: string): Promise<AlertLog> {
    return new AlertLog(await openOutput(path, 'log', process.stdout));
  }

  /** The first failure; after it nothing more is written. */
  get failure(): SensorError | null {
    return this.#failure;
  }

  /** Each line is handed to the system before the next begins. Never rejects; calls must not overlap. */
  async write(alerts: Iterable<AlertRecord>): Promise<void> {
    for (const alert of alerts) {
      if (this.#failure !== null) return;
      try {
        await this.#output.write(encoder.encode(`${alertJson(alert)}\n`));
        await this.#output.flush();
      } catch (error) {
        this.#failure = error as SensorError;
      }
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
