/**
 * Flow records as an async iterable, with a bounded buffer and a stated policy at the bound:
 * `block` makes the sensor wait for the consumer (a replay slows down; a live capture drops in its rings, counted there);
 * `drop-oldest` forgets the oldest record and counts it in `dropped`.
 */
import type { FlowRecord } from './flow/record.ts';

export interface FlowStreamOptions {
  /** Ends the iteration when aborted. */
  signal?: AbortSignal;
  overflow?: 'block' | 'drop-oldest';
  /** Records buffered before the policy applies. */
  capacity?: number;
}

const DEFAULT_CAPACITY = 1024;

export class FlowStream implements AsyncIterableIterator<FlowRecord, undefined> {
  readonly #capacity: number;
  readonly #overflow: 'block' | 'drop-oldest';
  readonly #buffer: FlowRecord[] = [];
  readonly #onClose: (stream: FlowStream) => void;
  #waiting: PromiseWithResolvers<IteratorResult<FlowRecord, undefined>> | null = null;
  #room: (() => void) | null = null;
  #failure: Error | null = null;
  #closed = false;
  #dropped = 0;

  constructor(options: FlowStreamOptions, onClose: (stream: FlowStream) => void) {
    this.#capacity = Math.max(1, options.capacity ?? DEFAULT_CAPACITY);
    this.#overflow = options.overflow ?? 'block';
    this.#onClose = onClose;
    if (options.signal?.aborted) this.close();
    else options.signal?.addEventListener('abort', () => this.close(), { once: true });
  }

  /** Records that `drop-oldest` gave up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Hands one record over; a promise when the sensor has to wait for room. */
  push(record: FlowRecord): Promise<void> | undefined {
    if (this.#closed) return undefined;
    if (this.#waiting !== null) {
      this.#waiting.resolve({ value: record, done: false });
      this.#waiting = null;
      return undefined;
    }
    this.#buffer.push(record);
    if (this.#buffer.length <= this.#capacity) return undefined;
    if (this.#overflow === 'drop-oldest') {
      this.#buffer.shift();
      this.#dropped++;
      return undefined;
    }
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  /** No more records will come; those buffered are still delivered, then `failure` is thrown if there is one. */
  end(failure: Error | null): void {
    this.#closed = true;
    this.#failure = failure;
    this.#release();
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    this.#failure = null;
    if (failure === null) waiting.resolve({ value: undefined, done: true });
    else waiting.reject(failure);
  }

  /** The consumer leaves: nothing is delivered any more, and nobody waits for it. */
  close(): void {
    this.#buffer.length = 0;
    this.end(null);
    this.#onClose(this);
  }

  async next(): Promise<IteratorResult<FlowRecord, undefined>> {
    const record = this.#buffer.shift();
    if (this.#buffer.length <= this.#capacity / 2) this.#release();
    if (record !== undefined) return { value: record, done: false };
    if (this.#closed) {
      const failure = this.#failure;
      this.#failure = null;
      if (failure !== null) throw failure;
      return { value: undefined, done: true };
    }
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  async return(): Promise<IteratorResult<FlowRecord, undefined>> {
    this.close();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #release(): void {
    const resolve = this.#room;
    this.#room = null;
    resolve?.();
  }
}
