/** How the command ends when something inside it breaks: faults that no input can cause, preloaded into a real run. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import { manyFlows } from '../lifecycle/small-captures.ts';
import { until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, runWeir, startWeir } from '../support/weir-command.ts';

const SMALL = fileURLToPath(new URL('../fixtures/small.pcap', import.meta.url));

describe('a counter that misses one increment', () => {
  it('makes --assert-ledger exit with 4 and say which identities fail, after everything was exported', async () => {
    using folder = new TemporaryFolder('exit');
    const outputs = ['--export-json', folder.file('flows'), '--ledger', folder.file('ledger'), '--summary-json', folder.file('summary')];
    const { code, stderr } = await runWeir(['replay', SMALL, '--assert-ledger', ...outputs], { preload: 'miscount' });
    expect(code).toBe(4);
    expect(stderr.split('\n')[0]).toBe('weir: the ledger does not hold: 2 identities fail');
    expect(stderr).toContain('  read (packets): 40 frames_read ≠ 0 filtered + 39 delivered');
    expect(readJson<{ holds: boolean }>(folder.file('ledger')).holds).toBe(false);
    expect(readJson<RunSummary>(folder.file('summary'))).toMatchObject({ frames_read: 40, ended_by: 'eof', error: null });
    expect(readJson<FlowRecord[]>(folder.file('flows')).length).toBeGreaterThan(0);
  });

  it('is shown, and changes no exit code, where nobody asserts the ledger', async () => {
    const { code, stdout } = await runWeir(['replay', SMALL], { preload: 'miscount' });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Ledger +2 of \d+ identities fail$/m)]);
  });
});

describe('a shard that dies in a replay', () => {
  it.each([1, 2])('makes it exit with 1, after what the shards had finished was exported: 1 of %i', async (shards) => {
    using folder = new TemporaryFolder('exit');
    const capture = manyFlows(folder.file('many.pcap'), 20_000);
    const outputs = ['--export-json', folder.file('flows'), '--summary-json', folder.file('summary'), '--assert-ledger'];
    const pace = ['--loop', '0', '--speed', '50000pps', '--flow-timeout-s', '1', '--stats', '--stats-interval-ms', '100'];
    const running = startWeir(['replay', capture, '--shards', String(shards), ...pace, ...outputs], { preload: 'kill-shard' });
    // Flows end a second of packet time after they began.
    await until('flows that have ended', () => running.stdout.split('[stats]').length > 20);
    running.child.kill('SIGUSR2');
    const { code, stderr } = await running.wait(20_000);
    expect(stderr).toMatch(/^weir: shard 0 died: /m);
    expect(stderr).not.toContain('the ledger does not hold');
    expect(code).toBe(1);
    const summary = readJson<RunSummary>(folder.file('summary'));
    expect(summary).toMatchObject({ ended_by: 'error', shards_lost: 1, error: { code: 'SHARD_LOST' } });
    const ended = Object.values(summary.flows_ended).reduce((sum, count) => sum + count, 0);
    expect(ended).toBeGreaterThan(0);
    expect(readJson<FlowRecord[]>(folder.file('flows')).length).toBe(ended);
    expect(summary.flows_created).toBeGreaterThan(ended);
  });
});
