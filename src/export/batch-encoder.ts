/**
 * Encodes batches, on this thread or in the pool. A pool costs a tenth of a second and tens of megabytes to start, so it
 * is started by the first call that has enough work for it; without it, after it failed, and for small calls, the same
 * code runs here. The bytes are the same either way, and callers get them in the order in which they asked.
 */
import { batchEnd } from '../flow/entry.ts';
import type { RecordContext } from '../flow/materialise.ts';
import { BATCH_ENTRIES, detachedTask, type EncodeTask, encodeBatch, type FlowFormat } from './encode-batch.ts';

/** Runs encode jobs elsewhere. */
export interface EncodePool {
  /** Jobs worth having in the pool at a time. */
  readonly slots: number;
  run(task: EncodeTask): Promise<Uint8Array[]>;
  close(): Promise<void>;
}

export type EncodePoolFactory = () => Promise<EncodePool>;

/** Entries at hand from which on the pool pays: about 0.15 s of encoding. */
const POOL_FROM_ENTRIES = 16_384;

/** Takes the encoded batches, in order. */
export type BatchSink = (texts: Uint8Array[], entries: number) => Promise<void>;

export class BatchEncoder {
  #factory: EncodePoolFactory | null;
  #pool: EncodePool | null = null;
  readonly #from: number;
  /** The last step that was queued; each waits for the one before it, so outputs are never written by two at a time. */
  #tail: Promise<void> = Promise.resolve();
  #outstanding = 0;
  /** Resolves when one of the outstanding steps is done. */
  #delivered = Promise.withResolvers<void>();

  constructor(factory: EncodePoolFactory | null, poolFromEntries = POOL_FROM_ENTRIES) {
    this.#factory = factory;
    this.#from = poolFromEntries;
  }

  /** True once jobs go to the pool. */
  get pooled(): boolean {
    return this.#pool !== null;
  }

  /** Starts the pool when `entries` are enough work for it. A pool that does not start is done without. */
  async #ready(entries: number): Promise<void> {
    if (this.#factory === null || entries < this.#from) return;
    const factory = this.#factory;
    this.#factory = null;
    this.#pool = await factory().catch(() => null);
  }

  /**
   * Encodes `entries` in batches and hands each to `sink`, behind everything handed over before. `atHand` says how many
   * entries the caller will bring in all. Resolves when `entries` may be overwritten; `drain()` waits for the deliveries.
   * @throws what `sink` throws
   */
  async encode(
    entries: Uint8Array,
    context: RecordContext,
    formats: readonly FlowFormat[],
    atHand: number,
    sink: BatchSink,
  ): Promise<void> {
    await this.#ready(atHand);
    const inPool = this.#pool !== null && atHand >= BATCH_ENTRIES;
    for (let at = 0; at < entries.length; ) {
      const { end, rows: count } = batchEnd(entries, at, BATCH_ENTRIES);
      const batch = entries.subarray(at, end);
      at = end;
      if (inPool) await this.#enqueue(batch, context, formats, count, sink);
      else {
        if (this.#outstanding > 0) await this.drain();
        await sink(encodeBatch({ entries: batch, context, formats }), count);
      }
    }
  }

  /** Waits for a slot, then sends the batch to the pool and its delivery to the end of the queue. */
  async #enqueue(batch: Uint8Array, context: RecordContext, formats: readonly FlowFormat[], count: number, sink: BatchSink): Promise<void> {
    while (this.#pool !== null && this.#outstanding >= this.#pool.slots) await this.#delivered.promise;
    const task = detachedTask(batch, context, formats);
    const texts = this.#run(task);
    texts.catch(() => {});
    this.#append(async () => sink(await texts, count));
  }

  /** Puts a step behind everything handed over before. The step's failure is thrown by drain() and ends the queue. */
  #append(step: () => Promise<void>): void {
    const before = this.#tail;
    this.#outstanding++;
    this.#tail = (async () => {
      try {
        await before;
        await step();
      } finally {
        this.#outstanding--;
        this.#delivered.resolve();
        this.#delivered = Promise.withResolvers();
      }
    })();
    this.#tail.catch(() => {});
  }

  /** Does `step` (a flush) behind everything handed over before: at once when nothing is under way, else without waiting. */
  async inOrder(step: () => Promise<void>): Promise<void> {
    if (this.#outstanding === 0) await step();
    else this.#append(step);
  }

  /** The pool's answer; when a worker dies of the task (memory), the task is done here and the pool is not asked again. */
  async #run(task: EncodeTask): Promise<Uint8Array[]> {
    const pool = this.#pool;
    if (pool === null) return encodeBatch(task);
    try {
      return await pool.run(task);
    } catch {
      if (this.#pool === pool) {
        this.#pool = null;
        await pool.close().catch(() => {});
      }
      return encodeBatch(task);
    }
  }

  /** Waits until every batch has been delivered. */
  async drain(): Promise<void> {
    await this.#tail;
  }

  /** Ends the pool's threads. Nothing may be encoded any more. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = null;
    this.#factory = null;
    await this.#tail.catch(() => {});
    await pool?.close();
  }
}
