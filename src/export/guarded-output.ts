/** An output that fails once and for good: the run goes on, nothing more is written, and the end tells of the first failure. */
import type { SensorError } from '../errors.ts';
import type { Output } from './output-file.ts';

export class GuardedOutput {
  readonly #output: Output;
  #failure: SensorError | null = null;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Where it writes, and how long its writes have taken. */
  get written(): Pick<Output, 'path' | 'waitedMs'> {
    return this.#output;
  }

  /** The first failure; after it nothing more is written. */
  get failure(): SensorError | null {
    return this.#failure;
  }

  /** Does something to the output unless it has failed. Never rejects; calls must not overlap. */
  async attempt(work: (output: Output) => Promise<void>): Promise<void> {
    if (this.#failure !== null) return;
    try {
      await work(this.#output);
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
