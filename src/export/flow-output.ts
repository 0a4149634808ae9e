/** One flow output: a format and where it goes. A failed one is switched off and remembered; the others go on. */
import type { SensorError } from '../errors.ts';
import { csvHeader } from './csv-encoder.ts';
import type { FlowFormat } from './encode-batch.ts';
import { outputError } from './output-error.ts';
import type { Output } from './output-file.ts';

const encoder = new TextEncoder();

export class FlowOutput {
  readonly format: FlowFormat;
  readonly #output: Output;
  readonly #processes: boolean;
  #failure: SensorError | null = null;
  #records = 0;
  #begun = false;

  /** `processes`: its records name them. */
  constructor(format: FlowFormat, output: Output, processes: boolean) {
    this.format = format;
    this.#output = output;
    this.#processes = processes;
  }

  get path(): string {
    return this.#output.path;
  }

  get waitedMs(): number {
    return this.#output.waitedMs;
  }

  get records(): number {
    return this.#records;
  }

  get failure(): SensorError | null {
    return this.#failure;
  }

  /** False once it failed or its reader left: encoding for it would be work for nothing. */
  get open(): boolean {
    return this.#failure === null && !this.#output.readerGone;
  }

  get readerGone(): boolean {
    return this.#output.readerGone;
  }

  /** Writes what stands before the first record: a reader of a stream sees the header before any flow has ended. */
  async begin(): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    if (this.format === 'csv') await this.#try(() => this.#output.write(encoder.encode(csvHeader(this.#processes))));
    if (this.format === 'json') await this.#try(() => this.#output.write(encoder.encode('[')));
  }

  async write(text: Uint8Array, records: number): Promise<void> {
    if (!this.open) return;
    await this.begin();
    if (this.format === 'json') await this.#try(() => this.#output.write(encoder.encode(this.#records === 0 ? '\n' : ',\n')));
    await this.#try(() => this.#output.write(text));
    if (this.open) this.#records += records;
  }

  async flush(): Promise<void> {
    await this.#try(() => this.#output.flush());
  }

  /** Ends the text, closes the file and gives a whole file its name. */
  async commit(): Promise<void> {
    await this.begin();
    if (this.format === 'json') await this.#try(() => this.#output.write(encoder.encode(this.#records === 0 ? ']\n' : '\n]\n')));
    await this.#try(() => this.#output.commit());
    if (this.#failure !== null) await this.#output.abandon();
  }

  /** Closes as it is. */
  async abandon(): Promise<void> {
    await this.#output.abandon();
  }

  /** A failure that lies before this output (sorting) ends it too. */
  fail(error: unknown): void {
    this.#failure ??= outputError(this.#output.path, error);
  }

  async #try(step: () => Promise<void>): Promise<void> {
    if (!this.open) return;
    try {
      await step();
    } catch (error) {
      this.fail(error);
    }
  }
}
