/** Merges sorted runs into one sorted sequence of batches: a binary heap over the current entry of each run. */
import { entryLength } from '../flow/entry.ts';
import type { FlowIdContext } from '../flow/flow-id.ts';
import { EntryBatch } from './entry-batch.ts';
import { SortKeys } from './sort-keys.ts';
import type { SpillRun } from './spill-run.ts';

const MIN_BUFFER = 64 * 1024;
const MAX_BUFFER = 1024 * 1024;

/** A heap of run numbers; the run whose current entry comes first is on top. */
class RunHeap {
  readonly #keys: SortKeys;
  readonly #heap: number[] = [];

  constructor(keys: SortKeys) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#heap.length;
  }

  get top(): number {
    return this.#heap[0];
  }

  push(run: number): void {
    const heap = this.#heap;
    let at = heap.push(run) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#keys.compare(heap[parent], run) <= 0) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = run;
  }

  /** The top run's key has changed. */
  sink(): void {
    const heap = this.#heap;
    const run = heap[0];
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#keys.compare(heap[child + 1], heap[child]) < 0) child++;
      if (this.#keys.compare(run, heap[child]) <= 0) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = run;
  }

  /** The top run has ended. */
  pop(): void {
    const last = this.#heap.pop() as number;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.sink();
  }
}

/**
 * Yields the entries of all runs in order, up to `batchEntries` at a time, in a buffer that the next step overwrites.
 * `memoryBytes` is shared by the read buffers.
 * @throws SensorError OUTPUT when a run cannot be read
 */
export async function* mergeRuns(
  runs: SpillRun[],
  context: FlowIdContext,
  memoryBytes: number,
  batchEntries: number,
): AsyncGenerator<Uint8Array> {
  const keys = new SortKeys(runs.length);
  const heap = new RunHeap(keys);
  const buffer = Math.min(MAX_BUFFER, Math.max(MIN_BUFFER, Math.floor(memoryBytes / Math.max(1, runs.length))));
  for (const [index, run] of runs.entries()) {
    run.startReading(buffer);
    if (!(await run.fill())) continue;
    keys.set(index, run.buffer, run.offset, context);
    heap.push(index);
  }
  const batch = new EntryBatch(batchEntries);
  while (heap.size > 0) {
    const run = runs[heap.top];
    const length = entryLength(run.buffer.bytes, run.offset);
    if (!batch.fits(length)) yield batch.take();
    batch.add(run.buffer.bytes, run.offset, length);
    if (run.advance() || (await run.fill())) {
      keys.set(heap.top, run.buffer, run.offset, context);
      heap.sink();
    } else heap.pop();
  }
  if (!batch.isEmpty) yield batch.take();
}
