import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCommand, mustRun } from '../../support/command.ts';

const here = import.meta.dirname;
const fixtures = join(here, '../../fixtures');
/** For compiling with sanitizers, or running what was compiled, on a machine that does other things too. */
const STEP_MS = 280_000;
const TEST_MS = 2 * STEP_MS + 10_000;

let out: string;

async function build(...parts: string[]): Promise<void> {
  await mustRun('bash', [join(here, 'build.sh'), out, ...parts], { timeoutMs: STEP_MS });
}

/** What the program printed; how it ended, when that was not with 0, is the test's failure. */
async function run(program: string, args: string[] = []): Promise<string[]> {
  const { stdout, stderr } = await mustRun(join(out, program), args, { timeoutMs: STEP_MS });
  return `${stdout}${stderr}`.trimEnd().split('\n');
}

function captures(): string[] {
  return readdirSync(fixtures)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => join(fixtures, name));
}

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'weir-decode-'));
});

afterAll(() => {
  rmSync(out, { recursive: true, force: true });
});

describe('the native decoder, built with sanitizers', () => {
  it('decodes hand-built frames of every kind', { timeout: TEST_MS }, async () => {
    await build('tests');
    const lines = await run('decoder_test');
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([expect.stringMatching(/^\d+ tests, 0 failed$/)]);
  });

  it('accounts for every frame of the bundled captures exactly once', { timeout: TEST_MS }, async () => {
    await build('counts');
    const files = captures();
    expect(files.length).toBeGreaterThan(0);
    const lines = await run('flow_counts', files);
    expect(lines.filter((line) => line.includes('do not add up'))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('T frames '))).toHaveLength(files.length);
  });

  it.runIf(hasCommand('clang++'))('keeps its promises for mutated frames', { timeout: TEST_MS }, async () => {
    await build('fuzz');
    const seeds = join(out, 'seeds');
    await mustRun('python3', [join(here, 'make_seeds.py'), seeds, ...captures()]);
    // An input that takes longer than -timeout is a finding: the fuzzer then prints where it was, and keeps the input.
    const options = ['-runs=40000', '-seed=1', '-max_len=2048', '-timeout=60', `-artifact_prefix=${out}/`];
    const lines = await run('fuzz_decoder', [...options, seeds]);
    // The last line only: thousands before it tell of new coverage.
    expect(lines.at(-1)).toMatch(/^Done 40000 runs in \d+ second/);
  });
});
