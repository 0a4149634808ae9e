/**
 * A service under load: packets at a rate that is not slowed by anything, WebSocket clients of which some do not read, and
 * requests.
 *
 *   node bench/service-load.ts [--secs 60] [--pps 1000000] [--packets-per-flow 100] [--clients 50] [--silent 5]
 *                              [--requests 200] [--profile small]
 *
 * Prints what was captured and dropped, how long `/api/v1/flows?limit=100` took beside the same without packets, the memory
 * of the process, and where the processors' time went, then one line of JSON. The service is as `weir serve` has it, with
 * detection; the clients are a process of their own. The ten minutes of the promise: `--secs 600`.
 */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_SERVICE } from '../src/config/service-options.ts';
import type { GeneratorSource } from '../src/native/engine.ts';
import { loadAddon } from '../src/native/load.ts';
import type { ClientReport } from './service/clients.ts';
import { threadTimes, threadTimesSince } from './service/threads.ts';

const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values: flags } = parseArgs({
  options: {
    secs: text('60'),
    pps: text('1000000'),
    'packets-per-flow': text('100'),
    clients: text('50'),
    silent: text('5'),
    requests: text('200'),
    profile: text('small'),
    dist: { type: 'boolean', default: false },
  },
});
const [secs, pps, perFlow, clients, silent, requests] = [
  flags.secs,
  flags.pps,
  flags['packets-per-flow'],
  flags.clients,
  flags.silent,
  flags.requests,
].map(Number);

const { Service } = (await import(
  flags.dist ? '../dist/service/service.js' : '../src/service/service.ts'
)) as typeof import('../src/service/service.ts');

/** At 1 M packets/s six seconds: a tuple comes again when its connection of the time before has been over for longer than one lingers. */
const MOST_FRAMES = 6_000_000;
const IDLE_SECS = 5;
const MIB = 1024 * 1024;

/** A capture that is repeated as often as it takes. */
function captureOf(frames: number): string {
  const folder = fileURLToPath(new URL('./captures/', import.meta.url));
  const path = `${folder}service-${flags.profile}-${frames}-${pps}-${perFlow}.pcap`;
  mkdirSync(folder, { recursive: true });
  const profile = flags.profile as GeneratorSource['profile'];
  const spec = { kind: 'generator', profile, packets: frames, flows: Math.ceil(frames / perFlow), seed: 1, rate: pps } as const;
  if (!existsSync(path)) loadAddon().writeCapture(spec, path);
  return path;
}

function ask(address: string, forSecs: number, sockets: number): Promise<ClientReport> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientReport>();
  const script = fileURLToPath(new URL('./service/clients.ts', import.meta.url));
  const child = fork(script, [address, forSecs, requests, sockets, Math.min(silent, sockets)].map(String));
  child.on('message', (message) => resolve(message as ClientReport));
  child.on('exit', (code) => reject(new Error(`the clients ended with ${code}`)));
  return promise;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const frames = Math.min(MOST_FRAMES, pps * secs);
const files = [captureOf(frames)];
const detect = {};
const config = () => ({ settings: [], rules: [] });
const options = { ...DEFAULT_SERVICE, port: 0 };

const idle = new Service({ input: { kind: 'replay', files, speed: { mode: 'rate', pps: 1000 } }, detect }, options, config);
const quiet = await idle.start();
const alone = await ask(quiet.address, IDLE_SECS, 0);
await idle.stop();

const speed = { mode: 'rate' as const, pps };
// The load, and a rest that nobody waits for.
const loop = Math.ceil((pps * (secs + 60)) / frames);
const service = new Service(
  { input: { kind: 'replay', files, speed, loop }, detect, fault: { seed: 1, dropWhenFull: true } },
  options,
  config,
);
const { address } = await service.start();
const memory: number[] = [];
const drops: number[] = [];
const watch = setInterval(() => {
  memory.push(process.memoryUsage.rss() / MIB);
  drops.push(service.sensor.stats()?.ring_drops ?? 0);
}, 1000);
const before = threadTimes();
const begun = performance.now();
const loaded = await ask(address, secs, clients);
const took = (performance.now() - begun) / 1000;
const threads = threadTimesSince(before);
clearInterval(watch);
const stats = (await (await fetch(`${address}/api/v1/stats`)).json()) as { store?: { dropped_records?: number } };
const during = service.sensor.stats()?.elapsed_secs ?? 1;
await service.stop();

const summary = service.sensor.stats();
const read = summary?.frames_read ?? 0;
const report = {
  secs,
  pps,
  packets_per_flow: perFlow,
  packets_read: read,
  packets_per_sec: Math.round(read / during),
  flows_per_sec: Math.round((summary?.flows_created ?? 0) / during),
  ring_drops: summary?.ring_drops ?? null,
  ring_drops_by_second: drops.map((count, index) => count - (drops[index - 1] ?? 0)).join(' '),
  ring_drop_percent: read > 0 ? (100 * (summary?.ring_drops ?? 0)) / read : null,
  ledger_holds:
    summary?.ledger.identities
      .filter(({ holds }) => !holds)
      .map(({ name }) => name)
      .join() ?? null,
  app: JSON.stringify(summary?.ledger.stages.application),
  held_back: summary?.ledger.stages.ring?.held_back ?? null,
  rows_dropped: summary?.ledger.stages.records?.rows_dropped ?? null,
  dropped_records: stats.store?.dropped_records ?? null,
  requests: requests * secs,
  statuses: JSON.stringify(loaded.statuses),
  p50_ms: quantile(loaded.times, 0.5),
  p99_ms: quantile(loaded.times, 0.99),
  most_ms: quantile(loaded.times, 1),
  idle_p50_ms: quantile(alone.times, 0.5),
  idle_p99_ms: quantile(alone.times, 0.99),
  frames_least: Math.min(...loaded.frames.slice(silent)),
  frames_most: Math.max(...loaded.frames),
  frames_out_of_order: loaded.outOfOrder,
  memory_first_mib: memory[Math.min(4, memory.length - 1)] ?? null,
  memory_last_mib: memory.at(-1) ?? null,
};
for (const [name, value] of Object.entries(report))
  console.log(`${name.padEnd(20)} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`);
for (const { name, ran, waited } of threads)
  console.log(
    `${name.padEnd(20)} ${((100 * ran) / took).toFixed(1)} % of a processor, ${((100 * waited) / took).toFixed(1)} % waiting for one`,
  );
console.log(JSON.stringify({ ...report, threads }));
process.exit(0);
