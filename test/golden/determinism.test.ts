import { afterAll, describe, expect, it, vi } from 'vitest';
import { capturePath, corpusFolder, readManifest } from '../corpus/corpus.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { isLongForm } from '../support/rounds.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { awkwardCapture, generatedCaptures, runsOver } from './captures.ts';
import { digestRun } from './digests.ts';

const SHARDS = [1, 2, 4, 8];
/** In the suite a capture is read by one shard and by one of the other numbers in turn; several in one run are read by all of them. */
const runsOf = (index: number): number[] => (isLongForm ? [...SHARDS, ...SHARDS] : [1, SHARDS[1 + (index % 3)]]);

if (isLongForm) vi.setConfig({ testTimeout: 600_000 });

const folder = new TemporaryFolder('golden');
afterAll(() => folder[Symbol.dispose]());

async function expectSameDigests(files: string[], runs: number[]): Promise<void> {
  const first = await digestRun(files, { shards: runs[0] });
  expect(first.summary.deterministic).toBe(true);
  expect(first.summary.ledger.holds).toBe(true);
  for (const shards of runs.slice(1)) {
    const { digests, summary } = await digestRun(files, { shards });
    expect(digests, `${shards} shards`).toEqual(first.digests);
    expect(summary.frames_read).toBe(first.summary.frames_read);
  }
}

describe('every export is byte-identical for any number of shards, run after run', () => {
  const generated = generatedCaptures(folder.path, isLongForm ? undefined : [1]);
  it.each(generated.map((capture, index) => ({ ...capture, index })))('$name', async ({ path, index }) =>
    expectSameDigests([path], runsOf(index)),
  );

  it('awkward', async () => expectSameDigests([awkwardCapture(folder.file('awkward.pcap')).path], SHARDS));

  it('several files in one run', async () => {
    await expectSameDigests(
      generated.map(({ path }) => path),
      SHARDS,
    );
  });

  // More than rings and outboxes hold.
  const many = isLongForm ? 1_000_000 : 250_000;
  it(`${many} packets`, async () => {
    const path = folder.file('many.pcap');
    writeGenerated(path, { profile: 'imix', packets: many, flows: many / 50, seed: 11 });
    const exports = ['exportJson', 'exportCsv', 'flowsJsonl', 'flowsCsv'] as const;
    const first = await digestRun([path], { shards: 1 }, exports);
    expect(first.summary.frames_read).toBe(many);
    for (const shards of isLongForm ? [2, 4, 8] : [4])
      expect((await digestRun([path], { shards }, exports)).digests, `${shards} shards`).toEqual(first.digests);
  });
});

const corpus = corpusFolder();
/** One capture in this many of those with most flows; they come from different projects and hold different protocols. */
const CORPUS_CAPTURES = 24;

describe.skipIf(corpus === null)(`public captures${corpus === null ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`, () => {
  const whole = corpus === null ? [] : readManifest(corpus).filter((entry) => !entry.damaged && entry.packets >= 200);
  const picked = whole.filter((_, index) => index % Math.ceil(whole.length / CORPUS_CAPTURES) === 0);
  it.each(runsOver(picked.map(({ file }) => ({ name: file, path: capturePath(corpus!, file) }))))('$name', async ({ files }) =>
    expectSameDigests(files, isLongForm ? runsOf(0) : SHARDS),
  );
});
