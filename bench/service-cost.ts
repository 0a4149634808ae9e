/**
 * What a service costs beside a replay that does the same work: DPI, rules, devices, history and one open page, on the IMIX
 * capture at full speed, in turn.
 *
 *   node bench/service-cost.ts [--rounds 3]
 *
 * Runs what was built. Prints the wall times, a service's until it says that the replay has ended, and the largest resident sets.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { loadAddon } from '../src/native/load.ts';
import { prepareCaptures, warmPageCache } from './captures.ts';
import { median } from './statistics.ts';

interface Run {
  secs: number;
  peakMib: number;
}

const POLL_MS = 200;
const PAGE_POLLS = 10;
const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });

/** Largest resident set so far; 0 when the process has ended. */
function peakMib({ pid }: ChildProcess): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** `isOver` is asked again and again; the program is told to end then. */
async function measured(args: string[], isOver: (output: string) => Promise<boolean>): Promise<Run> {
  const begun = performance.now();
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      output += text.toString();
    });
  let peak = 0;
  while (child.exitCode === null && !(await isOver(output))) {
    peak = Math.max(peak, peakMib(child));
    await sleep(POLL_MS);
  }
  const secs = (performance.now() - begun) / 1000;
  peak = Math.max(peak, peakMib(child));
  if (child.exitCode === null) child.kill('SIGTERM');
  await exited;
  if (child.exitCode !== 0) throw new Error(`${args[0]} ended with ${child.exitCode}: ${output}`);
  return { secs, peakMib: peak };
}

const replay = (capture: string): Promise<Run> =>
  measured(['replay', capture, '--quiet', '--dpi', 'both', '--anomalies'], async () => false);

/** Asks for what an open page asks for, every two seconds. */
class Page {
  readonly #address: string;
  readonly #socket: WebSocket;
  #polls = 0;

  constructor(address: string) {
    this.#address = address;
    this.#socket = new WebSocket(`${address.replace('http', 'ws')}/ws`);
  }

  async hasEnded(): Promise<boolean> {
    if (this.#polls++ % PAGE_POLLS === 0) for (const path of ['devices?limit=100', 'flows?limit=100', 'alerts']) await this.#get(path);
    const stats = (await this.#get('stats')) as { sensor: { state: string } };
    return stats.sensor.state !== 'running';
  }

  close(): void {
    this.#socket.terminate();
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(`${this.#address}/api/v1/${path}`)).json();
  }
}

async function serve(capture: string): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-cost-'));
  const args = ['serve', '--replay', capture, '--speed', 'max', '--dpi', 'both', '--data-dir', folder, '--port', '0'];
  let page: Page | null = null;
  try {
    return await measured(args, async (output) => {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (address === undefined) return false;
      page ??= new Page(address);
      return page.hasEnded();
    });
  } finally {
    (page as Page | null)?.close();
    rmSync(folder, { recursive: true });
  }
}

const [capture] = prepareCaptures(loadAddon(), false, new Set(['imix']), (line) => console.error(line));
await warmPageCache(capture);
const runs: { replay: Run; serve: Run }[] = [];
for (let round = 1; round <= Number(flags.rounds); round++) {
  const run = { replay: await replay(capture.path), serve: await serve(capture.path) };
  runs.push(run);
  for (const [name, { secs, peakMib }] of Object.entries(run))
    console.log(`${round} ${name.padEnd(7)} ${secs.toFixed(1)} s, ${peakMib.toFixed(0)} MB`);
}
const ratio = median(runs.map((run) => run.serve.secs)) / median(runs.map((run) => run.replay.secs));
console.log(
  `serve over replay: ${ratio.toFixed(2)} × wall (wanted 1.5), at most ${Math.max(...runs.map((run) => run.serve.peakMib)).toFixed(0)} MB (wanted 400)`,
);
