import { afterAll, describe, expect, it } from 'vitest';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { awkwardCapture, generatedCaptures } from './captures.ts';
import { digestRun } from './digests.ts';

const folder = new TemporaryFolder('tick');
afterAll(() => folder[Symbol.dispose]());

describe('the length of a tick changes when flows are reported, never what is reported', () => {
  const captures = [
    ...generatedCaptures(folder.path).filter(({ name }) => name.endsWith('-1')),
    awkwardCapture(folder.file('awkward.pcap')),
  ];
  it.each(captures)('$name', async ({ path }) => {
    const exports = ['exportJson', 'exportCsv'] as const;
    const reference = await digestRun([path], { shards: 2, tickMs: 1000 }, exports);
    for (const tickMs of [10, 333, 60_000]) {
      expect((await digestRun([path], { shards: 2, tickMs }, exports)).digests, `${tickMs} ms`).toEqual(reference.digests);
    }
  });
});
