/** The tarball as a stranger gets it: packed, installed into an empty folder outside the checkout, and run from there. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../../scripts/source-tree.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'weir-pack-'));
const project = join(folder, 'project');
const capture = join(folder, 'demo.pcap');
const COMPILING_MS = 400_000;

/** Nothing of the surrounding npm run may leak in: its settings would make the inner npm act on the checkout. */
function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|VITEST|INIT_CWD$)/i.test(name));
  return { ...Object.fromEntries(own), PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`, ...extra };
}

beforeAll(async () => {
  mkdirSync(project);
  cpSync(join(projectRoot, 'test/fixtures/demo.pcap'), capture);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }));
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: projectRoot, env: environment() });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  const { stdout: headers } = await run('bash', ['scripts/node-headers.sh'], { cwd: projectRoot, env: environment() });
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)], {
    cwd: project,
    // Behind the package's own flags: what is shown is that it has all that it is made of, and that does not ask for speed.
    env: environment({ npm_config_nodedir: headers.trim(), JOBS: 'max', CXXFLAGS: '-O0' }),
    maxBuffer: 1 << 26,
  });
}, COMPILING_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Frames of a classic little-endian capture, counted by its record headers. */
function countFrames(path: string): number {
  const bytes = readFileSync(path);
  let frames = 0;
  for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) frames++;
  return frames;
}

describe('an installed package', () => {
  const command = join(project, 'node_modules/.bin/weir');

  test('brings a command that knows its version', async () => {
    const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };
    const { stdout } = await run(command, ['--version'], { cwd: project, env: environment() });
    expect(stdout.trim()).toBe(version);
  });

  test('replays a capture', async () => {
    const summary = join(folder, 'summary.json');
    await run(command, ['replay', capture, '--quiet', '--summary-json', summary, '--assert-ledger'], { cwd: project, env: environment() });
    const { frames_read } = JSON.parse(readFileSync(summary, 'utf8')) as { frames_read: number };
    expect(frames_read).toBe(countFrames(capture));
  });

  test('is a library that does nothing when imported', async () => {
    const code =
      "const weir = await import('weir-sensor'); console.log(typeof weir.Sensor, process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap').length);";
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: project, env: environment() });
    expect({ stdout: stdout.trim(), stderr }).toEqual({ stdout: 'function 0', stderr: '' });
  });

  test('has types, and they are not any', async () => {
    writeFileSync(join(project, 'consumer.ts'), "import { Sensor } from 'weir-sensor';\nexport const wrong: number = Sensor;\n");
    const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
    const types = ['--types', 'node', '--typeRoots', join(projectRoot, 'node_modules/@types')];
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,esnext.disposable',
      ...types,
      'consumer.ts',
    ];
    const output = await run(process.execPath, [compiler, ...options], { cwd: project, env: environment() }).then(
      () => 'no error',
      (error: { stdout: string }) => error.stdout,
    );
    expect(output.trim().split('\n')).toEqual([expect.stringMatching(/^consumer\.ts\(2,14\): error TS2322/)]);
  });
});
