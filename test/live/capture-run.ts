/** A `weir capture` inside a namespace: started, awaited until its sockets receive, stopped by a signal, its files read. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import { type CommandResult, type Started, sleep, until } from '../support/command.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, preloading, readJson, readJsonLines, weirEntry } from '../support/weir-command.ts';
import type { Network } from './namespaces.ts';

/** Packet sockets of a process that receive, by the index of their interface. */
export function packetSockets(pid: number): number[] {
  const inodes = new Set<string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const target = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`));
      if (target !== null) inodes.add(target[1]);
    } catch {
      // Closed between the listing and the reading.
    }
  }
  const sockets = readFileSync(`/proc/${pid}/net/packet`, 'utf8').trim().split('\n').slice(1);
  return sockets
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[5] === '1' && Number(fields[4]) > 0 && inodes.has(fields[8]))
    .map((fields) => Number(fields[4]));
}

/** Waits until the process has `count` receiving packet sockets, then a moment for what it does between opening and reading. */
export async function receiving(process: Started, count = 1): Promise<void> {
  await until(
    `${count} packet sockets of ${process.label}`,
    () => {
      if (!process.running) throw new Error(`${process.label} ended early\n${process.stdout}${process.stderr}`);
      return packetSockets(process.pid).length >= count;
    },
    20_000,
  );
  await sleep(400);
}

export interface CaptureFiles {
  summary: string;
  ledger: string;
  json: string;
  jsonl: string;
}

export class CaptureRun {
  readonly process: Started;
  readonly files: CaptureFiles;

  private constructor(process: Started, files: CaptureFiles) {
    this.process = process;
    this.files = files;
  }

  /**
   * Starts `weir capture --quiet ARGS` with all result files in `folder`, after a module of `test/support/preload` where
   * one is named; resolves when it receives on `sockets` sockets.
   */
  static async start(
    network: Network,
    space: string,
    folder: TemporaryFolder,
    args: string[],
    sockets = 1,
    preload?: string,
    through: string[] = [],
  ): Promise<CaptureRun> {
    const files: CaptureFiles = {
      summary: folder.file('summary.json'),
      ledger: folder.file('ledger.json'),
      json: folder.file('flows.json'),
      jsonl: folder.file('flows.jsonl'),
    };
    const outputs = ['--summary-json', files.summary, '--ledger', files.ledger, '--export-json', files.json, '--flows-jsonl', files.jsonl];
    const node = [...through, globalThis.process.execPath];
    const command = [...node.slice(1), ...preloading(preload), weirEntry(), 'capture', '--quiet', '--assert-ledger', ...outputs, ...args];
    const process = network.start(space, node[0], command, { env: cleanEnvironment() });
    const run = new CaptureRun(process, files);
    await receiving(process, sockets);
    return run;
  }

  /** Ends the run and expects exit code 0; the wait is bounded by the five seconds that a stop may take. */
  async stop(signal: NodeJS.Signals = 'SIGINT', within = 5000): Promise<CommandResult> {
    return this.finished(this.process.stop(signal, within));
  }

  /** Waits for a run that ends by itself. */
  async finish(timeoutMs = 20_000): Promise<CommandResult> {
    return this.finished(this.process.wait(timeoutMs));
  }

  private async finished(end: Promise<CommandResult>): Promise<CommandResult> {
    const result = await end;
    if (result.code !== 0) throw new Error(`capture ended with ${result.code ?? result.signal}\n${result.stdout}\n${result.stderr}`);
    return result;
  }

  flows(): FlowRecord[] {
    return readJson<FlowRecord[]>(this.files.json);
  }

  flowLines(): FlowRecord[] {
    return readJsonLines<FlowRecord>(this.files.jsonl);
  }

  summary(): RunSummary {
    return readJson<RunSummary>(this.files.summary);
  }
}
