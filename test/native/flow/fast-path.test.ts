import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const STEP_MS = 120_000;
const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('fast-path');
afterAll(() => folder[Symbol.dispose]());

it('the fast path, built with sanitizers, takes what is usual and stays in its memory', { timeout: 2 * STEP_MS }, async () => {
  const program = folder.file('fast_path_test');
  const parts = ['flow/fast_path.cc', 'flow/lookahead.cc', 'ring/ring_view.cc'].map((file) => join(native, file));
  const sources = [join(here, '../decode/main.cc'), join(here, 'fast_path_test.cc'), ...parts];
  const warnings = ['-Wall', '-Wextra', '-Wshadow', '-Werror'];
  const flags = ['-std=c++17', '-O1', '-g', ...warnings, '-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'];
  await mustRun(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program], { timeoutMs: STEP_MS });
  const { stdout } = await mustRun(program, [], { timeoutMs: STEP_MS });
  const lines = stdout.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('ok '))).toEqual(['4 tests, 0 failed']);
});
