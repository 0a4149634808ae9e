/**
 * The shards of one sensor: their memory, their workers, and what happens when one dies.
 *
 * Live, a dead shard is replaced (at most MOST_RESTARTS times): the successor goes on in the same rings where the dead
 * one had last published its position; the flows it held are counted as lost. In a replay a dead shard ends the run,
 * because results would no longer be those of the file.
 */
import { Worker } from 'node:worker_threads';
import { reclaimCredits } from '../flow/credits.ts';
import { rowOffsets } from '../flow/entry.ts';
import { OUTBOX_ENTRY_BYTES, ROW_BYTES } from '../flow/row.ts';
import type { LostWithShards } from '../merge/ledger-input.ts';
import { ANNOTATION_KINDS, countUnread } from '../ring/unread.ts';
import { createOutbox, OutboxReader } from '../shard/outbox.ts';
import {
  Control,
  type SensorMessage,
  ShardCounter,
  type ShardData,
  type ShardMessage,
  type SnapshotMessage,
  type TickMessage,
} from '../shard/protocol.ts';

/** A live flow as it is now: ROW_BYTES, and what the application layer says of it. */
export interface LiveFlow {
  row: Uint8Array;
  note: string;
}

const MOST_RESTARTS = 3;
/** How long destroy() waits for a worker to end by itself before it is terminated. */
const END_WAIT_MS = 2000;
/**
 * Of a shard's own objects; rings, tables and heads are beside them. Left alone, V8 lets garbage grow to 128 MB of young
 * objects and four times what lives. The second number is ten times what a full application layer was seen to need: below
 * it V8 collects earlier, at it a shard would die.
 */
const SHARD_MEMORY = { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 1024 };

export interface ShardSetOptions {
  shards: number;
  /** `rings[thread][shard]`. */
  rings: Uint8Array[][];
  outboxRows: number;
  /** A shard that dies is replaced. */
  replace: boolean;
  data: Pick<
    ShardData,
    'flow' | 'app' | 'detect' | 'processes' | 'wantRows' | 'topFlows' | 'summaryFlows' | 'addonPath' | 'live' | 'rehearse' | 'slowMs'
  >;
  credits: SharedArrayBuffer;
  onTick(message: TickMessage): void;
  onRows(shard: number, entriesWritten: number): void;
  /** A shard died; `restarted` says whether a successor took over. */
  onLost(shard: number, cause: string, restarted: boolean): void;
}

interface Shard {
  worker: Worker;
  control: Int32Array;
  counters: Float64Array;
  outbox: OutboxReader;
  restarts: number;
  /** True once the final tick came or the shard was given up. */
  ended: boolean;
  exited: Promise<void>;
}

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? '../shard/worker.ts' : '../shard/worker.js', import.meta.url);

export class ShardSet {
  readonly #options: ShardSetOptions;
  readonly #shards: Shard[] = [];
  /** Counters of shards that died, kept for the ledger. */
  readonly #buried: Float64Array[] = [];
  readonly #lost: LostWithShards = { packets: 0, bytes: 0, annotations: 0, flows: 0, outerFlows: 0, flowPackets: 0, flowBytes: 0 };
  readonly #snapshots = new Map<string, (flows: LiveFlow[]) => void>();
  #snapshotId = 0;
  #rowsTaken = 0;
  #entriesTaken = 0;
  #ackedTick = 0;
  #destroyed = false;

  constructor(options: ShardSetOptions) {
    this.#options = options;
  }

  /** Starts every worker; resolves when all of them listen. */
  async start(): Promise<void> {
    const ready: Promise<void>[] = [];
    for (let index = 0; index < this.#options.shards; index++) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      ready.push(promise);
      this.#shards.push(this.#spawn(index, 0, resolve, reject));
    }
    await Promise.all(ready);
  }

  #spawn(index: number, restarts: number, onReady: () => void, onFailure: (error: Error) => void): Shard {
    const { rings, outboxRows, data, credits, shards } = this.#options;
    const outbox = createOutbox(outboxRows);
    const control = new SharedArrayBuffer(Control.WORDS * 4);
    // A successor counts its ticks where the others are, not from the start of the capture.
    new Int32Array(control)[Control.ACKED_TICK] = this.#ackedTick;
    const counters = new SharedArrayBuffer(ShardCounter.SLOTS * 8);
    const workerData: ShardData = {
      shard: index,
      shards,
      rings: rings.map((thread) => thread[index]),
      outbox,
      control,
      counters,
      credits,
      ...data,
      // A successor is needed at once.
      rehearse: data.rehearse && restarts === 0,
    };
    const worker = new Worker(workerUrl, { workerData, name: `weir-shard-${index}`, execArgv: [], resourceLimits: SHARD_MEMORY });
    const { promise: exited, resolve: onExit } = Promise.withResolvers<void>();
    const shard: Shard = {
      worker,
      control: new Int32Array(control),
      counters: new Float64Array(counters),
      outbox: new OutboxReader(outbox, control),
      restarts,
      ended: false,
      exited,
    };
    let cause = 'it ended by itself';
    worker.on('message', (message: ShardMessage) => {
      if (message.type === 'ready') onReady();
      else this.#receive(shard, message);
    });
    worker.on('error', (error) => {
      cause = error instanceof Error ? error.message : String(error);
      onFailure(new Error(`shard ${index}: ${cause}`, { cause: error }));
    });
    worker.on('exit', () => {
      onExit();
      if (!shard.ended && !this.#destroyed) this.#bury(index, shard, cause);
    });
    return shard;
  }

