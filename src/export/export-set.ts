/**
 * All flow exports of a run: JSON lines and CSV as flows end, JSON and CSV when the run ends.
 *
 *   tick(entries) ──▶ encoder (here, or in the pool) ──▶ --flows-jsonl, --flows-csv
 *                └──▶ sorter (memory, then runs on disk) ──finish()──▶ encoder ──▶ --export-json, --export-csv
 *
 * An output that fails is switched off, and the others go on: `failure` says what happened, `finish()` throws it when
 * everything else is safe.
 */
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { OUTPUT_PATHS, type OutputOptions } from '../config/options.ts';
import { SensorError } from '../errors.ts';
import { rowOffsets } from '../flow/entry.ts';
import type { RecordContext } from '../flow/materialise.ts';
import { BatchEncoder, type EncodePoolFactory } from './batch-encoder.ts';
import { BATCH_ENTRIES, type FlowFormat } from './encode-batch.ts';
import { EntrySorter } from './entry-sorter.ts';
import { FlowOutput } from './flow-output.ts';
import { openOutput } from './output-file.ts';

/** About 160,000 records: what is sorted while the other threads wait takes a tenth of a second. */
const SPILL_BYTES = 64 * 1024 * 1024;

export interface ExportSettings {
  /** Records name processes. Default false. */
  processes?: boolean;
  /** Bytes of raw records kept in memory for the exports on exit, before sorted runs go to disk. Default 64 MiB. */
  spillBytes?: number;
  /** Starts the encode workers when there is enough to do; null = encode on this thread. Default null. */
  pool?: EncodePoolFactory | null;
  /** Records at hand from which on the pool is used; for tests. */
  poolFromRecords?: number;
  /** Default `process.stdout`. */
  stdout?: Writable;
}

/** The flag of an output by its name in the options: `flowsJsonl` is `--flows-jsonl`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function sameFile(path: string): string {
  if (path === '-') return path;
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute;
  }
}

/** Two outputs in one file would destroy each other. @throws SensorError USAGE */
export function checkDistinct(options: OutputOptions): void {
  const seen = new Map<string, string>();
  for (const option of OUTPUT_PATHS) {
    const path = options[option];
    if (path === null || path === '') continue;
    const file = sameFile(path);
    const other = seen.get(file);
    if (other !== undefined && file !== '/dev/null') {
      const where = path === '-' ? 'standard output' : path;
      throw new SensorError('USAGE', `${flagOf(other)} and ${flagOf(option)} both write to ${where}`, { hint: 'give each its own file' });
    }
    seen.set(file, option);
  }
}

function countRows(entries: Uint8Array): number {
  let rows = 0;
  for (const _ of rowOffsets(entries)) rows++;
  return rows;
}

export class ExportSet {
  readonly #streams: FlowOutput[];
  readonly #wholes: FlowOutput[];
  readonly #sorter: EntrySorter | null;
  readonly #encoder: BatchEncoder;
  #closed = false;

  private constructor(streams: FlowOutput[], wholes: FlowOutput[], sorter: EntrySorter | null, encoder: BatchEncoder) {
    this.#streams = streams;
    this.#wholes = wholes;
    this.#sorter = sorter;
    this.#encoder = encoder;
  }

  /**
   * Opens every output, so that a path that cannot be written stops the run before it starts.
   * @throws SensorError OUTPUT; USAGE when two outputs name one file. What was opened is closed again
   */
  static async prepare(options: OutputOptions, settings: ExportSettings = {}): Promise<ExportSet> {
    checkDistinct(options);
    const stdout = settings.stdout ?? process.stdout;
    const opened: FlowOutput[] = [];
    const openAll = async (mode: 'stream' | 'whole', wanted: [FlowFormat, string | null][]): Promise<FlowOutput[]> => {
      const outputs: FlowOutput[] = [];
      for (const [format, path] of wanted) {
        if (path === null || path === '') continue;
        const output = new FlowOutput(format, await openOutput(path, mode, stdout), settings.processes ?? false);
        opened.push(output);
        outputs.push(output);
      }
      return outputs;
    };
    try {
      const streams = await openAll('stream', [
        ['jsonl', options.flowsJsonl],
        ['csv', options.flowsCsv],
      ]);
      const wholes = await openAll('whole', [
        ['json', options.exportJson],
        ['csv', options.exportCsv],
      ]);
      const file = wholes.find((output) => output.path !== '-');
      const directory = file === undefined ? tmpdir() : dirname(sameFile(file.path));
      const sorter = wholes.length === 0 ? null : new EntrySorter({ memoryBytes: settings.spillBytes ?? SPILL_BYTES, directory });
      return new ExportSet(streams, wholes, sorter, new BatchEncoder(settings.pool ?? null, settings.poolFromRecords));
    } catch (error) {
      await Promise.all(opened.map((output) => output.abandon()));
      throw error;
    }
  }

