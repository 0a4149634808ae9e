/** The piscina pool: finite jobs on batches, off the main thread. Loaded and started only when there is a large batch. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { EncodePool } from '../export/batch-encoder.ts';
import type { EncodeTask } from '../export/encode-batch.ts';

/** More encoders than this wait for the one thread that writes. */
const MAX_THREADS = 4;
/** A batch needs a few megabytes; without a limit V8 lets garbage grow to hundreds before it collects. */
const MEMORY = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };
/** Threads that have had nothing to do for this long end. */
const IDLE_MS = 10_000;

export interface EncodePoolOptions {
  /** Default: the processors, at most 4. */
  threads?: number;
}

/** This file's extension is the worker's too: `.ts` in the sources, `.js` once compiled. */
function workerPath(): string {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return fileURLToPath(new URL(`../export/encode-worker${extension}`, import.meta.url));
}

/** Makes the pool; its threads start with the first jobs. Close it, or its threads outlive the run by their idle time. */
export async function createEncodePool(options: EncodePoolOptions = {}): Promise<EncodePool> {
  const { Piscina } = await import('piscina');
  const threads = options.threads ?? Math.min(MAX_THREADS, availableParallelism());
  // The queue has no bound of its own: the encoder keeps at most `slots` jobs in the pool.
  const pool = new Piscina<EncodeTask, Uint8Array[]>({
    filename: workerPath(),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    resourceLimits: MEMORY,
    workerData: null,
  });
  return {
    slots: threads * 2,
    run: (task) => pool.run(task),
    close: () => pool.destroy(),
  };
}
