/** A `weir serve` of a test: started, awaited until it answers, asked, stopped. */
import { expect } from 'vitest';
import { type CommandResult, type Started, until } from './command.ts';
import { startWeir, type WeirOptions } from './weir-command.ts';

const START_MS = 60_000;
const STOP_MS = 30_000;

export class ServeRun implements AsyncDisposable {
  readonly process: Started;
  /** Without a slash at its end. */
  readonly url: string;

  private constructor(process: Started, url: string) {
    this.process = process;
    this.url = url;
  }

  /** `weir serve --port 0 ARGS`; rejects with what it printed when it ends instead of answering. */
  static async start(args: string[], options: WeirOptions = {}): Promise<ServeRun> {
    const process = startWeir(['serve', '--port', '0', ...args], options);
    const address = /^dashboard and API: (\S+?),?(?: |$)/m;
    await until(
      `the address of ${process.label}`,
      () => {
        if (!process.running) throw new Error(`${process.label} ended early\n${process.stdout}${process.stderr}`);
        return address.test(process.stdout);
      },
      START_MS,
    );
    return new ServeRun(process, (address.exec(process.stdout) as RegExpExecArray)[1]);
  }

  async get<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, { headers });
    expect([path, response.status]).toEqual([path, 200]);
    return (await response.json()) as T;
  }

  /** Until the input has ended and everything of it is in the database. */
  async ended(): Promise<void> {
    interface Figures {
      sensor: { state: string };
      store: { backlog: number };
    }
    await until(
      'the end of the input',
      async () => {
        const response = await fetch(`${this.url}/api/v1/stats`);
        // A service that is behind says so, and asks to be asked again.
        if (response.status === 503) return false;
        expect(response.status).toBe(200);
        const { sensor, store } = (await response.json()) as Figures;
        return sensor.state !== 'running' && store.backlog === 0;
      },
      START_MS,
    );
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<CommandResult> {
    this.process.child.kill(signal);
    return this.process.wait(STOP_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.running) await this.stop('SIGKILL').catch(() => {});
  }
}
