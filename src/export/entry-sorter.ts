/**
 * Collects the final records of a run as raw outbox entries and gives them back sorted. What does not fit in the bound
 * goes to disk in sorted runs:
 *
 *   add ─▶ blocks in memory ──full──▶ sort ─▶ run on disk ──too many──▶ merged into one
 *   sorted ◀── k-way merge of the runs (or just the sorted blocks, when nothing was spilled)
 */
import type { FlowIdContext } from '../flow/flow-id.ts';
import { F_RECORD_KIND, OUTBOX_ENTRY_BYTES } from '../flow/row.ts';
import { type RowView, rowView } from '../flow/row-view.ts';
import { mergeRuns } from './merge-runs.ts';
import { SortKeys } from './sort-keys.ts';
import { SpillRun } from './spill-run.ts';

const BLOCK_ENTRIES = 2048;
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
  readonly #capacity: number;
  readonly #maxRuns: number;
  #blocks: RowView[] = [];
  #filled = 0;
  #count = 0;
  #runs: SpillRun[] = [];

  constructor(options: SorterOptions) {
    this.#directory = options.directory;
    this.#memoryBytes = options.memoryBytes;
    this.#capacity = Math.max(1, Math.floor(options.memoryBytes / OUTBOX_ENTRY_BYTES));
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
    for (let at = 0; at + OUTBOX_ENTRY_BYTES <= entries.length; at += OUTBOX_ENTRY_BYTES) {
      if (entries[at + F_RECORD_KIND] === 1) continue;
      if (this.#filled === this.#capacity) await this.#spill(context);
      const block = Math.floor(this.#filled / BLOCK_ENTRIES);
      if (block === this.#blocks.length) this.#blocks.push(rowView(new Uint8Array(BLOCK_ENTRIES * OUTBOX_ENTRY_BYTES)));
      this.#blocks[block].bytes.set(entries.subarray(at, at + OUTBOX_ENTRY_BYTES), (this.#filled % BLOCK_ENTRIES) * OUTBOX_ENTRY_BYTES);
      this.#filled++;
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
    this.#blocks = [];
    yield* mergeRuns(this.#runs, context, this.#memoryBytes, batchEntries);
  }

  /** Frees memory and disk. */
  async close(): Promise<void> {
    this.#blocks = [];
    this.#filled = 0;
    const runs = this.#runs;
    this.#runs = [];
    await Promise.all(runs.map((run) => run.close()));
  }

  *#sortedBlocks(context: FlowIdContext, batchEntries: number): Generator<Uint8Array> {
    const keys = new SortKeys(this.#filled);
    const order = new Uint32Array(this.#filled);
    for (let i = 0; i < this.#filled; i++) {
      order[i] = i;
      keys.set(i, this.#blocks[Math.floor(i / BLOCK_ENTRIES)], (i % BLOCK_ENTRIES) * OUTBOX_ENTRY_BYTES, context);
    }
    order.sort((a, b) => keys.compare(a, b));
    const batch = new Uint8Array(Math.min(batchEntries, Math.max(1, this.#filled)) * OUTBOX_ENTRY_BYTES);
    let filled = 0;
    for (const index of order) {
      const at = (index % BLOCK_ENTRIES) * OUTBOX_ENTRY_BYTES;
      batch.set(this.#blocks[Math.floor(index / BLOCK_ENTRIES)].bytes.subarray(at, at + OUTBOX_ENTRY_BYTES), filled);
      filled += OUTBOX_ENTRY_BYTES;
      if (filled === batch.length) {
        yield batch;
        filled = 0;
      }
    }
    if (filled > 0) yield batch.subarray(0, filled);
  }

  async #spill(context: FlowIdContext): Promise<void> {
    if (this.#filled > 0) this.#runs.push(await SpillRun.write(this.#directory, this.#sortedBlocks(context, BLOCK_ENTRIES)));
    this.#filled = 0;
    if (this.#runs.length < this.#maxRuns) return;
    // One pass over everything on disk per MAX_RUNS spills: runs of 64 MiB make that once in 8 GiB of records.
    const runs = this.#runs;
    const merged = await SpillRun.write(this.#directory, mergeRuns(runs, context, this.#memoryBytes / 2, BLOCK_ENTRIES));
    this.#runs = [merged];
    await Promise.all(runs.map((run) => run.close()));
  }
}
