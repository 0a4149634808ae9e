import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { type RunSummary, Sensor } from '../../src/index.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { manyFlows, steadyFlow } from './small-captures.ts';

const folder = new TemporaryFolder('together');
afterAll(() => folder[Symbol.dispose]());
const many = manyFlows(folder.file('many.pcap'), 3000);
const steady = steadyFlow(folder.file('steady.pcap'), 20_000);

async function replay(file: string, shards: number): Promise<RunSummary> {
  await using sensor = new Sensor({ input: { kind: 'replay', files: [file] }, tracking: { shards } });
  await sensor.start();
  return await sensor.done;
}

describe('several sensors', () => {
  it('in one process do not touch each other', async () => {
    const runs = await Promise.all([replay(many, 2), replay(steady, 1), replay(many, 1), replay(steady, 2)]);
    for (const summary of runs) expect(summary.ledger.holds).toBe(true);
    expect(runs.map(({ frames_read, flows_created }) => [frames_read, flows_created])).toEqual([
      [6000, 3000],
      [20_000, 1],
      [6000, 3000],
      [20_000, 1],
    ]);
  });

  it('run in worker threads beside one in the main thread', async () => {
    const source = `
      import { parentPort } from 'node:worker_threads';
      const { Sensor } = await import(${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)});
      const sensor = new Sensor({ input: { kind: 'replay', files: [${JSON.stringify(many)}] }, tracking: { shards: 2 } });
      await sensor.start();
      const { frames_read, flows_created, ledger } = await sensor.done;
      parentPort.postMessage([frames_read, flows_created, ledger.holds]);`;
    const inWorker = () =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { execArgv: [] });
        worker.once('message', resolve);
        worker.once('error', reject);
      });
    const [first, second, here] = await Promise.all([inWorker(), inWorker(), replay(many, 1)]);
    expect(first).toEqual([6000, 3000, true]);
    expect(second).toEqual([6000, 3000, true]);
    expect(here.flows_created).toBe(3000);
  });

  it('of one object: a second start is refused, a second stop is the first', async () => {
    await using sensor = new Sensor({ input: { kind: 'replay', files: [steady], loop: 0 } });
    await sensor.start();
    await expect(sensor.start()).rejects.toMatchObject({ code: 'USAGE' });
    const [one, two] = await Promise.all([sensor.stop(), sensor.stop()]);
    expect(two).toBe(one);
  });
});
