/** The books hold with bytes in the rings and records of transactions and events beside those of flows. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ledgerFailures } from '../../src/index.ts';
import { type TimedFrame, udpFrame, writeCaptureFile } from '../support/frames.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { roundsOf } from '../support/rounds.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Faults, faults, runWithFaults, TINY_RING_BYTES } from './faulty-run.ts';

const FRAMES = 4000;
const folder = new TemporaryFolder('app-ledger');
afterAll(() => folder[Symbol.dispose]());
const capture = folder.file('apps.pcap');
writeGenerated(capture, { profile: 'apps', packets: FRAMES, flows: 500, seed: 5, rate: 1000 });

const LOGS = ['dnsJsonl', 'tlsJsonl', 'httpJsonl', 'eventsJsonl'] as const;
const output = Object.fromEntries(LOGS.map((log) => [log, folder.file(log)]));
const lines = (log: string) => readFileSync(folder.file(log), 'utf8').split('\n').slice(0, -1);

const RUNS = roundsOf(10);

const calm: Faults = {
  shards: 2,
  ringBytes: TINY_RING_BYTES,
  slowShardMs: 0,
  maxFlows: 500_000,
  snaplen: 65_535,
  tunnels: true,
  vlanAware: false,
  activeTimeoutSecs: 1,
  flowTimeoutSecs: null,
  fault: { seed: 3 },
};

describe('the ledger with the application layer and its logs', () => {
  it('holds under random faults, and every line is whole', { timeout: 60_000 + RUNS * 2000 }, async () => {
    await fc.assert(
      fc.asyncProperty(faults, async (drawn) => {
        const { summary, records } = await runWithFaults(capture, { ...drawn, snaplen: 65_535 }, { output });
        expect(ledgerFailures(summary.ledger)).toEqual([]);
        const finals = records.filter(({ record, tunnel }) => record === 'final' && tunnel?.role !== 'outer');
        expect(finals).toHaveLength(summary.flows_created);
        for (const log of LOGS) for (const line of lines(log)) expect(JSON.parse(line)).toBeTypeOf('object');
        const ends = lines('eventsJsonl').filter((line) => line.includes('"event":"end"'));
        expect(ends.length).toBeGreaterThanOrEqual(finals.length);
      }),
      { seed: 1789, numRuns: RUNS, endOnFailure: true },
    );
  });

  it('counts what a full ring dropped', async () => {
    const hard = { ...calm, slowShardMs: 3, maxFlows: 5, fault: { seed: 3, dropWhenFull: true } };
    const { summary } = await runWithFaults(capture, hard, { output });
    expect(summary.ring_drops).toBeGreaterThan(0);
    expect(summary.packets_accounted).toBeGreaterThan(0);
    expect(summary.ledger.holds).toBe(true);
  });

  it('a shard that is behind leaves flows unread, which say so and are counted', async () => {
    const behind = { ...calm, slowShardMs: 3, fault: { seed: 3, dropWhenFull: true } };
    const { summary, records } = await runWithFaults(capture, behind, {});
    const { application, ring } = summary.ledger.stages;
    const shed = records.filter(({ app, record }) => record === 'final' && app?.source === 'shed');
    expect(shed.length).toBeGreaterThan(0);
    expect(application?.shed).toBeGreaterThanOrEqual(shed.length);
    // The port's guess, or nothing at all.
    for (const { app } of shed) expect(app?.confidence).toBe(app?.protocol === 'unknown' ? 'none' : 'port');
    expect(ring?.held_back).toBeGreaterThan(0);
    expect(summary.doctor.find(({ stage }) => stage === 'application')).toMatchObject({ state: 'losing', lost: application?.shed });
    expect(summary.deterministic).toBe(false);
    expect(ledgerFailures(summary.ledger)).toEqual([]);
  });

  it('a replay that waits leaves none', async () => {
    const { summary, records } = await runWithFaults(capture, { ...calm, slowShardMs: 1 }, {});
    expect(summary.ledger.stages.application?.shed).toBe(0);
    expect(summary.ledger.stages.ring?.held_back).toBe(0);
    expect(records.some(({ app }) => app?.source === 'shed')).toBe(false);
  });

  it('a packet larger than the whole ring is waited for by nobody', { timeout: 30_000 }, async () => {
    const ends = { source: '10.0.0.1', destination: '10.0.0.2', sourcePort: 4000, destinationPort: 60_001 };
    const frames = Array.from({ length: 20 }, (_, i): TimedFrame => {
      const bytes = udpFrame({ ...ends, sourcePort: 4000 + i, payload: i % 2 === 0 ? 40_000 : 100 });
      return { timeUs: 1.7e15 + i * 1000, bytes };
    });
    const path = folder.file('jumbo.pcap');
    writeCaptureFile(path, frames);
    const { summary } = await runWithFaults(path, calm, { output });
    expect(summary).toMatchObject({ frames_read: 20, packets_accounted: 20, ring_drops: 0 });
    expect(summary.ledger.holds).toBe(true);
  });
});
