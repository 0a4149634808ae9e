import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const sources = ['ring/ring_writer.cc', 'ring/ring_view.cc', 'base/waker_registry.cc'].map((file) => join(native, file));

let out: string;

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'weir-ring-'));
});

afterAll(() => {
  rmSync(out, { recursive: true, force: true });
});

describe('the ring, both ends native', () => {
  it.each([
    ['thread', '200000'],
    ['address,undefined', '1000000'],
  ])('passes every record in order, over the wrap at 4 GiB, under -fsanitize=%s', { timeout: 300_000 }, (sanitizer, records) => {
    const program = join(out, sanitizer.replace(',', '-'));
    const flags = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Werror', `-fsanitize=${sanitizer}`, '-pthread'];
    // The writer's fence is beyond what the thread sanitizer models; gcc says so with -Wtsan. It reports no false race here.
    if (sanitizer === 'thread') flags.push('-Wno-tsan');
    execFileSync(process.env.CXX ?? 'g++', [...flags, join(here, 'ring_test.cc'), ...sources, '-o', program], { stdio: 'pipe' });
    const result = spawnSync(program, [records], { encoding: 'utf8', timeout: 120_000 });
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe(`${records} records in order\n`);
    expect(result.status).toBe(0);
  });
});
