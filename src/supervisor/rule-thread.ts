/** The sensor's side of one rule file: its thread, and the limits that end it. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { errorLine, errorMessage } from './rule-errors.ts';
import type { RuleFile } from './rule-files.ts';
import {
  type DoneMessage,
  type FromRules,
  type LoadedMessage,
  MEMORY_KEPT,
  MEMORY_USED,
  MEMORY_V8_MIB,
  type RuleFault,
  type RuleFileData,
  type RuleMeta,
  type RuleRun,
  type RuleTerms,
  type ToRules,
  type WireEvent,
} from './rule-protocol.ts';

/** How often a batch's time and memory are looked at; a tenth of the deadline where that is shorter. */
const WATCH_MS = 50;
const MIB = 2 ** 20;
const TOO_LARGE = `used more than ${MEMORY_USED / MIB} MB and was disabled`;

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './rule-worker.ts' : './rule-worker.js', import.meta.url);
// Rules may be TypeScript, and need no package.json beside them: neither is worth a warning.
const execArgv = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

/** `2 s`, `300 ms`. */
const duration = (ms: number) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);

export class RuleThread {
  readonly file: RuleFile;
  rules: readonly RuleMeta[] = [];
  #wants: ReadonlySet<string> = new Set();
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #running: Int32Array;
  readonly #onLost: (fault: RuleFault, rules: number) => void;
  /** Kinds that run. */
  readonly #active = new Set<string>();
  #receive: ((message: FromRules | null) => void) | null = null;
  #ended = false;

  /**
   * `onLost` is told once when the file is out of service: too slow, too large, or its thread ended; `rules` is how many
   * were running, the file itself counting as one.
   */
  constructor(file: RuleFile, terms: RuleTerms, onLost: (fault: RuleFault, rules: number) => void) {
    this.file = file;
    this.#onLost = onLost;
    const { port1, port2 } = new MessageChannel();
    const running = new SharedArrayBuffer(4);
    this.#running = new Int32Array(running).fill(-1);
    this.#port = port1;
    const workerData: RuleFileData = { file: file.file, path: file.path, port: port2, terms, running };
    this.#worker = new Worker(workerUrl, {
      workerData,
      transferList: [port2],
      name: 'weir-rules',
      execArgv,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_V8_MIB, maxYoungGenerationSizeMb: 16 },
      stdout: true,
    });
    // The sensor's own output may be records: what rules print goes to stderr.
    this.#worker.stdout.on('data', (chunk: Uint8Array) => process.stderr.write(chunk));
    this.#port.on('message', (message: FromRules) => this.#settle(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#lose('ended its thread and was disabled', null));
  }

  /** True when no rule of the file runs: its thread is of no use. */
  get isIdle(): boolean {
    return this.#active.size === 0;
  }

  isRunning(kind: string): boolean {
    return this.#active.has(kind);
  }

  wants(type: string): boolean {
    return !this.#ended && this.#wants.has(type);
  }

  /** What the file defines; null when it was lost over it. */
  async load(limitMs: number): Promise<LoadedMessage | null> {
    const message = await this.#answer(limitMs, `took longer than ${duration(limitMs)} to load and is not used`);
    if (message?.type !== 'loaded') return null;
    this.rules = message.rules;
    return message;
  }

  /** Makes the rules that have runs. Resolves with what went wrong. */
  async start(runs: Readonly<Record<string, readonly RuleRun[]>>, limitMs: number): Promise<readonly RuleFault[]> {
    for (const { kind } of this.rules) if ((runs[kind]?.length ?? 0) > 0) this.#active.add(kind);
    if (this.isIdle) return [];
    this.#post({ type: 'start', runs });
    const message = await this.#answer(limitMs, `took longer than ${duration(limitMs)} to load and is not used`);
    if (message?.type !== 'started') return [];
    for (const { kind } of message.faults) if (kind !== null) this.#active.delete(kind);
    this.#wants = new Set(message.wants);
    return message.faults;
  }

  /** Shows events to the rules; null when the file was lost over them. One batch at a time. */
  async run(events: readonly WireEvent[], limitMs: number): Promise<DoneMessage | null> {
    this.#post({ type: 'batch', events });
    const message = await this.#answer(limitMs, `ran longer than ${duration(limitMs)} in one tick and was disabled`);
    if (message?.type !== 'done') return null;
    this.#wants = new Set(message.wants);
    for (const { kind } of message.faults) if (kind !== null) this.#active.delete(kind);
    // What was found before counts all the same.
    if (this.isIdle) void this.close();
    else if (message.memory > MEMORY_KEPT) this.#lose(`keeps more than ${MEMORY_KEPT / MIB} MB and was disabled`, null);
    return message;
  }

  /** Takes the file out of service. */
  disable(what: string): void {
    this.#lose(what, null);
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#settle(null);
    this.#port.close();
    await this.#worker.terminate();
  }

  #post(message: ToRules): void {
    if (!this.#ended) this.#port.postMessage(message);
  }

  #answer(limitMs: number, tooLong: string): Promise<FromRules | null> {
    if (this.#ended) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<FromRules | null>();
    this.#receive = resolve;
    const step = Math.min(WATCH_MS, limitMs / 10);
    let left = limitMs;
    // Time is counted in steps and not read from a clock: when the whole process was held up (stopped, no CPU left), no
    // more than a step passed here either, and the rules are not to blame.
    const timer = setInterval(() => {
      left -= step;
      if (left > 0) this.#watchMemory();
      else if (!this.#drain()) this.#lose(tooLong, this.#culprit());
    }, step);
    return promise.finally(() => clearInterval(timer));
  }

  /** V8 answers in the middle of a loop, too. A thread that has just ended has no answer. */
  #watchMemory(): void {
    this.#worker.getHeapStatistics().then(
      ({ used_heap_size: heap, external_memory: external }) => {
        if (heap + external > MEMORY_USED) this.#lose(TOO_LARGE, this.#culprit());
      },
      () => {},
    );
  }

  /** An answer that came while this thread was busy. */
  #drain(): boolean {
    const waiting: { message: FromRules } | undefined = receiveMessageOnPort(this.#port);
    if (waiting !== undefined) this.#settle(waiting.message);
    return waiting !== undefined;
  }

  #settle(message: FromRules | null): void {
    this.#receive?.(message);
    this.#receive = null;
  }

  #culprit(): RuleMeta | null {
    return this.rules[Atomics.load(this.#running, 0)] ?? null;
  }

  /** An error that nothing in the thread has caught. */
  #fail(error: unknown): void {
    const isMemory = (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    const what = isMemory ? TOO_LARGE : `threw "${errorMessage(error)}" and was disabled`;
    this.#lose(what, this.#culprit(), errorLine(error, this.file.path));
  }

  #lose(what: string, culprit: RuleMeta | null, line: number | null = null): void {
    if (this.#ended) return;
    this.#drain();
    void this.close();
    const others = [...this.#active].filter((kind) => kind !== culprit?.kind);
    const rest = others.length === 0 ? '' : ` (with its rules: ${others.join(', ')})`;
    const also = others.length === 0 ? '' : ` (with it: ${others.join(', ')})`;
    const text = culprit === null ? `${what}${rest}` : `rule ${culprit.kind} ${what}${also}`;
    const lost = Math.max(1, this.#active.size);
    this.#active.clear();
    this.#onLost({ kind: culprit?.kind ?? null, line, what: text }, lost);
  }
}
