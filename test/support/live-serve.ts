/** A `weir serve` inside a namespace, asked from inside it: the test itself has no way in. */
import { readdirSync, readFileSync } from 'node:fs';
import { receiving } from '../live/capture-run.ts';
import type { Network } from '../live/namespaces.ts';
import { type CommandResult, type Started, until } from './command.ts';
import { cleanEnvironment, weirEntry } from './weir-command.ts';

const START_MS = 30_000;
const STOP_MS = 20_000;

export interface LiveServeOptions {
  /** Receiving packet sockets to wait for. */
  sockets?: number;
  /** A command that becomes the service, e.g. `setpriv` with its options; it must keep the process id. */
  through?: string[];
  env?: NodeJS.ProcessEnv;
}

export class LiveServe implements AsyncDisposable {
  readonly process: Started;
  readonly #url: string;
  readonly #network: Network;
  readonly #space: string;

  private constructor(process: Started, url: string, network: Network, space: string) {
    this.process = process;
    this.#url = url;
    this.#network = network;
    this.#space = space;
  }

  /** Resolves when it answers and its sockets receive; rejects with what it printed when it ends before. */
  static async start(network: Network, space: string, args: string[], options: LiveServeOptions = {}): Promise<LiveServe> {
    const { sockets = 1, through = [], env = {} } = options;
    const command = [...through, globalThis.process.execPath, weirEntry(), 'serve', '--port', '0', ...args];
    const process = network.start(space, command[0], command.slice(1), { env: cleanEnvironment(env), cwd: '/' });
    const address = /^dashboard and API: (\S+?),?(?: |$)/m;
    await until(
      `the address of ${process.label}`,
      () => {
        if (!process.running) throw new Error(`${process.label} ended early\n${process.stdout}${process.stderr}`);
        return address.test(process.stdout);
      },
      START_MS,
    );
    await receiving(process, sockets);
    return new LiveServe(process, (address.exec(process.stdout) as RegExpExecArray)[1], network, space);
  }

  async get<T>(path: string): Promise<T> {
    const options = ['-sS', '--fail-with-body', '--max-time', '10'];
    const { stdout } = await this.#network.mustRun(this.#space, 'curl', [...options, `${this.#url}/api/v1${path}`]);
    return JSON.parse(stdout) as T;
  }

  /** `weir ARGS --url URL` beside it. */
  ask(...args: string[]): Promise<CommandResult> {
    const command = [weirEntry(), ...args, '--url', this.#url];
    return this.#network.run(this.#space, process.execPath, command, { env: cleanEnvironment() });
  }

  /** A line of the kernel's status of each of its threads, e.g. `CapEff`; one entry per different value. */
  threadStatus(name: string): string[] {
    const { pid } = this.process;
    const lines = readdirSync(`/proc/${pid}/task`).map((task) => {
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8');
      return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1] ?? '';
    });
    return [...new Set(lines)];
  }

  /** Ends it and expects exit code 0. */
  async stop(): Promise<void> {
    const { code, signal, stdout, stderr } = await this.process.stop('SIGTERM', STOP_MS);
    if (code !== 0) throw new Error(`the service ended with ${code ?? signal}\n${stdout}\n${stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.running) await this.process.stop('SIGKILL').catch(() => {});
  }
}