  #receive(shard: Shard, message: Exclude<ShardMessage, { type: 'ready' }>): void {
    if (this.#destroyed || shard.ended) return;
    if (message.type === 'snapshot') {
      this.#answer(message);
      return;
    }
    if (message.type === 'rows') {
      this.#options.onRows(message.shard, message.entriesWritten);
      return;
    }
    if (message.final) shard.ended = true;
    this.#options.onTick(message);
  }

  /** Takes what a dead shard had finished, counts what it took with it, and replaces it where that is allowed. */
  #bury(index: number, shard: Shard, cause: string): void {
    shard.ended = true;
    const at = (slot: number) => shard.counters[slot];
    // Up to what its counters say, not all that lies in the outbox: the records behind are of a batch that its successor
    // will read again.
    this.#options.onRows(index, at(ShardCounter.ENTRIES_WRITTEN));
    reclaimCredits(this.#options.credits, index);
    this.#lost.flows += at(ShardCounter.FLOWS_LIVE);
    this.#lost.outerFlows += at(ShardCounter.OUTER_LIVE);
    this.#lost.flowPackets += at(ShardCounter.LIVE_PACKETS);
    this.#lost.flowBytes += at(ShardCounter.LIVE_BYTES);
    // Its flows are lost, not live: they are counted above.
    const { FLOWS_LIVE, OUTER_LIVE, LIVE_PACKETS, LIVE_BYTES } = ShardCounter;
    for (const slot of [FLOWS_LIVE, OUTER_LIVE, LIVE_PACKETS, LIVE_BYTES]) shard.counters[slot] = 0;
    const restart = this.#options.replace && shard.restarts < MOST_RESTARTS;
    if (restart) {
      this.#buried.push(shard.counters);
      const failed = (error: Error) => this.#options.onLost(index, error.message, false);
      this.#shards[index] = this.#spawn(index, shard.restarts + 1, () => {}, failed);
    }
    this.#options.onLost(index, cause, restart);
  }

  /** Copies out the rows that a shard has written up to `entriesWritten` (from a message); whole outbox entries. */
  takeRows(index: number, entriesWritten: number): Uint8Array[] {
    const { outbox } = this.#shards[index];
    const spans: Uint8Array[] = [];
    let entries = 0;
    for (const { bytes, start, count } of outbox.spans(entriesWritten)) {
      entries += count;
      spans.push(bytes.subarray(start, start + count * OUTBOX_ENTRY_BYTES));
    }
    if (entries === 0) return [];
    // One piece, because a record with its note may go on at the start of the ring.
    const copy = new Uint8Array(entries * OUTBOX_ENTRY_BYTES);
    let at = 0;
    for (const span of spans) {
      copy.set(span, at);
      at += span.length;
    }
    outbox.release(entries);
    this.#entriesTaken += entries;
    for (const _ of rowOffsets(copy)) this.#rowsTaken++;
    return [copy];
  }

  /** Copies of live flows, `limit` of each shard at most. Shards that die meanwhile give none. */
  async snapshot(limit: number): Promise<LiveFlow[]> {
    const id = ++this.#snapshotId;
    const answers = this.#shards.map((shard, index) => {
      if (shard.ended) return Promise.resolve<LiveFlow[]>([]);
      const { promise, resolve } = Promise.withResolvers<LiveFlow[]>();
      this.#snapshots.set(`${id}/${index}`, resolve);
      shard.worker.postMessage({ type: 'snapshot', id, limit } satisfies SensorMessage);
      return Promise.race([promise, shard.exited.then(() => [])]);
    });
    return (await Promise.all(answers)).flat();
  }

  #answer({ id, shard, rows, count, notes }: SnapshotMessage): void {
    const key = `${id}/${shard}`;
    const flows = Array.from({ length: count }, (_, index) => ({
      row: rows.subarray(index * ROW_BYTES, (index + 1) * ROW_BYTES),
      note: notes[index] ?? '',
    }));
    this.#snapshots.get(key)?.(flows);
    this.#snapshots.delete(key);
  }

  /** Tells the shards that a tick is merged, so that they may run further ahead. */
  acknowledge(tick: number): void {
    this.#ackedTick = tick;
    for (const shard of this.#shards) {
      Atomics.store(shard.control, Control.ACKED_TICK, tick);
      Atomics.notify(shard.control, Control.ACKED_TICK);
    }
  }

  /** Counters of all shards, dead ones included. Exact at a tick and at the end. */
  counters(): Float64Array[] {
    return [...this.#buried, ...this.#shards.map((shard) => shard.counters)];
  }

  get entriesTaken(): number {
    return this.#entriesTaken;
  }

  get rowsTaken(): number {
    return this.#rowsTaken;
  }

  /**
   * What died with shards. At the end of a run the records that nobody has read are counted by walking the rings:
   * a number of its own, not the rest of an identity.
   */
  lost(finished: boolean): LostWithShards {
    const total = { ...this.#lost };
    if (!finished) return total;
    for (const thread of this.#options.rings) {
      for (const ring of thread) {
        for (const record of countUnread(ring)) {
          if (ANNOTATION_KINDS.has(record.kind)) total.annotations++;
          else {
            total.packets++;
            total.bytes += record.wireLen;
          }
        }
      }
    }
    return total;
  }

  /** Ends every worker: they see ABORT, and are terminated when they do not end by themselves. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    await Promise.all(
      this.#shards.map(async (shard) => {
        Atomics.store(shard.control, Control.ABORT, 1);
        Atomics.notify(shard.control, Control.ACKED_TICK);
        Atomics.notify(shard.control, Control.ENTRIES_TAKEN);
        shard.worker.postMessage({ type: 'stop' });
        const timer = setTimeout(() => void shard.worker.terminate(), END_WAIT_MS);
        await shard.exited;
        clearTimeout(timer);
      }),
    );
  }
}
