import { describe, expect, it } from 'vitest';
import type { Advice } from '../../../src/index.ts';
import { SensorError } from '../../../src/index.ts';
import { sensorOf, snapshotAt } from '../../support/loss-snapshots.ts';
import { type FakeRunOptions, fakeRun, summaryOf } from './fake-run.ts';

const lossy: FakeRunOptions = {
  losses: [snapshotAt(0, sensorOf(), null), snapshotAt(10, sensorOf({ received: 5000, kernelDrops: 400 }), null)],
};
const healthy: FakeRunOptions = { losses: [snapshotAt(0, sensorOf(), null), snapshotAt(10, sensorOf({ received: 5000 }), null)] };
const watch = (args: string[], options: FakeRunOptions = lossy) => fakeRun(['doctor', '--watch', '-i', 'lo', ...args], options);

describe('weir doctor --watch', () => {
  it('names the stage that loses, how much of how much, and the remedy, and ends with 1', async () => {
    const { code, stdout } = await watch([]);
    expect(code).toBe(1);
    expect(stdout.lines).toContain('losing   socket       400 of 4,000 packets in 10.0 s (10 %)');
    expect(stdout.lines).toContain('                      remedy: --buffer-mb 64 (now 16)');
    expect(stdout.lines.at(-1)).toBe('losing: socket');
  });

  it('says unknown where a stage has no counter, and ends with 0 when nothing is lost', async () => {
    const { code, stdout } = await watch([], healthy);
    expect(code).toBe(0);
    expect(stdout.lines[1]).toBe('unknown  nic          this system shows no counters of cards');
    expect(stdout.lines.at(-1)).toBe('no stage that has a counter loses anything');
  });

  it('is an array for programs', async () => {
    const { stdout, stderr } = await watch(['--json']);
    const advice = JSON.parse(stdout.text) as Advice[];
    expect(advice.find(({ state }) => state === 'losing')).toMatchObject({ stage: 'socket', lost: 400, remedy: '--buffer-mb 64 (now 16)' });
    expect(stderr.text).toBe('');
  });

  it('captures as configured, but writes nothing', async () => {
    const { sensor } = await watch(['--buffer-mb', '128', '--shards', '3', '--max-flows', '77'], {
      ...healthy,
      environment: { WEIR_FLOWS_JSONL: '/nowhere/flows.jsonl', WEIR_WRITE_PCAP: '/nowhere/x.pcap' },
    });
    expect(sensor?.options).toMatchObject({
      input: { kind: 'capture', interfaces: ['lo'], bufferMb: 128 },
      tracking: { shards: 3, maxFlows: 77 },
      output: { flowsJsonl: null, writePcap: null },
      records: false,
      packets: false,
    });
    expect(sensor?.stops).toBeGreaterThan(0);
  });

  it.each<[string[], RegExp]>([
    [['doctor', '--seconds', '5'], /--seconds goes with --watch/],
    [['doctor', '--watch', '--seconds', '0'], /--seconds is "0", but must be a number between 1 and 3600/],
    [['doctor', '--watch', '--seconds', 'x'], /--seconds is "x"/],
    [['doctor', '--watch', '--buffer-mb', '0'], /--buffer-mb/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr, sensor } = await fakeRun(args, lossy);
    expect(code).toBe(2);
    expect(stderr.lines[0]).toMatch(message);
    expect(sensor).toBeNull();
  });

  it('passes on why a capture cannot be, or ended', async () => {
    const refused = await watch([], { startFails: new SensorError('SOURCE_PERMISSION', 'not allowed') });
    expect([refused.code, refused.stderr.text]).toEqual([3, expect.stringContaining('setcap')]);
    const failed = await watch([], { ...lossy, summary: summaryOf({ error: new SensorError('SOURCE_READ', 'gone') }) });
    expect(failed.code).toBe(1);
    expect(failed.stderr.text).toContain('gone');
  });
});
