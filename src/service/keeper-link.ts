/**
 * The main thread's end of the keeper: what goes there, and how much may be on its way.
 *
 * A replay waits for the keeper as it waits for every output. A live capture never does: beyond the limit flow records
 * and frames are given up and counted, ticks and alerts still go.
 */
import type { AlertRecord } from '../detect/alert.ts';
import { rowOffsets } from '../flow/entry.ts';
import type { TapPacket } from '../packet/tap-reader.ts';
import type { RecordBatch } from '../sensor-delivery.ts';
import type { KeeperMessage, KeeperReply, KeeperStart, Tallies, TickFacts } from './protocol.ts';
import { ContextSender } from './record-context.ts';
import { ServiceThread } from './thread.ts';

/** Bytes of flow records on their way to the keeper: half a second of its work. */
const ROWS_LIMIT = 64 << 20;
/** In a replay, before more is sent. */
const REPLAY_ROWS_LIMIT = 16 << 20;
/** Frames gathered for one message, and ticks on their way at one time. */
const FRAMES_LIMIT = 4096;
const TICKS_LIMIT = 64;

/** Before the keeper has said anything. */
export const NOTHING: Tallies = { devices: 0, protocols: {}, lostRecords: 0, error: null };

export class KeeperLink {
  readonly #thread: ServiceThread<KeeperMessage, KeeperReply>;
  readonly #live: boolean;
  readonly #context = new ContextSender();
  #rowBytes = 0;
  #records = 0;
  #recordsSinceTick = 0;
  #ticks = 0;
  #room: PromiseWithResolvers<void> | null = null;
  #allKept: PromiseWithResolvers<void> | null = null;
  #discovery: TapPacket[] = [];
  #sample: { frame: TapPacket; interfaceName: string | null }[] = [];
  #tallies = NOTHING;
  #lost = false;
  /** Flow records that a live capture could not wait for. */
  droppedRecords = 0;
  droppedFrames = 0;

  constructor(start: KeeperStart, live: boolean, onLost: (cause: string) => void) {
    this.#live = live;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#thread = new ServiceThread<KeeperMessage, KeeperReply>(
      'weir-keeper',
      new URL(`./keeper-worker.${extension}`, import.meta.url),
      start,
      [start.devicePort, start.questionPort],
      (reply) => this.#receive(reply),
      (cause) => {
        this.#lose();
        onLost(cause);
      },
    );
  }

  /** Opens the database. Rejects with the SensorError that says why it cannot. */
  async open(): Promise<void> {
    this.#thread.send({ type: 'open' });
    await this.#thread.ready;
  }

  get tallies(): Tallies {
    return this.#tallies;
  }

  /** Records that are not in the database yet. */
  get backlog(): number {
    return this.#records;
  }

  get isLost(): boolean {
    return this.#lost;
  }

  #receive(reply: KeeperReply): void {
    if (reply.type === 'failed') this.#lose();
    if (reply.type === 'taken') {
      this.#rowBytes -= reply.rowBytes;
      if (this.#rowBytes <= REPLAY_ROWS_LIMIT) this.#makeRoom();
    }
    if (reply.type !== 'kept') return;
    this.#tallies = reply.tallies;
    this.#records -= reply.records;
    this.#ticks--;
    if (this.#ticks === 0) this.#settle();
  }

  /** Resolves when no tick is on its way to the database any more. */
  settled(): Promise<void> {
    if (this.#ticks === 0 || this.#lost) return Promise.resolve();
    this.#allKept ??= Promise.withResolvers<void>();
    return this.#allKept.promise;
  }

  /** Nothing more will be kept: whoever waits for it goes on. */
  #lose(): void {
    this.#lost = true;
    this.#makeRoom();
    this.#settle();
  }

  #settle(): void {
    this.#allKept?.resolve();
    this.#allKept = null;
  }

  get #isFull(): boolean {
    return this.#rowBytes > ROWS_LIMIT || this.#ticks > TICKS_LIMIT;
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }

  rows(batch: RecordBatch): Promise<void> | undefined {
    const { rows, context } = batch;
    let records = 0;
    for (const _ of rowOffsets(rows)) records++;
    if (this.#lost || (this.#live && this.#isFull)) {
      this.droppedRecords += records;
      return undefined;
    }
    this.#records += records;
    this.#recordsSinceTick += records;
    this.#rowBytes += rows.byteLength;
    this.#thread.send({ type: 'rows', rows, context: this.#context.change(context) }, [rows.buffer as ArrayBuffer]);
    return this.#wait();
  }

  /** The keeper takes the rows of a large tick in parts that are smaller than the limit: it needs no end of the tick. */
  #wait(): Promise<void> | undefined {
    if (this.#live || this.#lost || this.#rowBytes <= REPLAY_ROWS_LIMIT) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  alert(alert: AlertRecord, isNew: boolean): void {
    if (!this.#lost) this.#thread.send({ type: 'alerts', alerts: [alert], added: isNew ? 1 : 0 });
  }

  discovered(packet: TapPacket): void {
    if (this.#discovery.length < FRAMES_LIMIT) this.#discovery.push(packet);
    else this.#sendFrames(packet);
  }

  sampled(frame: TapPacket, interfaceName: string | null): void {
    if (this.#sample.length >= FRAMES_LIMIT) this.#sendFrames(null);
    this.#sample.push({ frame, interfaceName });
  }

  #sendFrames(next: TapPacket | null): void {
    const count = this.#discovery.length + this.#sample.length;
    if (this.#lost || (this.#live && this.#isFull)) this.droppedFrames += count;
    else if (count > 0) this.#thread.send({ type: 'frames', discovery: this.#discovery, sample: this.#sample });
    this.#discovery = next === null ? [] : [next];
    this.#sample = [];
  }

  tick(facts: TickFacts): void {
    this.#sendFrames(null);
    if (this.#lost) return;
    this.#ticks++;
    this.#thread.send({ type: 'tick', facts, records: this.#recordsSinceTick });
    this.#recordsSinceTick = 0;
  }

  async close(): Promise<void> {
    if (!this.#lost) await this.#thread.close({ type: 'close' });
  }
}
