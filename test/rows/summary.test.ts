/** The summary of a run and its ledger, checked against what the files and the flows say. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord, RunSummary } from '../../src/index.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, readJsonLines, runWeir } from '../support/weir-command.ts';
import { replay } from './replay.ts';

const folder = new TemporaryFolder('summary');
afterAll(() => folder[Symbol.dispose]());
const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const captures = readdirSync(FIXTURES).filter((name) => /\.pcap/.test(name));
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const whole = (path: string) => `${FIXTURES}/${path}`;

describe('the summary of a run', () => {
  it.each(captures)('of %s reconciles frames and bytes with the file and with the flows', async (name) => {
    const { summary, flows, records } = await replay(whole(name), { shards: 3 });
    const { frames, damaged } = readCapture(whole(name));
    expect(summary.frames_read).toBe(frames.length);
    expect(summary.input_wire_bytes).toBe(sum(frames.map(({ wireLength }) => wireLength)));
    expect(summary.ended_by).toBe(damaged ? 'error' : 'eof');
    expect(summary.packets_accounted).toBe(sum(flows.map(({ packets_total }) => packets_total)));
    expect(summary.bytes_accounted).toBe(sum(flows.map(({ bytes_total }) => bytes_total)));
    expect(summary.flows_created).toBe(flows.length);
    expect(sum(Object.values(summary.flows_ended))).toBe(flows.length);
    expect(summary.retransmissions).toBe(sum(flows.map(({ retransmissions }) => retransmissions)));
    expect(sum(summary.protocols.map(({ packets }) => packets))).toBe(summary.packets_accounted);
    expect(sum(summary.protocols.map(({ bytes }) => bytes))).toBe(summary.bytes_accounted);
    expect(records.length).toBeGreaterThanOrEqual(flows.length);
    const left = summary.frames_read - summary.packets_accounted;
    const { not_flow = {}, rejected = {} } = summary.ledger.stages.decode as Record<string, Record<string, number>>;
    expect(left).toBe(sum(Object.values(not_flow)) + sum(Object.values(rejected)));
    expect(summary.ledger.holds).toBe(true);
    expect(summary.ledger.identities.every(({ holds }) => holds !== false)).toBe(true);
  });

  it('is written as versioned JSON, with the options in force', async () => {
    const args = ['--tick-ms', '500', '--max-flows', '1234', '-s', '200', '-f', 'ip', '--summary-json', folder.file('s.json')];
    expect((await runWeir(['replay', whole('demo.pcap'), '--quiet', ...args])).code).toBe(0);
    const summary = readJson<RunSummary>(folder.file('s.json'));
    expect(summary).toMatchObject({ schema_version: 1, input: 'replay', sources: [whole('demo.pcap')], error: null });
    expect(summary.effective).toMatchObject({ filter: 'ip', snaplen: 200, tracking: { tickMs: 500, maxFlows: 1234 } });
  });
});

describe('flows that ended before the end', () => {
  it('are in the export on exit as well as in the log of ended flows', async () => {
    const path = folder.file('imix.pcap');
    writeGenerated(path, { profile: 'imix', packets: 20_000, flows: 500, seed: 8, rate: 1000 });
    const outputs = [
      '--export-json',
      folder.file('flows.json'),
      '--flows-jsonl',
      folder.file('flows.jsonl'),
      '--export-csv',
      folder.file('flows.csv'),
    ];
    expect((await runWeir(['replay', path, '--quiet', '--flow-timeout-s', '1', ...outputs])).code).toBe(0);
    const flows = readJson<FlowRecord[]>(folder.file('flows.json'));
    const log = readJsonLines<FlowRecord>(folder.file('flows.jsonl'));
    expect(new Set(flows.map(({ end_reason }) => end_reason)).size).toBeGreaterThan(1);
    expect(flows.some(({ end_reason }) => end_reason === 'idle')).toBe(true);
    expect(flows.map(({ flow_id }) => flow_id).sort()).toEqual(log.map(({ flow_id }) => flow_id).sort());
    expect(flows.map(({ bytes_total }) => bytes_total)).toEqual(flows.map(({ bytes_total }) => bytes_total).toSorted((a, b) => b - a));
    expect(sum(flows.map(({ packets_total }) => packets_total))).toBe(20_000);
  });
});

describe('a table that is too small', () => {
  it('exports what it evicts with the reason, and loses no packet', async () => {
    const path = folder.file('flood.pcap');
    writeGenerated(path, { profile: 'flood', packets: 20_000, flows: 20_000, seed: 4, rate: 10_000 });
    const { flows, summary, ticks } = await replay(path, { tracking: { maxFlows: 1000, tickMs: 100 } });
    for (const { flowsLive } of ticks) expect(flowsLive).toBeLessThanOrEqual(1000);
    expect(flows.filter(({ end_reason }) => end_reason === 'eviction').length).toBe(summary.flows_ended.eviction);
    expect(summary.flows_ended.eviction).toBeGreaterThan(0);
    const refused = 20_000 - sum(flows.map(({ packets_total }) => packets_total));
    expect(summary.packets_accounted).toBe(20_000 - refused);
    expect(summary.deterministic).toBe(false);
    expect(summary.ledger.holds).toBe(true);
    // The oldest goes first: no flow that was evicted began after one that nobody answered and that lived to the end.
    const began = (reason: string) =>
      flows.filter((flow) => flow.end_reason === reason && flow.packets_total === 1).map((flow) => flow.first_seen);
    expect(Math.max(...began('eviction'))).toBeLessThanOrEqual(Math.min(...began('shutdown')));
  });
});
