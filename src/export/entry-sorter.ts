/**
 * Collects the final records of a run as raw outbox entries and gives them back sorted. What does not fit in the bound
 * goes to disk in sorted runs:
 *
 *   add ─▶ blocks in memory ──full──▶ sort ─▶ run on disk ──too many──▶ merged into one
 *   sorted ◀── k-way merge of the runs (or just the sorted blocks, when nothing was spilled)
 */
import { entryLength } from '../flow/entry.ts';
import type { FlowIdContext } from '../flow/flow-id.ts';
import { F_RECORD_KIND, OUTBOX_ENTRY_BYTES } from '../flow/row.ts';
import { type RowView, rowView } from '../flow/row-view.ts';
import { EntryBatch } from './entry-batch.ts';
import { mergeRuns } from './merge-runs.ts';
import { SortKeys } from './sort-keys.ts';
import { SpillRun } from './spill-run.ts';

const BLOCK_ENTRIES = 2048;
const BLOCK_BYTES = BLOCK_ENTRIES * OUTBOX_ENTRY_BYTES;
/** Open files at a time; more runs than this are merged into one first. */
const MAX_RUNS = 128;

export interface SorterOptions {
  /** Entries kept in memory, in bytes; what comes on top goes to disk. */
  memoryBytes: number;
  /** Where runs are written. */
  directory: string;
  /** Runs on disk before they are merged. */
  maxRuns?: number;
}

export class EntrySorter {
  readonly #directory: string;
  readonly #memoryBytes: number;
  readonly #maxRuns: number;
  readonly #blocks: RowView[] = [];
  /** Where each entry lies in memory: number of the block × BLOCK_BYTES + offset in it. No entry spans two blocks. */
  #places: number[] = [];
  /** Where the next entry goes, written in the same way. */
  #next = 0;
  #count = 0;
  #runs: SpillRun[] = [];

  constructor(options: SorterOptions) {
    this.#directory = options.directory;
    this.#memoryBytes = options.memoryBytes;
    this.#maxRuns = options.maxRuns ?? MAX_RUNS;
  }

  /** Entries taken so far. */
  get count(): number {
    return this.#count;
  }

  /** Runs on disk. */
  get runs(): number {
    return this.#runs.length;
  }

  /** Copies the final records among `entries`. @throws SensorError OUTPUT when a run cannot be written */
  async add(entries: Uint8Array, context: FlowIdContext): Promise<void> {
    for (let at = 0, length = 0; at + OUTBOX_ENTRY_BYTES <= entries.length; at += length) {
      length = entryLength(entries, at);
      if (entries[at + F_RECORD_KIND] === 1) continue;
      if (this.#places.length > 0 && this.#next + length > this.#memoryBytes) await this.#spill(context);
      if ((this.#next % BLOCK_BYTES) + length > BLOCK_BYTES) this.#next = Math.ceil(this.#next / BLOCK_BYTES) * BLOCK_BYTES;
      const block = Math.floor(this.#next / BLOCK_BYTES);
      if (block === this.#blocks.length) this.#blocks.push(rowView(new Uint8Array(BLOCK_BYTES)));
      this.#blocks[block].bytes.set(entries.subarray(at, at + length), this.#next % BLOCK_BYTES);
      this.#places.push(this.#next);
      this.#next += length;
      this.#count++;
    }
  }

  /**
   * All entries in export order, up to `batchEntries` at a time, in a buffer that the next step overwrites. Call once,
   * after the last `add`. @throws SensorError OUTPUT
   */
  async *sorted(context: FlowIdContext, batchEntries: number): AsyncGenerator<Uint8Array> {
    if (this.#runs.length === 0) {
      yield* this.#sortedBlocks(context, batchEntries);
      return;
    }
    await this.#spill(context);
    this.#blocks.length = 0;
    yield* mergeRuns(this.#runs, context, this.#memoryBytes, batchEntries);
  }

  /** Frees memory and disk. */
  async close(): Promise<void> {
    this.#blocks.length = 0;
    this.#forget();
    const runs = this.#runs;
    this.#runs = [];
    await Promise.all(runs.map((run) => run.close()));
  }

  #forget(): void {
    this.#places = [];
    this.#next = 0;
  }

  *#sortedBlocks(context: FlowIdContext, batchEntries: number): Generator<Uint8Array> {
    const count = this.#places.length;
    const keys = new SortKeys(count);
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      order[i] = i;
      keys.set(i, this.#blocks[Math.floor(this.#places[i] / BLOCK_BYTES)], this.#places[i] % BLOCK_BYTES, context);
    }
    order.sort((a, b) => keys.compare(a, b));
    const batch = new EntryBatch(Math.min(batchEntries, count));
    for (const index of order) {
      const { bytes } = this.#blocks[Math.floor(this.#places[index] / BLOCK_BYTES)];
      const at = this.#places[index] % BLOCK_BYTES;
      const length = entryLength(bytes, at);
      if (!batch.fits(length)) yield batch.take();
      batch.add(bytes, at, length);
    }
    if (!batch.isEmpty) yield batch.take();
  }

  async #spill(context: FlowIdContext): Promise<void> {
    if (this.#places.length > 0) this.#runs.push(await SpillRun.write(this.#directory, this.#sortedBlocks(context, BLOCK_ENTRIES)));
    this.#forget();
    if (this.#runs.length < this.#maxRuns) return;
    // One pass over everything on disk per MAX_RUNS spills: runs of 64 MiB make that once in 8 GiB of records.
    const runs = this.#runs;
    const merged = await SpillRun.write(this.#directory, mergeRuns(runs, context, this.#memoryBytes / 2, BLOCK_ENTRIES));
    this.#runs = [merged];
    await Promise.all(runs.map((run) => run.close()));
  }
}
