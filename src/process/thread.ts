/** The thread that names processes, as the sensor sees it: started, listened to, asked to be done, ended. */
import { Worker } from 'node:worker_threads';
import { SensorError } from '../errors.ts';
import { addonPath } from '../native/load.ts';
import type { ProcessCounts } from './counts.ts';
import { createProcessMemory, ProcessControl, type ProcessMemory, QueryReader } from './memory.ts';
import type { ProcessMessage, ProcessThreadStart } from './protocol.ts';
import type { ProcessAnswer } from './resolver.ts';

/** How long the end of a run waits for answers, and close() for the thread. */
const FLUSH_MS = 1000;
const END_MS = 1000;
/** Of its own objects: some 10 MB are used. */
const MEMORY = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 };

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

export interface ProcessListener {
  onAnswers(answers: readonly ProcessAnswer[]): void;
  /** There are processes whose files this one may not see. */
  onHidden(): void;
  /** The thread died; flows are named no more. */
  onLost(cause: string): void;
}

export class ProcessThread {
  readonly memory: ProcessMemory;
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #rings: QueryReader[];
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<void>();
  readonly #flushes = new Map<number, () => void>();
  #isClosing = false;

  /** Resolves when it knows this host's addresses. `interfaces`: numbers of those that are captured. @throws SensorError INTERNAL */
  static async start(shards: number, interfaces: number[], listener: ProcessListener): Promise<ProcessThread> {
    const thread = new ProcessThread(shards, interfaces, listener);
    await thread.#ready.promise;
    return thread;
  }

  private constructor(shards: number, interfaces: number[], listener: ProcessListener) {
    this.memory = createProcessMemory(shards);
    this.#control = new Int32Array(this.memory.control);
    this.#rings = this.memory.rings.map((ring) => new QueryReader(ring));
    const workerData: ProcessThreadStart = { memory: this.memory, interfaces, addonPath: addonPath() };
    this.#worker = new Worker(workerUrl, { workerData, name: 'weir-processes', execArgv: [], resourceLimits: MEMORY });
    this.#worker.on('message', (message: ProcessMessage) => this.#receive(message, listener));
    let cause = 'it ended by itself';
    this.#worker.on('error', (error) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', () => {
      this.#exited.resolve();
      for (const resolve of this.#flushes.values()) resolve();
      this.#ready.reject(new SensorError('INTERNAL', `the thread that names processes did not start: ${cause}`));
      if (!this.#isClosing) listener.onLost(cause);
    });
    this.#ready.promise.catch(() => {});
  }

  #receive(message: ProcessMessage, listener: ProcessListener): void {
    switch (message.type) {
      case 'ready':
        this.#ready.resolve();
        break;
      case 'answers':
        listener.onAnswers(message.answers);
        break;
      case 'flushed':
        this.#flushes.get(message.count)?.();
        break;
      case 'hidden':
        listener.onHidden();
        break;
    }
  }

  /** Waits, for a bounded time, until every flow that shards have told so far was looked at. */
  async flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const count = Atomics.add(this.#control, ProcessControl.WANTED, 1) + 1;
    this.#flushes.set(count, resolve);
    this.#ring();
    const timer = setTimeout(resolve, FLUSH_MS);
    await Promise.race([promise, this.#exited.promise]);
    clearTimeout(timer);
    this.#flushes.delete(count);
  }

  get counts(): ProcessCounts {
    const at = (word: number) => Atomics.load(this.#control, word) >>> 0;
    const dropped = this.#rings.reduce((sum, ring) => sum + ring.dropped, 0);
    return { flows: at(ProcessControl.FLOWS), named: at(ProcessControl.NAMED), dropped };
  }

  #ring(): void {
    Atomics.add(this.#control, ProcessControl.BELL, 1);
    Atomics.notify(this.#control, ProcessControl.BELL);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    Atomics.store(this.#control, ProcessControl.CLOSED, 1);
    Atomics.notify(this.#control, ProcessControl.CLOSED);
    this.#ring();
    const timer = setTimeout(() => void this.#worker.terminate(), END_MS);
    await this.#exited.promise;
    clearTimeout(timer);
  }
}
