/** Hands flow records to those who iterate over `flows()`, and waits for them as each of them asked for. */
import { rowOffsets } from './flow/entry.ts';
import { materialise, type RecordContext } from './flow/materialise.ts';
import type { FlowRecord } from './flow/record.ts';
import { rowView } from './flow/row-view.ts';
import type { FlowStream } from './flow-stream.ts';

/** After stop(), how long one wait for a consumer may last before its records are given up and counted. */
const STOPPED_CONSUMER_WAIT_MS = 2000;

/** One tick's flow records as they come from the shards, undecoded: for those who hand them to another thread. */
export interface RecordBatch {
  /** Entries of `flow/entry.ts`, in the order of the exports; a copy that the receiver may keep and transfer. */
  rows: Uint8Array;
  context: RecordContext;
}

/** A promise makes the next tick, and with it the shards, wait. */
export interface RecordSink {
  records(batch: RecordBatch): Promise<void> | undefined;
  /** Records and alerts of the tick have been handed to everybody. */
  delivered?(tick: number): Promise<void> | undefined;
}

export class Delivery {
  /** Set by stop(): from then on no wait is endless. */
  stopping = false;
  /** Records given up because a consumer took none after stop(). */
  recordsLost = 0;
  readonly #streams: Set<FlowStream>;
  readonly #sinks: ReadonlySet<RecordSink>;

  constructor(streams: Set<FlowStream>, sinks: ReadonlySet<RecordSink>) {
    this.#streams = streams;
    this.#sinks = sinks;
  }

  /** Records are made only where somebody listens. `rows` are outbox entries in order. */
  async deliver(rows: Uint8Array, context: RecordContext): Promise<void> {
    if (rows.length > 0) for (const sink of this.#sinks) await sink.records({ rows: rows.slice(), context });
    if (this.#streams.size === 0) return;
    const view = rowView(rows);
    for (const offset of rowOffsets(rows)) {
      const record = materialise(view, offset, context);
      for (const stream of this.#streams) await this.#push(stream, record);
    }
  }

  /** Once per tick, after its records. */
  async delivered(tick: number): Promise<void> {
    for (const sink of this.#sinks) await sink.delivered?.(tick);
  }

  async #push(stream: FlowStream, record: FlowRecord): Promise<void> {
    const wait = stream.push(record);
    if (wait === undefined) return;
    if (!this.stopping) return wait;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.recordsLost++;
      stream.close();
      resolve();
    }, STOPPED_CONSUMER_WAIT_MS);
    await Promise.race([wait, promise]);
    clearTimeout(timer);
  }

  end(): void {
    for (const stream of this.#streams) stream.end(null);
  }
}
