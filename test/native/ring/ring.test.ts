import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun } from '../../support/command.ts';
import { isLongForm } from '../../support/rounds.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const sources = ['ring/ring_writer.cc', 'ring/ring_view.cc', 'base/waker_registry.cc'].map((file) => join(native, file));
const STEP_MS = 140_000;
const timeout = 2 * STEP_MS + 10_000;

/** What two threads do to each other depends on chance: a quarter of the records in the suite, all in the long form. */
const shareOf = (records: number): string => String(isLongForm ? records : records / 4);
const WAKES = shareOf(2_000_000);

let out: string;

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'weir-ring-'));
});

afterAll(() => {
  rmSync(out, { recursive: true, force: true });
});

/** Compiles one of the programs beside this file, runs it, and returns what it printed on either output. */
async function printedBy(source: string, flags: string[], args: string[]): Promise<string> {
  const program = join(out, `${source}-${flags.join('').replaceAll(/\W/g, '')}`);
  const always = ['-std=c++17', '-g', '-Wall', '-Wextra', '-Werror', '-pthread'];
  await mustRun(process.env.CXX ?? 'g++', [...always, ...flags, join(here, source), ...sources, '-o', program], { timeoutMs: STEP_MS });
  const { stdout, stderr } = await mustRun(program, args, { timeoutMs: STEP_MS });
  return stderr + stdout;
}

describe('the ring, both ends native', () => {
  it.each([
    ['thread', shareOf(200_000)],
    ['address,undefined', shareOf(1_000_000)],
  ])('passes every record in order, over the wrap at 4 GiB, under -fsanitize=%s', { timeout }, async (sanitizer, records) => {
    const flags = ['-O1', `-fsanitize=${sanitizer}`];
    // The writer's fence is beyond what the thread sanitizer models; gcc says so with -Wtsan. It reports no false race here.
    if (sanitizer === 'thread') flags.push('-Wno-tsan');
    expect(await printedBy('ring_test.cc', flags, [records])).toBe(`${records} records in order\n`);
  });

  // No sanitizer: it would order the accesses that the fence is there to order.
  it('loses no wake between a writer and a reader that goes to sleep', { timeout }, async () => {
    expect(await printedBy('wake_test.cc', ['-O2'], [WAKES])).toBe(`${WAKES} records, each woken for\n`);
  });
});
