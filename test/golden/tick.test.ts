import { afterAll, describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { awkwardCapture, generatedCaptures, runsOver } from './captures.ts';
import { digestRun } from './digests.ts';

const folder = new TemporaryFolder('tick');
afterAll(() => folder[Symbol.dispose]());

describe('the length of a tick changes when flows are reported, never what is reported', () => {
  const awkward = awkwardCapture(folder.file('awkward.pcap'));
  it.each([...runsOver(generatedCaptures(folder.path, [1])), { name: awkward.name, files: [awkward.path] }])('$name', async ({ files }) => {
    const exports = ['exportJson', 'exportCsv'] as const;
    const reference = await digestRun(files, { shards: 2, tickMs: 1000 }, exports);
    for (const tickMs of [10, 333, 60_000]) {
      expect((await digestRun(files, { shards: 2, tickMs }, exports)).digests, `${tickMs} ms`).toEqual(reference.digests);
    }
  });
});
