/**
 * What holds of a service under load whatever the machine: one minute of `bench/service-load.ts`, which measures. No times here.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { type LoadPlan, type LoadReport, runLoad, serviceMaker } from '../../bench/service/load.ts';
import { ledgerFailures } from '../../src/index.ts';
import { Service } from '../../src/service/service.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder('service-load');
afterAll(() => folder[Symbol.dispose]());

const plan: LoadPlan = {
  secs: 60,
  pps: 150_000,
  packetsPerFlow: 50,
  clients: 50,
  silent: 5,
  requests: 100,
  profile: 'small',
  capture: folder.file('load.pcap'),
  frames: 450_000,
};

/** Long enough to fall behind in. */
const short: LoadPlan = { ...plan, secs: 8 };

/** Answered, or refused in a way that says so. */
const ANSWERS = new Set(['200', '429', '503']);

function check({ secs, requests, clients: clientCount, silent }: LoadPlan, { clients, summary, memory }: LoadReport): void {
  expect(ledgerFailures(summary.ledger)).toEqual([]);
  expect(summary.frames_read).toBe(summary.packets_accounted + summary.ring_drops);
  expect(Object.keys(clients.statuses).filter((status) => !ANSWERS.has(status))).toEqual([]);
  expect(Object.values(clients.statuses).reduce((sum, count) => sum + count, 0)).toBe(requests * secs);
  expect(clients.outOfOrder).toBe(0);
  expect(clients.frames).toHaveLength(clientCount);
  expect(Math.min(...clients.frames)).toBeGreaterThan(0);
  // Whoever reads got more than one.
  expect(Math.min(...clients.frames.slice(silent))).toBeGreaterThan(1);
  const half = memory.slice(memory.length >> 1);
  // Flat but for what a collector leaves lying about.
  expect(Math.max(...half)).toBeLessThan(1.5 * half[0] + 100);
}

describe('a service under load', () => {
  it('accounts for every packet, answers or refuses every request, and tells its clients in order', { timeout: 240_000 }, async () => {
    const report = await runLoad(plan, serviceMaker(Service));
    check(plan, report);
    expect(report.summary.flows_created).toBeGreaterThan(0);
  });

  it('sheds labels first and says so, when shards are too slow', { timeout: 120_000 }, async () => {
    // Three times as many packets come in a pause as the ring has room for.
    const report = await runLoad(short, serviceMaker(Service), { slowShardMs: 20, ringBytes: 1 << 18 });
    check(short, report);
    const { ring_drops, ledger, doctor, deterministic } = report.summary;
    expect(ring_drops).toBeGreaterThan(0);
    expect(ledger.stages.application?.shed).toBeGreaterThan(0);
    expect(ledger.stages.ring?.held_back).toBeGreaterThan(0);
    expect(deterministic).toBe(false);
    const losing = doctor.filter(({ state }) => state === 'losing').map(({ stage }) => stage);
    expect(losing).toContain('ring');
    expect(losing).toContain('application');
  });
});
