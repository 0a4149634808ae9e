import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/flow/record.ts';
import { ledgerFailures, type RunSummary } from '../../src/index.ts';
import { captureTotals } from '../live/referee.ts';
import { missingCommands } from '../support/command.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { roundsOf } from '../support/rounds.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Faults, faults, runWithFaults, TINY_RING_BYTES } from './faulty-run.ts';

const FRAMES = 5000;
const RUNS = roundsOf(12);
const folder = new TemporaryFolder('ledger');
afterAll(() => folder[Symbol.dispose]());
const captures = (['mixed', 'imix', 'flood'] as const).map((profile) => {
  const path = folder.file(`${profile}.pcap`);
  writeGenerated(path, { profile, packets: FRAMES, flows: 700, seed: 5, rate: 1000 });
  return path;
});

const sum = (records: FlowRecord[], of: (record: FlowRecord) => number) => records.reduce((total, record) => total + of(record), 0);

/** Packets and bytes of the final records, and what interim records and finals say as deltas, against the run's own counters. */
function expectRecordsToAddUp(summary: RunSummary, records: FlowRecord[]): void {
  const inner = records.filter((record) => record.tunnel?.role !== 'outer');
  const finals = inner.filter((record) => record.record === 'final');
  expect(sum(finals, (record) => record.packets_total)).toBe(summary.packets_accounted);
  expect(sum(finals, (record) => record.bytes_total)).toBe(summary.bytes_accounted);
  expect(sum(inner, ({ delta }) => delta.packets_a_to_b + delta.packets_b_to_a)).toBe(summary.packets_accounted);
  expect(sum(inner, ({ delta }) => delta.bytes_a_to_b + delta.bytes_b_to_a)).toBe(summary.bytes_accounted);
  expect(finals.length).toBe(summary.flows_created);
}

describe('the ledger', () => {
  it.each(captures)('holds to the packet and to the byte under random faults: %s', { timeout: 60_000 + RUNS * 2000 }, async (path) => {
    await fc.assert(
      fc.asyncProperty(faults, async (drawn) => {
        const { summary, records } = await runWithFaults(path, drawn);
        expect(ledgerFailures(summary.ledger)).toEqual([]);
        expect(summary.ledger.identities.every((identity) => identity.holds === true)).toBe(true);
        expect(summary.frames_read).toBe(Math.min(FRAMES, drawn.fault.failAfterFrames ?? FRAMES));
        expectRecordsToAddUp(summary, records);
        if (!drawn.fault.dropWhenFull) expect(summary.ring_drops).toBe(0);
        if (drawn.fault.failAfterFrames !== undefined && drawn.fault.failAfterFrames < FRAMES)
          expect(summary.error?.code).toBe('SOURCE_READ');
      }),
      { seed: 1789, numRuns: RUNS, endOnFailure: true },
    );
  });

  const hard: Faults = {
    shards: 2,
    ringBytes: TINY_RING_BYTES,
    slowShardMs: 3,
    maxFlows: 5,
    snaplen: 60,
    tunnels: true,
    vlanAware: false,
    activeTimeoutSecs: 1,
    flowTimeoutSecs: null,
    fault: { seed: 3, dropWhenFull: true, corrupt: 0.1 },
  };

  it('counts what a full ring dropped, and what the flow table evicted', async () => {
    const { summary, records } = await runWithFaults(captures[2], hard);
    expect(summary.ring_drops).toBeGreaterThan(0);
    expect(summary.packets_accounted).toBeGreaterThan(0);
    expect(summary.flows_evicted).toBeGreaterThan(0);
    expect(summary.deterministic).toBe(false);
    expect(summary.ledger.holds).toBe(true);
    expectRecordsToAddUp(summary, records);
  });

  it('without dropping, a slow shard behind a tiny ring loses nothing', async () => {
    const patient = { ...hard, maxFlows: 500_000, snaplen: 65_535, fault: { seed: 3 } };
    const { summary } = await runWithFaults(captures[1], patient);
    expect(summary).toMatchObject({ frames_read: FRAMES, ring_drops: 0, flows_evicted: 0 });
    expect(summary.ledger.holds).toBe(true);
  });

  it.skipIf(missingCommands(['capinfos']).length > 0)('begins with what capinfos finds in the file', async () => {
    for (const path of captures) {
      const { packets, bytes } = await captureTotals(path);
      const { summary } = await runWithFaults(path, { ...hard, fault: { seed: 1 } });
      expect(summary).toMatchObject({ frames_read: packets, input_wire_bytes: bytes });
    }
  });
});
