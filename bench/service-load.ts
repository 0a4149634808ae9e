/**
 * A service under load: packets at a rate that is not slowed by anything, WebSocket clients of which some do not read, and
 * requests.
 *
 *   node bench/service-load.ts [--secs 60] [--pps 1000000] [--clients 50] [--silent 5] [--requests 200]
 *
 * Prints what was captured and dropped, how long `/api/v1/flows?limit=100` took beside the same without packets, and the
 * memory of the process, then one line of JSON.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocket } from 'ws';
import { DEFAULT_SERVICE } from '../src/config/service-options.ts';
import { loadAddon } from '../src/native/load.ts';
import { Service } from '../src/service/service.ts';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values: flags } = parseArgs({
  options: { secs: text('60'), pps: text('1000000'), clients: text('50'), silent: text('5'), requests: text('200') },
});
const [secs, pps, clients, silent, requests] = [flags.secs, flags.pps, flags.clients, flags.silent, flags.requests].map(Number);

const MOST_FRAMES = 2_000_000;
const MIB = 1024 * 1024;

/** A capture of small packets in 20,000 flows; a rate repeats it as often as it takes. */
function captureOf(frames: number): string {
  const folder = fileURLToPath(new URL('./captures/', import.meta.url));
  const path = `${folder}service-${frames}.pcap`;
  mkdirSync(folder, { recursive: true });
  const spec = { kind: 'generator', profile: 'small', packets: frames, flows: 20_000, seed: 1, rate: pps } as const;
  if (!existsSync(path)) loadAddon().writeCapture(spec, path);
  return path;
}

interface Answers {
  times: number[];
  failed: number;
}

/** Asks at an even rate, whether or not the answers have come. */
async function ask(address: string, count: number): Promise<Answers> {
  const answers: Answers = { times: [], failed: 0 };
  const waiting: Promise<void>[] = [];
  const begun = performance.now();
  for (let index = 0; index < count; index++) {
    const due = begun + (index * 1000) / requests - performance.now();
    if (due > 0) await sleep(due);
    const sent = performance.now();
    const answer = fetch(`${address}/api/v1/flows?limit=100`)
      .then((response) => response.arrayBuffer().then(() => response.ok))
      .catch(() => false)
      .then((ok) => {
        if (ok) answers.times.push(performance.now() - sent);
        else answers.failed++;
      });
    waiting.push(answer);
  }
  await Promise.all(waiting);
  return answers;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Clients that count frames; the silent ones stop reading after the first. */
function listen(address: string): { frames: number[]; close: () => void } {
  const frames = new Array<number>(clients).fill(0);
  const sockets = frames.map((_, index) => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws`);
    socket.on('error', () => {});
    socket.on('message', (message: Buffer) => {
      if (message.subarray(0, 15).toString() === '{"type":"frame"') frames[index]++;
      if (index < silent) socket.pause();
    });
    return socket;
  });
  const close = () => {
    for (const socket of sockets) socket.terminate();
  };
  return { frames, close };
}

const frames = Math.min(MOST_FRAMES, pps * secs);
const settings = {
  input: {
    kind: 'replay' as const,
    files: [captureOf(frames)],
    speed: { mode: 'rate' as const, pps },
    // The baseline, the load, and a rest that nobody waits for.
    loop: Math.ceil((pps * (secs + 20)) / frames),
  },
  fault: { seed: 1, dropWhenFull: true },
};
const config = () => ({ settings: [], rules: [] });

const idle = new Service(
  { input: { kind: 'replay', files: settings.input.files, speed: { mode: 'rate', pps: 1000 } } },
  { ...DEFAULT_SERVICE, port: 0 },
  config,
);
const quiet = await idle.start();
const alone = await ask(quiet.address, Math.min(1000, requests * secs));
await idle.stop();

const service = new Service(settings, { ...DEFAULT_SERVICE, port: 0 }, config);
const { address } = await service.start();
const sockets = listen(address);
const memory: number[] = [];
const watch = setInterval(() => memory.push(process.memoryUsage.rss() / MIB), 1000);
const loaded = await ask(address, requests * secs);
clearInterval(watch);
const summary = service.sensor.stats();
sockets.close();
await service.stop();

const report = {
  secs,
  packets_read: summary?.frames_read ?? 0,
  packets_per_sec: Math.round((summary?.frames_read ?? 0) / Math.max(1, summary?.elapsed_secs ?? 1)),
  ring_drops: summary?.ring_drops ?? null,
  requests: loaded.times.length,
  failed: loaded.failed + alone.failed,
  p50_ms: quantile(loaded.times, 0.5),
  p99_ms: quantile(loaded.times, 0.99),
  idle_p50_ms: quantile(alone.times, 0.5),
  idle_p99_ms: quantile(alone.times, 0.99),
  frames_least: Math.min(...sockets.frames.slice(silent)),
  frames_most: Math.max(...sockets.frames),
  memory_first_mib: memory[Math.min(4, memory.length - 1)] ?? null,
  memory_last_mib: memory.at(-1) ?? null,
};
for (const [name, value] of Object.entries(report))
  console.log(`${name.padEnd(18)} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`);
console.log(JSON.stringify(report));
process.exit(0);
