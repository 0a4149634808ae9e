/** A service under load: a capture at a rate that nothing slows down, WebSocket clients, requests; and what became of all that. */
import { fork } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEFAULT_SERVICE } from '../../src/config/service-options.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import type { GeneratorSource } from '../../src/native/engine.ts';
import { loadAddon } from '../../src/native/load.ts';
import type { SensorSettings } from '../../src/sensor-settings.ts';
import type { Service as ServiceClass } from '../../src/service/service.ts';
import type { ClientReport } from './clients.ts';
import { type ThreadTime, threadTimes, threadTimesSince } from './threads.ts';

export interface LoadPlan {
  secs: number;
  /** Packets per second of the wall clock. */
  pps: number;
  /** On average, of a connection. */
  packetsPerFlow: number;
  /** WebSocket clients, of which some stop reading. */
  clients: number;
  silent: number;
  /** Of `/api/v1/flows?limit=100`, per second. */
  requests: number;
  profile: GeneratorSource['profile'];
  /** Written when it is not there; repeated as often as it takes. */
  capture: string;
  frames: number;
}

export interface LoadReport {
  clients: ClientReport;
  /** At the end of the load, while the capture went on; and of the whole run. */
  secs: number;
  summary: RunSummary;
  /** Flow records that the store could not take in time. */
  droppedRecords: number;
  /** Resident memory of the process by second, MiB; packets dropped in rings until then. */
  memory: number[];
  ringDrops: number[];
  threads: ThreadTime[];
}

const MIB = 1024 * 1024;
/** Nobody waits for the rest of the capture. */
const REST_SECS = 60;

function writeCapture({ capture, frames, packetsPerFlow, pps, profile }: LoadPlan): void {
  if (existsSync(capture)) return;
  mkdirSync(dirname(capture), { recursive: true });
  const flows = Math.ceil(frames / packetsPerFlow);
  loadAddon().writeCapture({ kind: 'generator', profile, packets: frames, flows, seed: 1, rate: pps }, capture);
}

/** In a process of their own: their processor is not the sensor's in life, and an answer is timed where nothing else happens. */
function askService(address: string, plan: Pick<LoadPlan, 'secs' | 'requests' | 'clients' | 'silent'>): Promise<ClientReport> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientReport>();
  const script = fileURLToPath(new URL('./clients.ts', import.meta.url));
  const child = fork(script, [address, plan.secs, plan.requests, plan.clients, plan.silent].map(String), { execArgv: [] });
  child.on('message', (message) => resolve(message as ClientReport));
  child.on('exit', (code) => reject(new Error(`the clients ended with ${code}`)));
  return promise;
}

export type ServiceMaker = (settings: SensorSettings) => ServiceClass;

/** As `weir serve` has it, with detection. */
export function serviceMaker(Service: typeof ServiceClass): ServiceMaker {
  return (settings) => new Service({ detect: {}, ...settings }, { ...DEFAULT_SERVICE, port: 0 }, () => ({ settings: [], rules: [] }));
}

/** The same requests with a thousand packets per second. */
export async function runIdle(plan: LoadPlan, makeService: ServiceMaker): Promise<ClientReport> {
  writeCapture(plan);
  await using service = makeService({ input: { kind: 'replay', files: [plan.capture], speed: { mode: 'rate', pps: 1000 } } });
  const { address } = await service.start();
  return await askService(address, { ...plan, secs: Math.min(5, plan.secs), clients: 0, silent: 0 });
}

/** `settings`: what is to be other than in `weir serve`. */
export async function runLoad(plan: LoadPlan, makeService: ServiceMaker, settings: Partial<SensorSettings> = {}): Promise<LoadReport> {
  writeCapture(plan);
  const loop = Math.ceil((plan.pps * (plan.secs + REST_SECS)) / plan.frames);
  const input = { kind: 'replay' as const, files: [plan.capture], speed: { mode: 'rate' as const, pps: plan.pps }, loop };
  const service = makeService({ ...settings, input, fault: { seed: 1, dropWhenFull: true } });
  const { address } = await service.start();
  const memory: number[] = [];
  const ringDrops: number[] = [];
  const watch = setInterval(() => {
    memory.push(process.memoryUsage.rss() / MIB);
    ringDrops.push(service.sensor.stats()?.ring_drops ?? 0);
  }, 1000);
  try {
    const before = threadTimes();
    const clients = await askService(address, plan);
    const threads = threadTimesSince(before);
    const stats = (await (await fetch(`${address}/api/v1/stats`)).json()) as { store: { dropped_records: number } };
    const secs = service.sensor.stats()?.elapsed_secs ?? 0;
    await service.stop();
    const summary = service.sensor.stats();
    if (summary === null) throw new Error('the sensor has no summary');
    return { clients, secs, summary, droppedRecords: stats.store.dropped_records, memory, ringDrops, threads };
  } finally {
    clearInterval(watch);
    await service.stop();
  }
}
