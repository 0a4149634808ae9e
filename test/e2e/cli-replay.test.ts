/** `weir replay` as people run it: real files, real exit codes, real pipes. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { Ledger } from '../../src/merge/ledger.ts';
import type { RunSummary } from '../../src/merge/summary.ts';
import { until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, readJsonLines, runWeir, startWeir } from '../support/weir-command.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const SMALL = fixture('small.pcap');
/** Packets of small.pcap and of its copies in other formats. */
const PACKETS = 40;

describe('weir replay', () => {
  it('prints a summary, and nothing else, and exits with 0', async () => {
    const { code, stdout, stderr } = await runWeir(['replay', SMALL]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('40');
    expect(stdout).not.toMatch(/^#1 /m);
  });

  it.each(['small.pcap', 'small.pcapng', 'small.pcap.gz', 'small.pcap.zst', 'big-endian.pcap', 'nanoseconds.pcap'])(
    'reads %s',
    async (name) => {
      using folder = new TemporaryFolder('replay');
      expect((await runWeir(['replay', fixture(name), '--assert-ledger', '--summary-json', folder.file('s')])).code).toBe(0);
      expect(readJson<RunSummary>(folder.file('s'))).toMatchObject({ frames_read: PACKETS, ended_by: 'eof', error: null });
    },
  );

  it('reads standard input', async () => {
    const { code, stdout } = await runWeir(['replay', '-', '--summary-json', '-'], { input: readFileSync(SMALL) });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ frames_read: PACKETS });
  });

  it('writes every file that is asked for', async () => {
    using folder = new TemporaryFolder('replay');
    const outputs = ['write-pcap', 'export-json', 'export-csv', 'flows-jsonl', 'flows-csv', 'packets-jsonl', 'summary-json', 'ledger'];
    const { code, stderr } = await runWeir(['replay', SMALL, '--quiet', ...outputs.flatMap((name) => [`--${name}`, folder.file(name)])]);
    expect([code, stderr]).toEqual([0, '']);
    const flows = readJson<FlowRecord[]>(folder.file('export-json'));
    expect(flows.reduce((sum, flow) => sum + flow.packets_total, 0)).toBe(
      readJson<RunSummary>(folder.file('summary-json')).packets_accounted,
    );
    expect(readJsonLines(folder.file('flows-jsonl'))).toHaveLength(flows.length);
    expect(readJsonLines(folder.file('packets-jsonl'))).toHaveLength(PACKETS);
    expect(readJson<Ledger>(folder.file('ledger')).holds).toBe(true);
    for (const name of ['export-csv', 'flows-csv'])
      expect(readFileSync(folder.file(name), 'utf8').trim().split('\n')).toHaveLength(flows.length + 1);
    expect(statSync(folder.file('write-pcap')).size).toBe(statSync(SMALL).size);
  });

  it('keeps standard output for the file that is written there', async () => {
    const { code, stdout, stderr } = await runWeir(['replay', SMALL, '--export-json', '-', '--packets']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toBeInstanceOf(Array);
    expect(stderr).toMatch(/^#1 /m);
    expect(stderr).toMatch(new RegExp(`^#${PACKETS} `, 'm'));
  });

  it('prints packets, details, and stats', async () => {
    const lines = async (...args: string[]) => (await runWeir(['replay', SMALL, ...args])).stdout.split('\n');
    expect((await lines('--packets')).filter((line) => /^#\d+ \d\d:\d\d:\d\d\.\d{6} /.test(line))).toHaveLength(PACKETS);
    expect((await lines('--packets', '-c', '3')).filter((line) => line.startsWith('#'))).toHaveLength(3);
    expect((await lines('--hex-dump')).filter((line) => line.includes('Hex Dump'))).toHaveLength(PACKETS);
    const named = (shown: string[]): number => shown.filter((line) => /^#.* UDP /.test(line)).length;
    expect(named(await lines('--packets'))).toBe(12);
    expect(named(await lines('--packets', '--ignore-protocols', 'UDP'))).toBe(0);
    const stats = (await lines('--stats', '--stats-interval-ms', '100', '--top-flows', '2')).filter((line) => line.startsWith('[stats] '));
    expect(stats.length).toBeGreaterThan(2);
    for (const line of stats) expect(line).toMatch(/^\[stats\] \d+\.\d\d Mbps \| \d+ pps \| \d+ flows$/);
  });

  it('counts only what the filter lets through', async () => {
    const frames = async (...args: string[]): Promise<number> =>
      (JSON.parse((await runWeir(['replay', SMALL, '--summary-json', '-', ...args])).stdout) as RunSummary).packets_accounted;
    const [udp, rest] = [await frames('-f', 'udp'), await frames('-f', 'not udp')];
    expect(udp).toBe(12);
    expect(udp + rest).toBe(await frames());
  });

  it('ends quietly when its reader does', async () => {
    using folder = new TemporaryFolder('replay');
    const running = startWeir([
      'replay',
      ...Array(50).fill(fixture('demo.pcap')),
      '--hex-dump',
      '--export-json',
      folder.file('flows.json'),
    ]);
    await until('output', () => running.stdout.length > 0);
    running.child.stdout?.destroy();
    const { code, signal, stderr } = await running.wait(20_000);
    expect([code, signal, stderr]).toEqual([0, null, '']);
    expect(readJson<FlowRecord[]>(folder.file('flows.json')).length).toBeGreaterThan(0);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('exports all open flows on %s', async (signal) => {
    using folder = new TemporaryFolder('replay');
    const running = startWeir([
      'replay',
      SMALL,
      '--loop',
      '0',
      '--speed',
      '200pps',
      '--stats',
      '--stats-interval-ms',
      '100',
      '--export-json',
      folder.file('flows.json'),
      '--assert-ledger',
    ]);
    await until('packets', () => running.stdout.includes('[stats]'));
    const { code } = await running.stop(signal, 5000);
    expect(code).toBe(0);
    expect(readJson<FlowRecord[]>(folder.file('flows.json')).some((flow) => flow.end_reason === 'shutdown')).toBe(true);
  });
});

describe('what weir replay refuses', () => {
  it.each([
    ['a missing file', ['/nowhere/x.pcap'], 3, /\/nowhere\/x\.pcap/],
    ['a directory', ['/tmp'], 3, /\/tmp.*directory/i],
    ['a file that is no capture', [fileURLToPath(import.meta.url)], 3, /not a (capture|pcap)|unknown|magic|format/i],
    ['a bad filter', [SMALL, '-f', 'tcp porty 5'], 2, /syntax error|porty/i],
    ['an output folder that does not exist', [SMALL, '--export-json', '/nowhere/flows.json'], 1, /\/nowhere\/flows\.json/],
  ])('%s', async (_name, args, exit, message) => {
    const { code, stdout, stderr } = await runWeir(['replay', ...args]);
    expect(code).toBe(exit);
    expect(stdout).toBe('');
    expect(stderr.split('\n')[0]).toMatch(/^weir: /);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('a truncated file, after exporting what was read', async () => {
    using folder = new TemporaryFolder('replay');
    const { code, stderr } = await runWeir([
      'replay',
      fixture('truncated.pcap'),
      '--export-json',
      folder.file('f'),
      '--summary-json',
      folder.file('s'),
      '--assert-ledger',
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^weir: .*truncated\.pcap/m);
    expect(readJson<RunSummary>(folder.file('s')).frames_read).toBe(PACKETS - 1);
    expect(readJson<FlowRecord[]>(folder.file('f')).length).toBeGreaterThan(0);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk, with one message', async () => {
    using folder = new TemporaryFolder('replay');
    symlinkSync('/dev/full', folder.file('flows.json'));
    const { code, stderr } = await runWeir([
      'replay',
      SMALL,
      '--export-json',
      folder.file('flows.json'),
      '--summary-json',
      folder.file('s'),
    ]);
    expect(code).toBe(1);
    expect(stderr.match(/^weir: /gm)).toHaveLength(1);
    expect(readJson<RunSummary>(folder.file('s')).frames_read).toBe(PACKETS);
  });

  it('to overwrite what it reads, under any name', async () => {
    using folder = new TemporaryFolder('replay');
    mkdirSync(folder.file('sub'));
    copyFileSync(SMALL, folder.file('a.pcap'));
    symlinkSync(folder.file('a.pcap'), folder.file('b.pcap'));
    for (const output of [folder.file('sub/../a.pcap'), folder.file('b.pcap')]) {
      const { code, stderr } = await runWeir(['replay', folder.file('a.pcap'), '--write-pcap', output]);
      expect(code).toBe(2);
      expect(stderr).toContain('would overwrite');
    }
    expect(statSync(folder.file('a.pcap')).size).toBe(statSync(SMALL).size);
  });

  it('a broken configuration', async () => {
    using folder = new TemporaryFolder('replay');
    writeFileSync(folder.file('weir.toml'), '[tracking]\nmax_flow = 5\n');
    const { code, stderr } = await runWeir(['replay', SMALL], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toBe(`weir: ${folder.file('weir.toml')}:2:1: unknown key tracking.max_flow\n  hint: did you mean tracking.max_flows?\n`);
  });
});
