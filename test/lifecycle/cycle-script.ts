/**
 * Starts and stops sensors over and over in one process, and prints what the process holds after a warm-up and at the
 * end: cycle-script.ts CAPTURE CYCLES. Run with --expose-gc.
 */
import { Sensor } from '../../src/index.ts';
import { openDescriptors, residentBytes, threadCount } from '../support/processes.ts';

export interface Holdings {
  descriptors: number;
  threads: number;
  /** Kinds of active resources of the event loop, with their numbers. */
  resources: Record<string, number>;
  residentMegabytes: number;
  heapMegabytes: number;
  arrayBufferMegabytes: number;
}

const [capture, cycles] = process.argv.slice(2);
const WARM_UP = 40;

/** Every third run is stopped in the middle; the others end with their file. */
async function cycle(index: number): Promise<void> {
  const stopped = index % 3 === 2;
  const speed = stopped ? ({ mode: 'rate', pps: 2000 } as const) : ({ mode: 'max' } as const);
  await using sensor = new Sensor({ input: { kind: 'replay', files: [capture], speed }, tracking: { shards: 1 + (index % 2) } });
  await sensor.start();
  const summary = await (stopped ? sensor.stop() : sensor.done);
  if (!summary.ledger.holds) throw new Error(`cycle ${index}: the ledger does not hold`);
}

async function holdings(): Promise<Holdings> {
  // Two turns, so that what finalizers closed is gone.
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    descriptors: openDescriptors(process.pid),
    threads: threadCount(process.pid),
    resources,
    residentMegabytes: Math.round(residentBytes(process.pid) / 1e6),
    heapMegabytes: Math.round(heapUsed / 1e6),
    arrayBufferMegabytes: Math.round(arrayBuffers / 1e6),
  };
}

for (let index = 0; index < WARM_UP; index++) await cycle(index);
const before = await holdings();
for (let index = 0; index < Number(cycles); index++) await cycle(index);
console.log(JSON.stringify({ before, after: await holdings() }));
