import { afterAll, describe, expect, it, vi } from 'vitest';
import { type RunSummary, Sensor, type SensorSettings } from '../../src/index.ts';
import type { LedgerInput } from '../../src/merge/ledger-input.ts';
import { ShardCounter } from '../../src/shard/protocol.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const seen = vi.hoisted(() => ({ last: null as LedgerInput | null }));
vi.mock('../../src/merge/ledger.ts', async (original) => {
  const real = await original<typeof import('../../src/merge/ledger.ts')>();
  return {
    ...real,
    buildLedger(input: LedgerInput) {
      seen.last = { ...structuredClone(input), shards: input.shards.map((counters) => counters.slice()) };
      return real.buildLedger(input);
    },
  };
});

const folder = new TemporaryFolder('bounds');
afterAll(() => folder[Symbol.dispose]());

interface Observed {
  summary: RunSummary;
  mostLive: number;
  longestProbe: number;
}

async function observe(file: string, settings: Omit<SensorSettings, 'input'>): Promise<Observed> {
  await using sensor = new Sensor({ input: { kind: 'replay', files: [file] }, ...settings });
  let mostLive = 0;
  sensor.on('tick', ({ flowsLive }) => {
    mostLive = Math.max(mostLive, flowsLive);
  });
  await sensor.start();
  const summary = await sensor.done;
  const longestProbe = Math.max(...seen.last!.shards.map((counters) => counters[ShardCounter.PROBE_MAX]));
  return { summary, mostLive, longestProbe };
}

describe('the flow table', () => {
  it.each([1, 4])('never holds more flows than allowed, with %i shards, and exports what it evicts', async (shards) => {
    const path = folder.file(`flood-${shards}.pcap`);
    writeGenerated(path, { profile: 'flood', packets: 100_000, flows: 100_000, seed: 4, rate: 20_000 });
    const output = { flowsJsonl: folder.file('flows.jsonl') };
    const { summary, mostLive } = await observe(path, { tracking: { shards, maxFlows: 1000, tickMs: 50 }, output });
    expect(mostLive).toBeLessThanOrEqual(1000);
    expect(mostLive).toBeGreaterThan(500);
    const { eviction = 0, emergency = 0 } = summary.flows_ended;
    expect(eviction).toBeGreaterThan(0);
    expect(eviction + emergency).toBe(summary.flows_evicted);
    expect(summary.records_written).toBe(summary.flows_created);
    expect(summary.ledger.holds).toBe(true);
  });

  it('finds tuples that collide in an unkeyed hash as fast as any others', async () => {
    const path = folder.file('collision.pcap');
    writeGenerated(path, { profile: 'collision', packets: 64_511, flows: 64_511, seed: 1, rate: 100_000 });
    const collision = await observe(path, { tracking: { shards: 1 } });
    writeGenerated(path, { profile: 'flood', packets: 64_511, flows: 64_511, seed: 1, rate: 100_000 });
    const random = await observe(path, { tracking: { shards: 1 } });
    expect(collision.summary).toMatchObject({ flows_created: 64_511, packets_accounted: 64_511, flows_evicted: 0 });
    console.log(`longest probe: ${collision.longestProbe} for colliding tuples, ${random.longestProbe} for random ones`);
    expect(collision.longestProbe).toBeLessThanOrEqual(Math.max(64, 2 * random.longestProbe));
  });

  it('in scale mode tells nothing of what it did not analyse', async () => {
    const path = folder.file('imix.pcap');
    writeGenerated(path, { profile: 'imix', packets: 20_000, flows: 300, seed: 3, rate: 5000 });
    const off = await observe(path, { tracking: { shards: 1, rtt: false, retransmissions: false, outOfOrder: false }, summaryFlows: 300 });
    const on = await observe(path, { tracking: { shards: 1 }, summaryFlows: 300 });
    expect(on.summary.retransmissions).toBeGreaterThan(0);
    expect(on.summary.top_flows.some((flow) => flow.rtt_samples > 0)).toBe(true);
    expect(off.summary).toMatchObject({ retransmissions: 0, out_of_order: 0, packets_accounted: on.summary.packets_accounted });
    for (const flow of off.summary.top_flows) {
      expect(flow).toMatchObject({
        rtt_last_ms: null,
        rtt_min_ms: null,
        rtt_ewma_ms: null,
        rtt_samples: 0,
        retransmissions: 0,
        out_of_order: 0,
      });
    }
  });
});
