/**
 * The thread of a shard. It drains its rings until they are empty, naps a few times, and then returns to the event
 * loop; a capture thread that publishes while `sleeping` is set calls the waker, which drains again.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type Parsers, Registry } from '../app/registry.ts';
import { reserveRows } from '../flow/lives.ts';
import { loadDpi } from '../native/dpi.ts';
import type { Waker } from '../native/engine.ts';
import { loadAddon } from '../native/load.ts';
import type { AppParts } from './app-layer.ts';
import { ShardCore } from './core.ts';
import { LateParsers, loadParsers } from './late-parsers.ts';
import { isHalfFull } from './overload.ts';
import { Pacing } from './pacing.ts';
import { type AppOptions, type SensorMessage, ShardCounter, type ShardData, type ShardMessage } from './protocol.ts';
import { rehearse } from './rehearsal.ts';

/** Drains without a look at the event loop; about 20 ms under full load. */
const DRAINS_PER_TURN = 16;

class ShardWorker {
  private readonly data: ShardData;
  private readonly pacing: Pacing;
  private readonly core: ShardCore;
  private readonly waker: Waker;
  private isScheduled = false;
  private isDone = false;

  constructor(data: ShardData, parts: AppParts | null) {
    this.data = data;
    this.pacing = new Pacing(data.control, data.live, () => isHalfFull(this.core.readers));
    const addon = loadAddon(data.addonPath);
    this.core = new ShardCore(
      data,
      {
        tick: (message) => {
          post(message);
          if (!message.final) this.pacing.waitForMerge(message.tick);
        },
        waitForSpace: () => this.waitForSpace(),
        advise: { random: (memory) => addon.preferHugePages(memory), unused: (memory) => addon.discardMemory(memory) },
        createFastPath: (memory) => new addon.FastPath(memory),
        createAppFlows: (memory) => new addon.AppFlows(memory),
      },
      parts,
    );
    this.waker = addon.createWaker(() => this.turn());
    for (const reader of this.core.readers) reader.attachWaker(this.waker.id);
  }

  start(): void {
    post({ type: 'ready', shard: this.data.shard });
    this.schedule();
  }

  receive(message: SensorMessage): void {
    if (message.type === 'snapshot') {
      const { rows, count, notes } = this.core.snapshot(message.limit);
      post({ type: 'snapshot', shard: this.data.shard, id: message.id, rows, count, notes });
    } else this.turn();
  }

  /** One turn of the event loop: drains for a while, then goes on, or sleeps. */
  private turn(): void {
    if (this.isDone) return;
    for (const reader of this.core.readers) reader.awake();
    for (let i = 0; i < DRAINS_PER_TURN; i++) {
      const state = this.pacing.isAborted ? 'final' : this.core.drain();
      if (state === 'final') {
        this.finish();
        return;
      }
      if (state === 'progress') {
        this.pacing.refresh();
        if (this.data.slowMs > 0) this.pacing.pause(this.data.slowMs);
      } else if (!this.pacing.nap() && this.sleeps()) return;
    }
    this.schedule();
  }

  /**
   * Sets `sleeping` on every ring, then looks once more: what a capture thread published before it could see the flag
   * is drained here, and what it publishes later makes it call the waker. True = nothing to do, sleep.
   */
  private sleeps(): boolean {
    for (const reader of this.core.readers) reader.announceSleep();
    const state = this.core.drain();
    if (state === 'empty') {
      this.pacing.refresh();
      return true;
    }
    for (const reader of this.core.readers) reader.awake();
    if (state === 'final') this.finish();
    return false;
  }

  private schedule(): void {
    if (this.isScheduled || this.isDone) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.turn();
    });
  }

  private waitForSpace(): boolean {
    const taken = this.core.rowsTaken;
    if (this.pacing.hasGivenUp(taken)) return false;
    post({ type: 'rows', shard: this.data.shard, entriesWritten: this.core.entriesWritten });
    const { tally } = this.core.lives;
    tally[ShardCounter.OUTBOX_WAITS] = tally[ShardCounter.OUTBOX_WAITS] + 1;
    return this.pacing.waitForRows(taken);
  }

  private finish(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.waker.close();
    parentPort?.close();
  }
}

function post(message: ShardMessage): void {
  parentPort?.postMessage(message);
}

/** Flows that libndpi may look at at once, over all shards: about 3 KB each. */
const NDPI_FLOWS = 65_536;

async function appParts({ app, shards, flow }: ShardData): Promise<AppParts | null> {
  if (app === null) return null;
  const registry = await parsersOf(app);
  const maxSlots = reserveRows(flow.maxFlows, shards);
  const detector = app.ndpi ? (loadDpi()?.createDetector({ shards, maxFlows: NDPI_FLOWS, maxSlots }) ?? null) : null;
  return { registry, detector };
}

/** A hundred files that a sensor without our parsers has no use for, and a replay perhaps not. */
async function parsersOf({ builtin, live, ndpi, transactions, events }: AppOptions): Promise<Parsers> {
  if (!builtin) return new Registry([], []);
  const mayDoWithout = !live && !ndpi && !transactions && !events;
  return mayDoWithout ? new LateParsers(loadParsers) : (await import('../app/dissectors.ts')).createRegistry();
}

if (!isMainThread && parentPort !== null) {
  const data = workerData as ShardData;
  if (data.rehearse) await rehearse(data, loadAddon(data.addonPath), await appParts(data));
  const worker = new ShardWorker(data, await appParts(data));
  parentPort.on('message', (message: SensorMessage) => worker.receive(message));
  worker.start();
}
