import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { buildSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

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
  ])('gives every frame as it was, under -fsanitize=%s', { timeout: SANITIZED_MS }, async (sanitizer, frames) => {
    const program = folder.file(`recall_test-${sanitizer}`);
    await buildSanitized(program, sources, sanitizer);
    const { stdout, stderr } = await mustRun(program, [frames], { timeoutMs: SANITIZED_MS / 2 });
    expect(stderr + stdout).toBe(`${frames} frames, each as it was\n`);
  });
});
