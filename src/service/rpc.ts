/**
 * Questions between two threads over a MessagePort: one side calls, the other answers. Errors travel as code, message and
 * hint, so that a SensorError stays one.
 */
import type { MessagePort, Transferable } from 'node:worker_threads';
import { SensorError } from '../errors.ts';
import { errorOf, type Problem, problemOf } from './problem.ts';

/** Questions that wait for their answers at one time; more are refused at once. */
const MOST_PENDING = 1024;

interface Question {
  id: number;
  method: string;
  args: unknown[];
}

type Answer = { id: number; value: unknown } | { id: number; problem: Problem };

/** What the other side can be asked: methods that return a value or a promise of one. */
export type Answers<T> = { [K in keyof T]: (...args: never[]) => unknown };

type Result<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;
type Args<F> = F extends (...args: infer A) => unknown ? A : never;

/** Asks over `port`. After `close`, and for whoever waits then, every question fails. */
export class Caller<T extends Answers<T>> {
  readonly #port: MessagePort;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #next = 1;
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on('message', (answer: Answer) => this.#settle(answer));
    port.on('close', () => this.close());
  }

  call<K extends keyof T & string>(method: K, ...args: Args<T[K]>): Promise<Result<T[K]>> {
    if (this.#closed) return Promise.reject(new SensorError('INTERNAL', 'the other thread has ended'));
    if (this.#pending.size >= MOST_PENDING) return Promise.reject(new SensorError('INTERNAL', 'too many questions at one time'));
    const question: Question = { id: this.#next++, method, args };
    const wait = Promise.withResolvers<unknown>();
    this.#pending.set(question.id, wait);
    this.#port.postMessage(question);
    return wait.promise as Promise<Result<T[K]>>;
  }

  #settle(answer: Answer): void {
    const wait = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('problem' in answer) wait?.reject(errorOf(answer.problem));
    else wait?.resolve(answer.value);
  }

  close(): void {
    this.#closed = true;
    for (const wait of this.#pending.values()) wait.reject(new SensorError('INTERNAL', 'the other thread has ended'));
    this.#pending.clear();
    this.#port.close();
  }
}

/** Answers what comes over `port` with the methods of `target`. */
export function answer<T extends Answers<T>>(port: MessagePort, target: T): void {
  const reply = async ({ id, method, args }: Question): Promise<Answer> => {
    try {
      const found = Object.hasOwn(target, method) ? target[method as keyof T] : undefined;
      if (found === undefined) throw new SensorError('INTERNAL', `there is no ${method}`);
      return { id, value: await found(...(args as never[])) };
    } catch (error) {
      return { id, problem: problemOf(error) };
    }
  };
  port.on('message', (question: Question) => {
    void reply(question).then((answered) => port.postMessage(answered, transferables('value' in answered ? answered.value : null)));
  });
}

/** Large results move instead of being copied. */
function transferables(value: unknown): Transferable[] {
  const bytes = value instanceof Uint8Array ? value : value !== null && typeof value === 'object' && 'file' in value ? value.file : null;
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
    ? [bytes.buffer]
    : [];
}
