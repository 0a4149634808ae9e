/** Passive captures by WinDivert: what Windows sees of a capture is what a replay on Linux sees. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';
import { type JobResult, runJobs } from './jobs.ts';
import { packetTexts, rawPackets, writeRawCapture } from './raw-capture.ts';
import { prepare, readStats, z } from './wine-session.ts';

const absent = prepare();
const folder = new TemporaryFolder('windows-sniff');
const demo = join(projectRoot, 'test/fixtures/demo.pcap');
let results: Map<string, JobResult>;

const OPEN_ERRORS = [
  [2, 'SOURCE_NOT_FOUND', 3, 'WinDivert64.sys'],
  [5, 'SOURCE_PERMISSION', 3, 'Administrator'],
  [87, 'FILTER', 2, 'filter'],
  [577, 'SOURCE_OPEN', 3, 'signed driver'],
  [654, 'SOURCE_OPEN', 3, 'sc stop WinDivert'],
  [1060, 'SOURCE_OPEN', 3, 'Administrator'],
  [1275, 'SOURCE_OPEN', 3, 'WinDivert64.sys'],
  [1753, 'SOURCE_OPEN', 3, 'BFE'],
  [31, 'SOURCE_OPEN', 3, 'weir doctor'],
] as const;

const stats = (name: string) => folder.file(`${name}.stats`);

beforeAll(async () => {
  if (absent !== null) return;
  const base = { pcap: demo, times: 'file', end: 1 };
  results = await runJobs(folder.path, [
    {
      name: 'shards-1',
      script: { ...base, stats: stats('shards-1') },
      settings: { output: { exportJson: z(folder.file('windows-1.json')), writePcap: z(folder.file('windows.pcap')) } },
    },
    {
      name: 'shards-4',
      script: { ...base, batch: 1 },
      settings: { output: { exportJson: z(folder.file('windows-4.json')) }, tracking: { shards: 4, dpi: 'builtin' } },
    },
    { name: 'count', script: { ...base, repeat: 1000 }, settings: { count: 20 } },
    { name: 'stop', script: { pcap: demo, repeat: 100_000, pps: 20_000, stats: stats('stop') }, settings: {}, stopAfterMs: 700 },
    { name: 'version', script: { version: 1 }, settings: {}, probe: true },
    { name: 'receive-error', script: { ...base, batch: 10, 'receive-error': 31 }, settings: {} },
    ...OPEN_ERRORS.map(([code]) => ({ name: `error-${code}`, script: { 'open-error': code }, settings: {}, probe: true })),
    { name: 'refused', script: { 'open-error': 5 }, settings: {} },
    { name: 'missing', script: {}, settings: { input: { windivertDll: 'C:\\nowhere\\WinDivert.dll' } }, probe: true },
    { name: 'interface', script: {}, settings: { input: { interfaces: ['nosuch'] } } },
  ]);
}, 120_000);
afterAll(() => folder[Symbol.dispose]());

const result = (name: string): JobResult => {
  const found = results.get(name);
  if (found === undefined) throw new Error(`no job ${name}`);
  return found;
};

describe.skipIf(absent !== null)('a passive capture', () => {
  it('gives the flows of a replay of the same packets on Linux, byte for byte', async () => {
    const packets = rawPackets(demo);
    const linux = JSON.parse(readFileSync(folder.file('windows-1.json'), 'utf8')) as { first_seen: number }[];
    expect(linux.length).toBeGreaterThan(30);
    expect(result('shards-1').error).toBeNull();
    // On Windows the packets came later than they were recorded: by how much, the first one tells.
    const recorded = rawPackets(folder.file('windows.pcap'));
    const shift = recorded[0].timeNs - packets[0].timeNs;
    expect(packetTexts(recorded)).toEqual(packetTexts(packets));
    const shifted = folder.file('shifted.pcap');
    writeRawCapture(
      shifted,
      packets.map(({ timeNs, bytes }) => ({ timeNs: timeNs + shift, bytes })),
    );
    const replayed = folder.file('linux.json');
    const { code, stderr } = await runWeir(['replay', shifted, '--quiet', '--dpi', 'builtin', '--export-json', replayed]);
    expect([code, stderr]).toEqual([0, '']);
    expect(readFileSync(folder.file('windows-1.json'), 'utf8')).toBe(readFileSync(replayed, 'utf8'));
  });

  it('gives the same flows whatever the batches and the number of shards', () => {
    const flows = (name: string) =>
      (
        JSON.parse(readFileSync(folder.file(name), 'utf8')) as {
          community_id: string;
          packets_total: number;
          bytes_total: number;
          conn_state: string;
        }[]
      )
        .map(({ community_id, packets_total, bytes_total, conn_state }) => `${community_id} ${packets_total} ${bytes_total} ${conn_state}`)
        .sort();
    expect(flows('windows-4.json')).toEqual(flows('windows-1.json'));
  });

  it('asks for copies only, sets the queue, and says what it was set to and how exact its clock is', () => {
    const counted = readStats(stats('shards-1'));
    expect(counted).toMatchObject({ flags: 5, queueLength: 16_384, queueTimeMs: 2000, queueBytes: 16_777_216, closes: 1, sent: 0 });
    const detail = result('shards-1').report?.threads[0].detail;
    expect(detail).toMatchObject({ queueLength: 16_384, queueTimeMs: 2000, queueBytes: 16_777_216 });
    expect(detail?.clockErrorNs).toBeGreaterThanOrEqual(0);
    expect(detail?.clockErrorNs).toBeLessThan(1_000_000);
  });

  it('has an exact ledger, and says unknown where the driver has no counter', () => {
    const { ledger, frames_read, kernel_drops } = result('shards-1').summary!;
    expect([ledger.holds, frames_read, kernel_drops]).toEqual([true, rawPackets(demo).length, null]);
    expect(ledger.stages.divert).toMatchObject({ diverted: frames_read, handover_dropped: 0, sent: null });
  });

  it('stops at a count, and in the middle of a stream without losing what it has taken', () => {
    const counted = result('count').summary!;
    expect([counted.ended_by, counted.frames_read, counted.ledger.holds]).toEqual(['count', 20, true]);
    const { summary, stoppedInMs } = result('stop');
    expect([summary?.ended_by, summary?.ledger.holds]).toEqual(['stop', true]);
    expect(stoppedInMs).toBeLessThan(5000);
    expect(readStats(stats('stop'))).toMatchObject({ delivered: summary?.frames_read, closes: 1 });
    expect(summary?.frames_read).toBeGreaterThan(1000);
  });

  it.each(OPEN_ERRORS)('error %i of WinDivertOpen is %s, exit code %i, with what to do', (code, name, exitCode, word) => {
    const { error } = result(`error-${code}`);
    expect(error).toMatchObject({ code: name, exitCode });
    expect(`${error?.message} ${error?.hint}`).toContain(word);
  });

  it('a start that is refused ends with the same error', () => {
    expect(result('refused').error).toEqual(result('error-5').error);
  });

  it('tells of a missing library, another version and an interface that is not there', () => {
    expect(result('missing').error).toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      exitCode: 3,
      hint: expect.stringContaining('WinDivert.dll'),
    });
    expect(result('version').error).toMatchObject({ code: 'SOURCE_OPEN', message: expect.stringContaining('version 1') });
    expect(result('interface').error).toMatchObject({ code: 'SOURCE_NOT_FOUND', message: 'there is no interface nosuch' });
  });

  it('goes on after a receive error that passes', () => {
    expect(result('receive-error')).toMatchObject({ error: null, summary: { frames_read: rawPackets(demo).length } });
  });
});