  /** Is there any flow output? */
  get wantsRows(): boolean {
    return this.#streams.length + this.#wholes.length > 0;
  }

  /** Where it writes, and how long the writes have taken. */
  get written(): readonly Pick<FlowOutput, 'path' | 'waitedMs'>[] {
    return this.#all();
  }

  /** Records in all outputs together. */
  get recordsWritten(): number {
    return this.#all().reduce((sum, output) => sum + output.records, 0);
  }

  /** Outputs that failed. */
  get errors(): number {
    return this.#all().filter((output) => output.failure !== null).length;
  }

  /** The first failure. */
  get failure(): SensorError | null {
    return this.#all().find((output) => output.failure !== null)?.failure ?? null;
  }

  /** The reader of standard output has gone (EPIPE). No error; a capture that writes nothing else may want to end. */
  get stdoutClosed(): boolean {
    return this.#all().some((output) => output.readerGone);
  }

  /**
   * Takes the records of one tick: concatenated outbox entries in the order in which they shall be written. Never rejects.
   * `entries` may be overwritten when the promise settles; calls must not overlap.
   */
  async tick(entries: Uint8Array, context: RecordContext): Promise<void> {
    if (this.#closed) return;
    for (const output of this.#streams) await output.begin();
    if (entries.length > 0) {
      await this.#collect(entries, context);
      await this.#encode(this.#streams, entries, context, countRows(entries));
    }
    await this.#encoder.inOrder(async () => {
      for (const output of this.#streams) await output.flush();
    });
  }

  async #collect(entries: Uint8Array, context: RecordContext): Promise<void> {
    if (!this.#wholes.some((output) => output.open)) return;
    try {
      await this.#sorter?.add(entries, context);
    } catch (error) {
      for (const output of this.#wholes) output.fail(error);
      await this.#sorter?.close();
    }
  }

  async #encode(outputs: FlowOutput[], entries: Uint8Array, context: RecordContext, atHand: number): Promise<void> {
    const open = outputs.filter((output) => output.open);
    if (open.length === 0) return;
    const formats = open.map((output) => output.format);
    await this.#encoder.encode(entries, context, formats, atHand, async (texts, records) => {
      for (const [index, output] of open.entries()) await output.write(texts[index], records);
    });
  }

  /**
   * Writes the exports on exit and closes everything. Every output is tried.
   * @throws SensorError OUTPUT, the first failure of the run
   */
  async finish(context: RecordContext): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#encoder.drain();
    for (const output of this.#streams) await output.commit();
    await this.#writeWholes(context);
    for (const output of this.#wholes) await output.commit();
    await this.#release();
    if (this.failure !== null) throw this.failure;
  }

  async #writeWholes(context: RecordContext): Promise<void> {
    const sorter = this.#sorter;
    if (sorter === null || !this.#wholes.some((output) => output.open)) return;
    try {
      for await (const entries of sorter.sorted(context, BATCH_ENTRIES)) {
        await this.#encode(this.#wholes, entries, context, sorter.count);
        if (!this.#wholes.some((output) => output.open)) break;
      }
      await this.#encoder.drain();
    } catch (error) {
      await this.#encoder.drain().catch(() => {});
      for (const output of this.#wholes) output.fail(error);
    }
  }

  /** Closes everything as it is: no exports on exit. Never rejects. */
  async abort(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#encoder.drain().catch(() => {});
    for (const output of this.#all()) await output.abandon();
    await this.#release();
  }

  async #release(): Promise<void> {
    await this.#sorter?.close();
    await this.#encoder.close().catch(() => {});
  }

  #all(): FlowOutput[] {
    return [...this.#streams, ...this.#wholes];
  }
}
