/** A worker thread of the service: started, watched, ended. */
import { type Transferable, Worker } from 'node:worker_threads';
import { SensorError } from '../errors.ts';
import { errorOf, type Problem } from './problem.ts';

/** After being asked to close, before it is ended by force: a transaction and the checkpoint of a large database. */
const CLOSE_MS = 10_000;
/** Of its own objects. Left alone, V8 lets garbage grow to 128 MB of young objects and to four times what lives. */
const MEMORY = { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 1024 };

interface Reply {
  type: string;
  problem?: Problem;
}

export class ServiceThread<In extends { type: string }, Out extends Reply> {
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<Out>();
  readonly #exited = Promise.withResolvers<void>();
  #closing = false;

  /** `onLost` is called when it ends without having been asked to. `name` is what the system shows of it. */
  constructor(
    name: string,
    url: URL,
    start: unknown,
    transfer: Transferable[],
    onReply: (reply: Out) => void,
    onLost: (cause: string) => void,
  ) {
    this.#ready.promise.catch(() => {});
    this.#worker = new Worker(url, { name, workerData: start, transferList: transfer, execArgv: [], resourceLimits: MEMORY });
    this.#worker.on('message', (reply: Out) => {
      if (reply.problem !== undefined) {
        this.#ready.reject(errorOf(reply.problem));
        this.#closing = true;
        void this.#worker.terminate();
      } else this.#ready.resolve(reply);
      onReply(reply);
    });
    let cause = 'it ended by itself';
    this.#worker.on('error', (error) => {
      cause = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('exit', () => {
      this.#ready.reject(new SensorError('INTERNAL', `${name} did not start: ${cause}`));
      this.#exited.resolve();
      if (!this.#closing) onLost(cause);
    });
  }

  /** Its first reply; rejects with the problem that it names. */
  get ready(): Promise<Out> {
    return this.#ready.promise;
  }

  send(message: In, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Lets it finish what it has; resolves when the thread has ended. */
  async close(message: In): Promise<void> {
    this.#closing = true;
    this.#worker.postMessage(message);
    const timer = setTimeout(() => void this.#worker.terminate(), CLOSE_MS);
    await this.#exited.promise;
    clearTimeout(timer);
  }
}
