/**
 * A service under load: packets at a rate that is not slowed by anything, WebSocket clients of which some do not read, and
 * requests.
 *
 *   node bench/service-load.ts [--secs 60] [--pps 1000000] [--packets-per-flow 100] [--clients 50] [--silent 5]
 *                              [--requests 200] [--profile small] [--dist]
 *
 * Prints what was captured and dropped, how long `/api/v1/flows?limit=100` took beside the same without packets, the memory
 * of the process, and where the processors' time went, then one line of JSON. `--dist` runs what was built. The ten minutes
 * of the promise: `--secs 600`. V8 is given the limits that `weir serve` gives it.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SERVICE_MEMORY } from '../src/cli/service-memory.ts';
import type { GeneratorSource } from '../src/native/engine.ts';
import type { ClientReport } from './service/clients.ts';
import { type LoadPlan, type LoadReport, runIdle, runLoad, serviceMaker } from './service/load.ts';

if (!SERVICE_MEMORY.every((option) => process.execArgv.includes(option)))
  process.execve?.(process.execPath, [process.execPath, ...SERVICE_MEMORY, ...process.argv.slice(1)]);

/** At 1 M packets/s six seconds: a tuple comes again when its connection of the time before has been over for longer than one lingers. */
const MOST_FRAMES = 6_000_000;

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

function planOf(): LoadPlan {
  const [secs, pps, packetsPerFlow, clients, silent, requests] = [
    flags.secs,
    flags.pps,
    flags['packets-per-flow'],
    flags.clients,
    flags.silent,
    flags.requests,
  ].map(Number);
  const profile = flags.profile as GeneratorSource['profile'];
  const frames = Math.min(MOST_FRAMES, pps * secs);
  const capture = fileURLToPath(new URL(`./captures/service-${profile}-${frames}-${pps}-${packetsPerFlow}.pcap`, import.meta.url));
  return { secs, pps, packetsPerFlow, clients, silent, requests, profile, frames, capture };
}

function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const perSecond = (sums: readonly number[]): number[] => sums.map((sum, index) => sum - (sums[index - 1] ?? 0));

function reportOf(plan: LoadPlan, alone: ClientReport, load: LoadReport) {
  const { summary, clients, memory } = load;
  const stage = (name: string, counter: string) => Number(summary.ledger.stages[name]?.[counter] ?? 0);
  return {
    secs: plan.secs,
    packets_per_flow: plan.packetsPerFlow,
    packets_read: summary.frames_read,
    packets_per_sec: Math.round(summary.frames_read / load.secs),
    flows_per_sec: Math.round(summary.flows_created / load.secs),
    ring_most_mib: stage('ring', 'high_water_bytes') / 2 ** 20,
    ring_drops: summary.ring_drops,
    ring_drop_percent: (100 * summary.ring_drops) / Math.max(1, summary.frames_read),
    ring_drops_by_second: perSecond(load.ringDrops).join(' '),
    ledger_holds: summary.ledger.holds,
    apps_looked_at: stage('application', 'flows'),
    apps_shed: stage('application', 'shed'),
    packets_held_back: stage('ring', 'held_back'),
    rows_dropped: stage('records', 'rows_dropped'),
    records_not_stored: load.droppedRecords,
    requests: plan.requests * plan.secs,
    statuses: JSON.stringify(clients.statuses),
    p50_ms: quantile(clients.times, 0.5),
    p99_ms: quantile(clients.times, 0.99),
    most_ms: quantile(clients.times, 1),
    slowest_by_second: clients.slowest.join(' '),
    idle_p50_ms: quantile(alone.times, 0.5),
    idle_p99_ms: quantile(alone.times, 0.99),
    frames_least: Math.min(...clients.frames.slice(plan.silent)),
    frames_most: Math.max(...clients.frames),
    frames_out_of_order: clients.outOfOrder,
    memory_mib: memory
      .filter((_, index) => index % 5 === 4)
      .map(Math.round)
      .join(' '),
  };
}

const plan = planOf();
const built = flags.dist ? '../dist/service/service.js' : '../src/service/service.ts';
const { Service } = (await import(built)) as typeof import('../src/service/service.ts');
const makeService = serviceMaker(Service);
const alone = await runIdle(plan, makeService);
const load = await runLoad(plan, makeService);
const report = reportOf(plan, alone, load);
for (const [name, value] of Object.entries(report))
  console.log(`${name.padEnd(20)} ${typeof value === 'number' ? Math.round(value * 100) / 100 : value}`);
for (const { name, ran, waited } of load.threads)
  console.log(`${name.padEnd(20)} ${ran.toFixed(1)} s on a processor, ${waited.toFixed(1)} s waiting for one`);
console.log(JSON.stringify({ ...report, threads: load.threads }));
process.exit(0);
