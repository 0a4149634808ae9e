import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { ledgerFailures, Sensor } from '../../src/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { manyFlows } from './small-captures.ts';

const folder = new TemporaryFolder('dead-shard');
afterAll(() => folder[Symbol.dispose]());
/** Each flow has two packets, 2 s apart: with a timeout of 1 s flows end all the time. */
const capture = manyFlows(folder.file('many.pcap'), 20_000);

/** The workers that are started while `body` runs. */
async function workersOf(body: () => Promise<unknown>): Promise<Worker[]> {
  const workers: Worker[] = [];
  const note = (worker: Worker) => workers.push(worker);
  process.on('worker', note);
  try {
    await body();
  } finally {
    process.off('worker', note);
  }
  return workers;
}

describe('a shard that dies', () => {
  it.each([1, 2])('in a replay ends the run; what it held is counted, what had ended is exported: 1 of %i', async (shards) => {
    await using sensor = new Sensor({
      input: { kind: 'replay', files: [capture], loop: 0, speed: { mode: 'rate', pps: 50_000 } },
      tracking: { shards, tickMs: 50, flowTimeoutSecs: 1 },
    });
    const warnings: string[] = [];
    sensor.on('warning', ({ code }) => warnings.push(code));
    let exported = 0;
    const stream = sensor.flows();
    const collected = (async () => {
      for await (const record of stream) if (record.record === 'final') exported += record.packets_total;
    })();
    const workers = await workersOf(() => sensor.start());
    expect(workers.length).toBe(shards);
    await new Promise<void>((resolve) => sensor.on('tick', ({ packetsTotal }) => (packetsTotal > 15_000 ? resolve() : undefined)));
    await workers[0].terminate();
    const summary = await sensor.done;
    await collected;
    expect(summary.error?.code).toBe('SHARD_LOST');
    expect(warnings).toContain('SHARD_LOST');
    expect(summary).toMatchObject({ ended_by: 'error', shards_lost: 1 });
    expect(summary.deterministic).toBe(false);
    expect(ledgerFailures(summary.ledger)).toEqual([]);
    const accounted = summary.ledger.identities.find(({ name, unit }) => name === 'accounted' && unit === 'packets')!;
    const lostWithFlows = accounted.right.find(({ name }) => name === 'in_flows_lost_with_shard')!.value!;
    expect(lostWithFlows).toBeGreaterThan(0);
    expect(exported).toBeGreaterThan(0);
    expect(exported).toBe(accounted.right.find(({ name }) => name === 'in_ended_flows')!.value);
  });

  it('behind a full ring is waited for once, and not for each frame that is still to be written', async () => {
    await using sensor = new Sensor({
      input: { kind: 'replay', files: [capture], loop: 0 },
      tracking: { shards: 1, tickMs: 50 },
      ringBytes: 16_384,
    });
    const workers = await workersOf(() => sensor.start());
    await new Promise<void>((resolve) => sensor.on('tick', () => resolve()));
    await workers[0].terminate();
    // Waiting for each of the frames would never end.
    expect((await sensor.done).error?.code).toBe('SHARD_LOST');
  });
});
