/** The oldest and the newest Node that is supported do what this one does. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FlowPage } from '../../src/api/contract.ts';
import { runCommand } from '../support/command.ts';
import { writeScan } from '../support/scan-frames.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const demo = here('../fixtures/demo.pcap');
const pendingWakes = here('../native/engine/pending-wake-script.ts');

/** Their paths; none, with a message, when they cannot be had. */
function prepare(): string[] {
  try {
    return execFileSync('bash', [here('prepare.sh')], { encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .split('\n');
  } catch (error) {
    const { status, stderr } = error as { status: number | null; stderr: string };
    if (status !== 3) throw error;
    console.warn(`tests of other versions of Node are skipped: ${stderr.trim()}`);
    return [];
  }
}

const nodes = prepare().map((path) => ({ version: basename(dirname(dirname(path))), path }));

/** What a replay tells, in each of its files. */
async function told(capture: string, node: string): Promise<string[]> {
  using folder = new TemporaryFolder('runtime');
  const outputs = ['export-json', 'alerts-jsonl', 'dns-jsonl', 'http-jsonl', 'events-jsonl', 'ledger'];
  const flags = outputs.flatMap((name) => [`--${name}`, folder.file(name)]);
  const { code, stderr } = await runWeir(['replay', capture, '--seed', '1', '--quiet', ...flags], { node });
  expect([code, stderr]).toEqual([0, '']);
  return outputs.map((name) => readFileSync(folder.file(name), 'utf8'));
}

describe.skipIf(nodes.length === 0).each(nodes)('on Node $version', ({ version, path }) => {
  it('is that version', async () => {
    expect((await runCommand(path, ['--version'])).stdout.trim()).toBe(`v${version}`);
  });

  it('a replay tells the same', async () => {
    expect(await told(demo, path)).toEqual(await told(demo, process.execPath));
  });

  it('a scan gives the same alerts', async () => {
    using folder = new TemporaryFolder('runtime-scan');
    writeScan(folder.file('scan.pcap'), 300);
    const own = await told(folder.file('scan.pcap'), process.execPath);
    expect(own.join()).toContain('"kind":"vertical_scan"');
    expect(await told(folder.file('scan.pcap'), path)).toEqual(own);
  });

  it('a service stores what it sees, and stops', async () => {
    using folder = new TemporaryFolder('runtime-serve');
    await using run = await ServeRun.start(['--replay', demo, '--data-dir', folder.file('data')], { node: path });
    await run.ended();
    expect((await run.get<FlowPage>('/flows?limit=1000')).flows.length).toBeGreaterThan(10);
    expect((await run.stop()).code).toBe(0);
  });

  it('a waker that goes while a call of it waits takes nothing with it', async () => {
    expect(await runCommand(path, [pendingWakes])).toMatchObject({ code: 0, signal: null, stdout: '40 calls waited\n' });
  });
});

it('on this Node a waker that goes while a call of it waits takes nothing with it', async () => {
  expect(await runCommand(process.execPath, [pendingWakes])).toMatchObject({ code: 0, signal: null, stdout: '40 calls waited\n' });
});
