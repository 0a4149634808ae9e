import { afterAll, describe, expect, it, vi } from 'vitest';
import { isLongForm } from '../support/rounds.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { awkwardCapture, generatedCaptures, runsOver } from './captures.ts';
import { digestRun } from './digests.ts';

if (isLongForm) vi.setConfig({ testTimeout: 600_000 });

const folder = new TemporaryFolder('seed');
afterAll(() => folder[Symbol.dispose]());

describe('the key of the flow hash never shows in an export', () => {
  const awkward = awkwardCapture(folder.file('awkward.pcap'));
  it.each([...runsOver(generatedCaptures(folder.path, [2])), { name: awkward.name, files: [awkward.path] }])('$name', async ({ files }) => {
    const reference = await digestRun(files, { shards: 2 });
    for (const seed of isLongForm ? [1, 2, 3, 99] : [99])
      expect((await digestRun(files, { shards: 4, seed })).digests, `seed ${seed}`).toEqual(reference.digests);
  });
});
