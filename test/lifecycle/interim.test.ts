import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/flow/record.ts';
import { until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, readJsonLines, weirEntry } from '../support/weir-command.ts';
import { steadyFlow } from './small-captures.ts';

const folder = new TemporaryFolder('interim');
afterAll(() => folder[Symbol.dispose]());

const PER_SECOND = 100;
const PACKET_BYTES = 16 + 142;
const FILE_HEADER_BYTES = 24;

/** Checks one flow's records against each other: same id, ascending sequence, deltas that add up to the totals. */
function expectConsistent(records: FlowRecord[]): void {
  let packets = 0;
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    packets += record.delta.packets_a_to_b + record.delta.packets_b_to_a;
    bytes += record.delta.bytes_a_to_b + record.delta.bytes_b_to_a;
    expect(record.flow_id).toBe(records[0].flow_id);
    expect([record.packets_total, record.bytes_total]).toEqual([packets, bytes]);
    if (record.record === 'interim') expect(record.interim_seq).toBe(index + 1);
  }
}

describe('a long flow', () => {
  it('kill -9 loses at most one interval of it', async () => {
    const input = readFileSync(steadyFlow(folder.file('steady.pcap'), 20 * PER_SECOND, 1000 / PER_SECOND));
    const jsonl = folder.file('flows.jsonl');
    const args = ['replay', '-', '--quiet', '--active-timeout-s', '1', '--tick-ms', '100', '--flows-jsonl', jsonl];
    const sensor = spawn(process.execPath, [weirEntry(), ...args], { stdio: ['pipe', 'ignore', 'inherit'], env: cleanEnvironment() });
    const ended = new Promise((resolve) => sensor.once('close', (code, signal) => resolve([code, signal])));
    // Exactly 15.5 s of packet time, then silence: the sensor waits for more, and is killed while it does.
    const fed = 15.5 * PER_SECOND;
    sensor.stdin.write(input.subarray(0, FILE_HEADER_BYTES + fed * PACKET_BYTES));
    const lines = () => (existsSync(jsonl) ? readJsonLines<FlowRecord>(jsonl) : []);
    await until('fourteen interim records', () => lines().length >= 14, 15_000);
    sensor.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    const records = lines();
    expectConsistent(records);
    expect(records.every(({ record, end_reason }) => record === 'interim' && end_reason === null)).toBe(true);
    // One interval, and what the pipe and the reader still held back.
    expect(fed - records.at(-1)!.packets_total).toBeLessThanOrEqual(2 * PER_SECOND);
  });
});
