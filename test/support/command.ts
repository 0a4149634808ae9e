/** Child processes of tests: run to the end with a bounded wait, or started and ended by their own id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface CommandResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Milliseconds until the process is killed and the promise rejects; 60,000 by default. */
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  input?: string | Uint8Array;
}

/** Whether an executable of that name is on PATH (or in the administrator's folders, which PATH may lack). */
export function hasCommand(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Names out of `names` that are not installed. */
export function missingCommands(names: string[]): string[] {
  return names.filter((name) => !hasCommand(name));
}

/** A started process with everything that it printed so far. */
export class Started {
  readonly child: ChildProcess;
  readonly label: string;
  stdout = '';
  stderr = '';
  readonly ended: Promise<CommandResult>;

  constructor(command: string, args: string[], options: CommandOptions = {}) {
    this.label = [command, ...args].join(' ');
    this.child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env), LC_ALL: 'C', TZ: 'UTC' },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdin?.end(options.input);
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.label} did not start`);
    return this.child.pid;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits for the end; kills the process and rejects when it takes longer than `timeoutMs`. */
  async wait(timeoutMs: number): Promise<CommandResult> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.child.kill('SIGKILL');
        reject(new Error(`${this.label}: still running after ${timeoutMs} ms\n${this.stdout.slice(-1000)}${this.stderr.slice(-1000)}`));
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends the signal and waits for the end, at most `timeoutMs`. */
  async stop(signal: NodeJS.Signals, timeoutMs = 10_000): Promise<CommandResult> {
    if (this.running) this.child.kill(signal);
    return this.wait(timeoutMs);
  }
}

export function runCommand(command: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Started(command, args, options).wait(options.timeoutMs ?? 60_000);
}

/** The end of a long output, where programs say why they end. */
function lastLines(text: string, most = 60): string {
  const lines = text.split('\n');
  return lines.length <= most ? text : `(${lines.length - most} lines before)\n${lines.slice(-most).join('\n')}`;
}

/** Like runCommand, and rejects with how the command ended and what it printed last unless it ended with 0. */
export async function mustRun(command: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  const started = performance.now();
  const result = await runCommand(command, args, options);
  if (result.code !== 0) {
    const how = result.signal === null ? `ended with ${result.code}` : `was killed by ${result.signal}`;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    throw new Error(`${command} ${args.join(' ')} ${how} after ${seconds} s\n${lastLines(result.stdout)}${lastLines(result.stderr)}`);
  }
  return result;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Polls until `probe` gives something other than null, undefined or false; rejects after `timeoutMs`. */
export async function until<T>(what: string, probe: () => T | Promise<T>, timeoutMs = 10_000, everyMs = 25): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(everyMs);
  }
}
