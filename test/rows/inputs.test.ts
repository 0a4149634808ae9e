/** Formats of capture files, several files, loops, limits, filters and speeds: what is read, and what flows come of it. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/index.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { runCommand } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { cleanEnvironment, readJson, weirEntry } from '../support/weir-command.ts';
import { essence, replay, writeRawCapture } from './replay.ts';

const folder = new TemporaryFolder('inputs');
afterAll(() => folder[Symbol.dispose]());
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const SMALL = fixture('small.pcap');
const DEMO = fixture('demo.pcap');
const ETHERNET = 1;

/** Order and ids follow times, which formats keep to different precision. */
const shapes = (flows: FlowRecord[]) => flows.map((flow) => JSON.stringify(essence(flow))).sort();

describe('formats', () => {
  it.each(['small.pcapng', 'small.pcap.gz', 'small.pcap.zst', 'big-endian.pcap', 'nanoseconds.pcap'])(
    '%s gives the flows of small.pcap',
    async (name) => {
      const [expected, found] = [await replay(SMALL), await replay(fixture(name))];
      expect(shapes(found.flows)).toEqual(shapes(expected.flows));
      expect(expected.flows.length).toBeGreaterThan(5);
      expect(found.summary).toMatchObject({ frames_read: 40, error: null });
    },
  );

  it('keep ids and times where they keep microseconds', async () => {
    const { records } = await replay(SMALL);
    for (const name of ['small.pcapng', 'small.pcap.gz', 'small.pcap.zst', 'big-endian.pcap'])
      expect((await replay(fixture(name))).records).toEqual(records);
  });

  it('of compressed standard input are recognised', async () => {
    const script = '"$1" "$2" replay - --quiet --export-json "$3" < "$4"';
    const args = [process.execPath, weirEntry(), folder.file('flows.json'), fixture('small.pcap.gz')];
    const { code } = await runCommand('sh', ['-c', script, 'sh', ...args], { env: cleanEnvironment() });
    expect(code).toBe(0);
    expect(shapes(readJson<FlowRecord[]>(folder.file('flows.json')))).toEqual(shapes((await replay(SMALL)).flows));
  });
});

describe('several files', () => {
  it('are one stream: flows go on from one file to the next', async () => {
    const { frames } = readCapture(DEMO);
    const cut = Math.floor(frames.length / 2);
    const parts = [frames.slice(0, cut), frames.slice(cut)].map((part, i) => writeRawCapture(folder.file(`part${i}.pcap`), ETHERNET, part));
    const [whole, split] = [await replay(DEMO), await replay(parts)];
    expect(split.records).toEqual(whole.records);
    expect(split.summary.frames_read).toBe(frames.length);
    const alone = await Promise.all(parts.map((part) => replay(part)));
    expect(alone.reduce((sum, { flows }) => sum + flows.length, 0)).toBeGreaterThan(whole.flows.length);
  });

  it('of which one is damaged end the run with what was read', async () => {
    const { summary, flows } = await replay([SMALL, fixture('truncated.pcap'), SMALL]);
    expect(summary.ended_by).toBe('error');
    expect(summary.error?.message).toContain('truncated.pcap');
    expect(summary.frames_read).toBeGreaterThanOrEqual(79);
    expect(flows.reduce((sum, flow) => sum + flow.packets_total, 0)).toBe(summary.packets_accounted);
    expect(summary.ledger.holds).toBe(true);
  });
});

describe('a loop', () => {
  it('replays the files again, packet time moving on', async () => {
    const [once, thrice] = [await replay(SMALL), await replay(SMALL, { loop: 3 })];
    expect(thrice.summary.frames_read).toBe(3 * once.summary.frames_read);
    expect(thrice.summary.packets_accounted).toBe(3 * once.summary.packets_accounted);
    expect(thrice.summary.duration_secs).toBeGreaterThanOrEqual(3 * once.summary.duration_secs);
    expect(thrice.summary.first_packet).toBe(once.summary.first_packet);
    const last = (flows: FlowRecord[]) => Math.max(...flows.map((flow) => flow.last_seen));
    expect(last(thrice.flows) - last(once.flows)).toBeGreaterThanOrEqual(2 * once.summary.duration_secs - 1e-6);
    const udp = ({ flows }: typeof once) => flows.filter(({ protocol }) => protocol === 'udp');
    for (const flow of udp(thrice)) {
      const single = udp(once).find(({ flow_id }) => flow_id === flow.flow_id)!;
      expect(flow.packets_total).toBe(3 * single.packets_total);
    }
  });
});

describe('the packet limit', () => {
  it.each([1, 20, 39])('of %i reads exactly as many', async (count) => {
    const { summary, flows } = await replay(SMALL, { count });
    expect(summary).toMatchObject({ frames_read: count, ended_by: 'count', error: null });
    expect(summary.ledger.holds).toBe(true);
    expect(flows.reduce((sum, flow) => sum + flow.packets_total, 0)).toBe(summary.packets_accounted);
  });

  it('counts only what the filter lets through, over files and loops', async () => {
    const { summary, flows } = await replay([SMALL, SMALL], { count: 30, filter: 'udp', loop: 2 });
    expect(summary).toMatchObject({ packets_accounted: 30, ended_by: 'count' });
    expect(flows.every((flow) => flow.protocol === 'udp')).toBe(true);
  });
});

describe('speeds', () => {
  const secondsApart = (seconds: number[]): string => {
    const bytes = readCapture(SMALL).frames[0].bytes;
    const frames = seconds.map((sec) => ({ sec: 1_700_000_000 + Math.floor(sec), nsec: Math.round((sec % 1) * 1e9), bytes }));
    return writeRawCapture(folder.file('apart.pcap'), ETHERNET, frames);
  };
  const elapsed = async (speed: string): Promise<number> => {
    const args = ['replay', folder.file('apart.pcap'), '--quiet', '--speed', speed, '--summary-json', folder.file('s.json')];
    const { code } = await runCommand(process.execPath, [weirEntry(), ...args], { env: cleanEnvironment() });
    expect(code).toBe(0);
    return readJson<{ elapsed_secs: number }>(folder.file('s.json')).elapsed_secs;
  };

  it('hold packets back: as captured, a factor faster, or by rate', async () => {
    secondsApart([0, 0.3, 0.6, 0.9, 1.2]);
    expect(await elapsed('realtime')).toBeGreaterThanOrEqual(1.19);
    expect(await elapsed('2x')).toBeGreaterThanOrEqual(0.59);
    expect(await elapsed('5pps')).toBeGreaterThanOrEqual(0.79);
  });

  it('wait for nothing without one, whatever the capture spans', async () => {
    secondsApart([0, 1000, 2000, 3000]);
    expect(await elapsed('max')).toBeLessThan(60);
    expect(await elapsed('10000x')).toBeGreaterThanOrEqual(0.29);
  });
});

describe('a capture without frames', () => {
  it('is a run without flows', async () => {
    const { summary, records } = await replay(fixture('empty.pcap'));
    expect(records).toEqual([]);
    expect(summary).toMatchObject({ frames_read: 0, packets_accounted: 0, first_packet: null, ended_by: 'eof', error: null });
    expect(summary.ledger.holds).toBe(true);
  });

  it('of no bytes at all is refused', async () => {
    writeFileSync(folder.file('nothing.pcap'), '');
    await expect(replay(folder.file('nothing.pcap'))).rejects.toMatchObject({ code: expect.stringMatching(/^SOURCE/) });
  });
});
