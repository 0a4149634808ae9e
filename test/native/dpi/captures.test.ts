/** The detector without JavaScript, built with sanitizers, over captures; and against the headers of other versions. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corpusFolder } from '../../corpus/corpus.ts';

const here = import.meta.dirname;
const native = join(here, '../../../native');
const hasLibrary = execFileSync('sh', [join(native, 'dpi/find-ndpi.sh')], { encoding: 'utf8' }).trim() === 'found';
/** 5 in the suite; WEIR_DPI_MUTATIONS=1000 for the long form. */
const MUTATIONS = Number(process.env.WEIR_DPI_MUTATIONS ?? 5);

if (!hasLibrary) console.log('libndpi: no version that can be used; the tests over captures are skipped');

let out: string;

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'weir-dpi-'));
});

afterAll(() => {
  rmSync(out, { recursive: true, force: true });
});

/** The bundled captures, and those of the corpus where there is one. */
function captures(): string[] {
  const corpus = corpusFolder();
  const folders = [join(here, '../../fixtures'), ...(corpus === null ? [] : [join(corpus, 'pcap')])];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
      .map((name) => join(folder, name)),
  );
}

function run(...args: string[]): string[] {
  const result = spawnSync(join(out, 'capture_test'), args, { encoding: 'utf8', maxBuffer: 1 << 27 });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  return result.stdout.trimEnd().split('\n');
}

describe.skipIf(!hasLibrary)('the detector, built with sanitizers', () => {
  beforeAll(() => {
    execFileSync('bash', [join(here, 'build.sh'), out], { stdio: 'pipe' });
  }, 300_000);

  it('takes every capture, and gives all memory back', { timeout: 300_000 }, () => {
    const [totals] = run('--seconds', '120', '--max-flows', '500', ...captures());
    expect(totals).toMatch(/^\d{1,} files, \d+ flows, [1-9]\d* packets looked at, [1-9]\d* classified/);
  });

  it(`takes ${MUTATIONS} mutations of them`, { timeout: 60_000 + MUTATIONS * 60_000 }, () => {
    for (let seed = 1; seed <= MUTATIONS; seed++) run('--mutate', String(seed), '--seconds', '60', ...captures());
  });

  it('names every flow the same, however the flows are spread over detectors', { timeout: 300_000 }, () => {
    const labels = (shards: number) =>
      run('--labels', '--shards', String(shards), ...captures())
        .filter((line) => line.includes('|'))
        .sort();
    const whole = labels(1);
    expect(whole.length).toBeGreaterThan(10);
    expect(labels(4)).toEqual(whole);
  });
});

describe('the headers of libndpi', () => {
  it.each([
    [4, 2],
    [4, 4],
    [4, 6],
    [4, 8],
    [4, 10],
    [4, 12],
    [4, 14],
    [5, 0],
    [5, 1],
  ])('%i.%i, as a stand-in, compile with the detector', { timeout: 60_000 }, (major, minor) => {
    const flags = [
      '-std=c++17',
      '-fsyntax-only',
      '-Wall',
      '-Wextra',
      '-Wshadow',
      '-Werror',
      `-DSTAND_IN_MAJOR=${major}`,
      `-DSTAND_IN_MINOR=${minor}`,
    ];
    const compiler = process.env.CXX ?? 'g++';
    const result = spawnSync(compiler, [...flags, '-I', join(here, 'versions'), join(native, 'dpi/ndpi_detector.cc')], {
      encoding: 'utf8',
    });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });
});
