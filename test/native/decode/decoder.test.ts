import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const fixtures = join(here, '../../fixtures');
const hasClang = spawnSync('clang++', ['--version']).status === 0;

let out: string;

function build(...parts: string[]): void {
  execFileSync('bash', [join(here, 'build.sh'), out, ...parts], { stdio: 'pipe' });
}

function run(program: string, args: string[]): { status: number | null; text: string } {
  const result = spawnSync(join(out, program), args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  return { status: result.status, text: result.stdout + result.stderr };
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
  it('decodes hand-built frames of every kind', { timeout: 300_000 }, () => {
    build('tests');
    const { status, text } = run('decoder_test', []);
    expect(text.split('\n').filter((line) => !line.startsWith('ok '))).toEqual([expect.stringMatching(/^\d+ tests, 0 failed$/), '']);
    expect(status).toBe(0);
  });

  it('accounts for every frame of the bundled captures exactly once', { timeout: 300_000 }, () => {
    build('counts');
    const files = captures();
    expect(files.length).toBeGreaterThan(0);
    const { status, text } = run('flow_counts', files);
    expect(text).not.toMatch(/do not add up/);
    expect(text.match(/^T frames /gm)).toHaveLength(files.length);
    expect(status).toBe(0);
  });

  it.runIf(hasClang)('keeps its promises for mutated frames', { timeout: 300_000 }, () => {
    build('fuzz');
    const seeds = join(out, 'seeds');
    execFileSync('python3', [join(here, 'make_seeds.py'), seeds, ...captures()]);
    const { status, text } = run('fuzz_decoder', ['-runs=100000', '-seed=1', '-max_len=2048', `-artifact_prefix=${out}/`, seeds]);
    expect(text).toMatch(/Done 100000 runs/);
    expect(status).toBe(0);
  });
});
