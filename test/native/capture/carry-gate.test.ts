import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const STEP_MS = 120_000;
const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('carry-gate');
afterAll(() => folder[Symbol.dispose]());

it('the carry gate, built with sanitizers, carries what it should and stops when it is told', { timeout: 2 * STEP_MS }, async () => {
  const program = folder.file('carry_gate_test');
  const sources = [join(here, '../decode/main.cc'), join(here, 'carry_gate_test.cc'), join(native, 'capture/carry_gate.cc')];
  const flags = [
    '-std=c++17',
    '-O1',
    '-g',
    '-Wall',
    '-Wextra',
    '-Wshadow',
    '-Werror',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=undefined',
  ];
  await mustRun(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program], { timeoutMs: STEP_MS });
  const { stdout } = await mustRun(program, [], { timeoutMs: STEP_MS });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([expect.stringMatching(/^\d+ tests, 0 failed$/)]);
});
