/** Detectors in several threads at once, and what is left when threads end with theirs still open. */
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { dpiUnavailable, loadDpi } from '../../../src/native/dpi.ts';
import { residentBytes } from '../../support/processes.ts';

const addon = loadDpi();
if (addon === null) console.log(`libndpi: ${dpiUnavailable()}; its tests in workers are skipped`);

function classifyInWorker(rounds: number, keep = false): Promise<string[]> {
  const worker = new Worker(new URL('./worker-script.ts', import.meta.url), { workerData: { rounds, keep } });
  return new Promise((resolve, reject) => {
    let said: string[] = [];
    worker.once('message', (message: string[]) => {
      said = message;
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve(said));
  });
}

describe.skipIf(addon === null)('detectors in workers', () => {
  it('work side by side and say the same', { timeout: 60_000 }, async () => {
    const said = await Promise.all([classifyInWorker(500), classifyInWorker(500), classifyInWorker(500)]);
    expect(said[0]).toHaveLength(1);
    expect(said[0]?.[0]).toContain('"app":"Google"');
    expect([said[1], said[2]]).toEqual([said[0], said[0]]);
  });

  it('end with their thread', { timeout: 120_000 }, async () => {
    const cycle = async (count: number) => {
      for (let i = 0; i < count; i++) await Promise.all([classifyInWorker(5, true), classifyInWorker(5, true)]);
    };
    await cycle(3);
    const before = residentBytes(process.pid);
    await cycle(10);
    // A module that stays is 5 MB: 20 of them would be 100.
    expect(residentBytes(process.pid) - before).toBeLessThan(50 << 20);
  });

  it('can be terminated in the middle', { timeout: 60_000 }, async () => {
    const worker = new Worker(new URL('./worker-script.ts', import.meta.url), { workerData: { rounds: 1_000_000, keep: true } });
    await new Promise((resolve) => {
      worker.once('online', resolve);
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await worker.terminate()).toBe(1);
  });
});
