/** The one file that `bin.weir` names: what it does before the rest of the program is loaded. */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type CommandResult, runCommand, Started, until } from '../support/command.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const source = readFileSync(fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)), 'utf8');

/** A package with the entry and a program that says what reached it. */
function install(root: string): string {
  const entry = join(root, 'dist/cli/main.js');
  mkdirSync(dirname(entry), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(entry, stripTypeScriptTypes(source).replace('./program.ts', './program.js'));
  writeFileSync(join(root, 'dist/cli/program.js'), "export const main = () => console.log('program', process.argv.slice(2).join(' '));");
  return entry;
}

/** A runtime that says how it was called; what it does then is up to the test. */
function pin(root: string, script: string): void {
  const runtime = join(root, 'node_modules/node/bin/node');
  mkdirSync(dirname(runtime), { recursive: true });
  writeFileSync(runtime, `#!/bin/sh\n${script}\n`);
  chmodSync(runtime, 0o755);
}

/** Runs module code before the entry. */
const before = (code: string): string[] => ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
const PRETEND_OLD = before("Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.2' } })");
const NO_EXECVE = before('process.execve = undefined');

/** A start that takes its time after the runtime has begun to run. */
const SLOW_SPAWN = before(`
  import childProcess from 'node:child_process';
  import { syncBuiltinESMExports } from 'node:module';
  const { spawn } = childProcess;
  childProcess.spawn = (...args) => {
    const child = spawn(...args);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return child;
  };
  syncBuiltinESMExports();
`);

const node = (...args: string[]): Promise<CommandResult> => runCommand(process.execPath, args);

describe('the entry', () => {
  it('begins with the line that makes it executable, and imports nothing statically', () => {
    expect(source.split('\n')[0]).toBe('#!/usr/bin/env node');
    expect(source).not.toMatch(/^import /m);
  });

  it('runs the program', async () => {
    using folder = new TemporaryFolder('entry');
    expect(await node(install(folder.path), 'a', 'b')).toMatchObject({ code: 0, stdout: 'program a b\n', stderr: '' });
  });

  it('tells an old Node what is missing', async () => {
    using folder = new TemporaryFolder('entry');
    const { code, stdout, stderr } = await node(...PRETEND_OLD, install(folder.path));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^weir: this is Node 20\.19\.2, but weir needs Node 22\.18 or newer\n {2}hint: /);
  });

  it.each([
    ['by becoming it', []],
    ['by running it', NO_EXECVE],
  ])('in a checkout runs with the pinned runtime, %s', async (_way, flags) => {
    using folder = new TemporaryFolder('entry');
    const entry = install(folder.path);
    pin(folder.path, `printf '%s\\n' "$@"; cat; exit 7`);
    const { code, stdout, stderr } = await runCommand(process.execPath, [...flags, entry, 'replay', 'a b'], {
      input: 'from standard input',
    });
    expect([code, stderr]).toEqual([7, '']);
    expect(stdout.split('\n').slice(flags.length)).toEqual([entry, 'replay', 'a b', 'from standard input']);
  });

  it('does so also when it is too old itself', async () => {
    using folder = new TemporaryFolder('entry');
    const entry = install(folder.path);
    pin(folder.path, 'exit 5');
    expect((await node(...PRETEND_OLD, entry)).code).toBe(5);
  });

  it.each([
    ['SIGINT', []],
    ['SIGTERM', []],
    ['SIGHUP', []],
    ['SIGTERM, come while it starts,', SLOW_SPAWN],
  ] as const)('passes %s on to the runtime and returns what it returns', async (what, flags) => {
    const signal = what.split(',')[0] as NodeJS.Signals;
    using folder = new TemporaryFolder('entry');
    const entry = install(folder.path);
    pin(folder.path, `trap 'echo ${signal}; exit 3' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`);
    const running = new Started(process.execPath, [...NO_EXECVE, ...flags, entry]);
    await until('the runtime', () => running.stdout.includes('ready'));
    expect(await running.stop(signal)).toMatchObject({ code: 3, signal: null, stdout: `ready\n${signal}\n` });
  });

  it('leaves the Node alone that runs an installed package', async () => {
    using folder = new TemporaryFolder('entry');
    const root = folder.file('node_modules/weir-sensor');
    const entry = install(root);
    pin(root, 'exit 5');
    symlinkSync(entry, folder.file('weir'));
    expect((await node(folder.file('weir'), 'x')).stdout).toBe('program x\n');
  });
});
