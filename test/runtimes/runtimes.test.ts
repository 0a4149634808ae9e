/** The oldest and the newest Node that is supported do what this one does. */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { FlowPage } from '../../src/api/contract.ts';
import type { Ledger } from '../../src/merge/ledger.ts';
import { runCommand } from '../support/command.ts';
import { runPreparation } from '../support/preparation.ts';
import { writeScan } from '../support/scan-frames.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { readJson, runWeir } from '../support/weir-command.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const demo = here('../fixtures/demo.pcap');
const pendingWakes = here('../native/engine/pending-wake-script.ts');

const { output } = runPreparation(here('prepare.sh'), 'tests of other versions of Node');
const nodes = (output ?? '')
  .split('\n')
  .filter((path) => path !== '')
  .map((path) => ({ version: basename(dirname(dirname(path))), path }));
const ours = { version: process.versions.node, path: process.execPath };

/** What a replay tells, in each of its files; of the ledger not how full the ring was, which depends on the threads' pace. */
async function told(capture: string, node: string): Promise<string[]> {
  using folder = new TemporaryFolder('runtime');
  const outputs = ['export-json', 'alerts-jsonl', 'dns-jsonl', 'http-jsonl', 'events-jsonl'];
  const flags = outputs.flatMap((name) => [`--${name}`, folder.file(name)]);
  const ledger = folder.file('ledger');
  const { code, stderr } = await runWeir(['replay', capture, '--seed', '1', '--quiet', ...flags, '--ledger', ledger], { node });
  expect([code, stderr]).toEqual([0, '']);
  const { identities } = readJson<Ledger>(ledger);
  return [...outputs.map((name) => readFileSync(folder.file(name), 'utf8')), JSON.stringify(identities)];
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
});

it.each([...nodes, ours])('on Node $version a waker that goes while a call of it waits takes nothing with it', async ({ path }) => {
  expect(await runCommand(path, [pendingWakes])).toMatchObject({ code: 0, signal: null, stdout: '40 calls waited\n' });
});
