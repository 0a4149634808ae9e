/** The processes of this host's flows, for one run: asked for while flows begin, put into the notes of their rows. */
import type { SensorOptions } from './config/options.ts';
import { SensorError } from './errors.ts';
import { ProcessNames } from './merge/process-names.ts';
import type { Addon } from './native/engine.ts';
import type { ProcessCounts } from './process/counts.ts';
import type { ProcessMemory } from './process/memory.ts';
import { PROC_ROOT } from './process/protocol.ts';
import { ProcessThread } from './process/thread.ts';
import { defaultInterface } from './sensor-pipeline.ts';

/** Sockets that are bound to an interface are asked for by its number, one question each. */
const MOST_INTERFACES = 8;

export type Warn = (code: string, message: string) => void;

function interfaceNumbers({ input }: SensorOptions, addon: Pick<Addon, 'listInterfaces'>): number[] {
  const known = addon.listInterfaces();
  if (input.kind !== 'capture') return [];
  const names = input.interfaces.length > 0 || input.active ? input.interfaces : [defaultInterface(known)];
  const wanted = known.filter(({ name, up }) => (names.length === 0 ? up : names.includes(name)));
  return wanted.slice(0, MOST_INTERFACES).map(({ index }) => index);
}

/** @throws SensorError CONFIG where the system cannot be asked */
export function checkProcessLookup(addon: Pick<Addon, 'openProcessLookup'>): void {
  if (addon.openProcessLookup(PROC_ROOT) !== null) return;
  throw new SensorError('CONFIG', '--processes: naming processes needs Linux', { hint: 'leave it out' });
}

export class Processes {
  readonly #names: ProcessNames;
  readonly #thread: ProcessThread;

  /**
   * null when nobody wants them. Resolves when the thread listens.
   * @throws SensorError CONFIG where the system cannot be asked
   */
  static async open(options: SensorOptions, addon: () => Addon, warn: Warn): Promise<Processes | null> {
    if (options.input.kind !== 'capture' || !options.input.processes) return null;
    checkProcessLookup(addon());
    const names = new ProcessNames();
    const thread = await ProcessThread.start(options.tracking.shards, interfaceNumbers(options, addon()), {
      onAnswers: (answers) => names.learn(answers),
      onHidden: () => {
        const message = 'processes of other users are not named: that takes root, or CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH';
        warn('PROCESSES_HIDDEN', message);
      },
      onLost: (cause) => warn('PROCESSES_LOST', `processes are named no more: ${cause}`),
    });
    return new Processes(names, thread);
  }

  private constructor(names: ProcessNames, thread: ProcessThread) {
    this.#names = names;
    this.#thread = thread;
  }

  get memory(): ProcessMemory {
    return this.#thread.memory;
  }

  get counts(): ProcessCounts {
    return this.#thread.counts;
  }

  annotate(entries: Uint8Array): Uint8Array {
    return this.#names.annotate(entries);
  }

  noteOf(row: Uint8Array, note: string): string {
    return this.#names.noteOf(row, note);
  }

  /** Before the last rows: the newest flows have just been told. */
  flush(): Promise<void> {
    return this.#thread.flush();
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
