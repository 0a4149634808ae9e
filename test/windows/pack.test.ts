/** The zip for Windows, as somebody unpacks it: it reads capture files as the package on Linux does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';
import { mustRun } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { runWeir } from '../support/weir-command.ts';
import { prepare, startNode, z } from './wine-session.ts';

const absent = prepare();
const folder = new TemporaryFolder('windows-pack');
afterAll(() => folder[Symbol.dispose]());

describe.skipIf(absent !== null)('the zip for Windows', () => {
  let root: string;
  beforeAll(async () => {
    const zip = folder.file('weir.zip');
    await mustRun('bash', [join(projectRoot, 'scripts/pack-win.sh'), zip], { timeoutMs: 120_000 });
    await mustRun('python3', ['-m', 'zipfile', '-e', zip, folder.path]);
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
    root = folder.file(`weir-sensor-${version}-win32-x64`);
  }, 150_000);

  it('holds no part of WinDivert, and says where to get it', async () => {
    const { stdout } = await mustRun('find', [root, '-iname', '*windivert*.dll', '-o', '-iname', '*.sys', '-o', '-iname', 'build']);
    expect(stdout.split('\n').filter((path) => !path.includes('node_modules'))).toEqual(['']);
    const note = readFileSync(join(root, 'INSTALL.txt'), 'utf8');
    for (const word of ['LGPL', 'SHA256', 'WinDivert64.sys', 'Administrator', 'ARM64', 'Antivirus']) expect(note).toContain(word);
  });

  it('replays a capture to the same flows as on Linux, byte for byte', async () => {
    const capture = join(projectRoot, 'test/fixtures/small.pcap.gz');
    const [windows, linux] = [folder.file('windows.json'), folder.file('linux.json')];
    const run = startNode(folder.file('run'), '22.23.3', [
      z(join(root, 'dist/cli/main.js')),
      'replay',
      z(capture),
      '--quiet',
      '--dpi',
      'builtin',
      '--shards',
      '2',
      '--export-json',
      z(windows),
    ]);
    const { code, stderr } = await run.ended;
    expect([code, stderr]).toEqual([0, '']);
    await runWeir(['replay', capture, '--quiet', '--dpi', 'builtin', '--export-json', linux]);
    expect(readFileSync(windows, 'utf8')).toBe(readFileSync(linux, 'utf8'));
    expect(readFileSync(linux, 'utf8').length).toBeGreaterThan(1000);
  });

  it('refuses what it cannot read, and says what to do', async () => {
    const capture = join(projectRoot, 'test/fixtures/small.pcap.zst');
    const { code, stderr } = await startNode(folder.file('zstd'), '22.23.3', [
      z(join(root, 'dist/cli/main.js')),
      'replay',
      z(capture),
      '--quiet',
    ]).ended;
    expect([code, stderr]).toEqual([3, expect.stringContaining('zstd -d')]);
  });
});
