import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import type { BenchCapture } from '../../bench/captures.ts';
import { readFlags } from '../../bench/flags.ts';
import { checkGoals } from '../../bench/goals.ts';
import { Results, type Row } from '../../bench/results.ts';
import { median, medianKnown } from '../../bench/statistics.ts';
import { projectRoot } from '../../scripts/source-tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const capture = (name: string, frames: number): BenchCapture => ({ name, path: '', frames, flows: 1, bytes: 0 });
const run = (wallSecs: number, framesSeen: number | null = null) => ({ wallSecs, cpuSecs: null, peakBytes: null, framesSeen });

describe('the numbers', () => {
  test('medians of odd, even and partly unknown values', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), medianKnown([null, 5]), medianKnown([null])]).toEqual([2, 2.5, 5, null]);
    expect(() => median([])).toThrow(RangeError);
  });

  test('start-up is taken from ours only, and ratios are of net times', () => {
    const results = new Results(new Map([['weir', 0.5]]));
    results.add(capture('imix', 2_000_000), 'weir', [run(1.5), run(9), run(1.4)]);
    results.add(capture('imix', 2_000_000), 'nfpcapd', [run(5)]);
    results.compare('imix', 'weir');
    expect(results.find('imix', 'weir')).toMatchObject({ wall_secs: 1.5, net_secs: 1, mpps: 2, times_weir: 1 });
    expect(results.find('imix', 'nfpcapd')).toMatchObject({ net_secs: 5, times_weir: 5 });
  });

  test('a program that did not see every frame is called out', () => {
    const results = new Results(new Map());
    results.add(capture('imix', 100), 'softflowd', [run(1, 99)]);
    results.add(capture('imix', 100), 'nfpcapd', [run(1, 100)]);
    expect(results.incomplete().map((row) => row.program)).toEqual(['softflowd']);
  });

  test('wall times are compared round by round', () => {
    const results = new Results(new Map());
    results.add(capture('imix', 100), 'weir', [run(1), run(2), run(4)]);
    results.add(capture('imix', 100), 'weir detect', [run(1.1), run(2.4), run(4.4)]);
    expect(checkGoals(results).map(({ goal, measured }) => [goal, measured.toFixed(3)])).toEqual([['imix: detection over none', '1.100']]);
  });

  test('goals are judged on both sides of their limits', () => {
    const outcome = (weirSecs: number) => {
      const results = new Results(new Map());
      results.add(capture('imix', 100), 'weir', [run(weirSecs)]);
      results.add(capture('imix', 100), 'tcpdump', [run(1)]);
      results.add(capture('imix', 100), 'nfpcapd', [run(4.3)]);
      return checkGoals(results).map(({ goal, reached }) => [goal, reached]);
    };
    expect(outcome(1.05)).toEqual([
      ['imix: time over tcpdump', true],
      ['imix: times faster than nfpcapd', true],
    ]);
    expect(outcome(1.2).map(([, reached]) => reached)).toEqual([false, false]);
  });
});

describe('the command line', () => {
  const read = (...args: string[]) => readFlags(args, ['tcpdump', 'tshark'], '2026-01-02');

  test('a whole bench goes into the results of the day, a part nowhere unless it is said where', async () => {
    expect((await read()).output).toMatch(/bench\/results\/2026-01-02\.json$/);
    for (const part of ['--captures=imix', '--peers=tcpdump', '--quick']) expect((await read(part)).output).toBeNull();
    expect((await read('--peers=tcpdump', '--output=here.json')).output).toBe('here.json');
  });

  test('what is chosen', async () => {
    const { captures, peers, rounds } = await read('--captures=imix,small', '--peers=tshark', '--rounds=9');
    expect([[...captures], [...peers], rounds]).toEqual([['imix', 'small'], ['tshark'], 9]);
    expect((await read('--quick')).rounds).toBe(1);
  });

  test.each([
    ['--rounds=0', /--rounds: a whole number from 1/],
    ['--rounds=many', /--rounds/],
    ['--captures=imixx', /--captures imixx: known are imix, /],
    ['--peers=argus', /--peers argus: known are tcpdump, tshark/],
    ['--nothing', /nothing/],
  ])('%s is refused', async (flag, message) => {
    await expect(read(flag)).rejects.toThrow(message);
  });
});

test('the quick bench runs Weir and every installed peer over every frame', async () => {
  const output = join(folder, 'results.json');
  const { stdout } = await promisify(execFile)(process.execPath, ['bench/main.ts', '--quick', '--output', output], {
    cwd: projectRoot,
    maxBuffer: 1 << 26,
  });
  const { rows, machine } = JSON.parse(readFileSync(output, 'utf8')) as { rows: Row[]; machine: { versions: Record<string, string> } };
  const programs = new Set(rows.map((row) => row.program));
  expect(Object.keys(machine.versions).filter((name) => !programs.has(name))).toEqual([]);
  const ours = rows.filter((row) => row.program.startsWith('weir'));
  expect(ours.length).toBeGreaterThanOrEqual(4);
  expect(ours.filter((row) => row.frames_seen !== row.frames)).toEqual([]);
  for (const name of programs) expect(stdout).toContain(name);
  expect(JSON.stringify(machine)).not.toContain((await import('node:os')).hostname());
}, 300_000);
