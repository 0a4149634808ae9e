import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const STEP_MS = 140_000;
const here = import.meta.dirname;
const native = join(here, '../../../native');
const folder = new TemporaryFolder('recall');
afterAll(() => folder[Symbol.dispose]());

const decoder = readdirSync(join(native, 'decode')).filter((name) => name.endsWith('.cc'));
const sources = [
  join(here, 'recall_test.cc'),
  ...['recall_ring.cc', 'recall_query.cc'].map((name) => join(native, 'capture', name)),
  ...decoder.map((name) => join(native, 'decode', name)),
];

describe('the recall ring, a writer and two readers', () => {
  it.each([
    ['thread', '100000'],
    ['address,undefined', '50000'],
  ])('gives every frame as it was, under -fsanitize=%s', { timeout: 2 * STEP_MS }, async (sanitizer, frames) => {
    const program = folder.file(`recall_test-${sanitizer}`);
    const flags = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Wshadow', '-Werror', '-pthread', `-fsanitize=${sanitizer}`];
    await mustRun(process.env.CXX ?? 'c++', [...flags, ...sources, '-o', program], { timeoutMs: STEP_MS });
    const { stdout, stderr } = await mustRun(program, [frames], { timeoutMs: STEP_MS });
    expect(stderr + stdout).toBe(`${frames} frames, each as it was\n`);
  });
});
