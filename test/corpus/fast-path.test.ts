/** Real captures through the native fast path and through the table alone: the same rows, counters and ticks, to the last bit. */
import { describe, expect, it } from 'vitest';
import { ShardCounter } from '../../src/shard/protocol.ts';
import { counting, drained, recorded } from '../native/engine/drained-records.ts';
import { capturePath, corpusFolder, readManifest } from './corpus.ts';

const folder = corpusFolder();
/** Records of this many packets fit into the ring, with inner tuples and outer ones. */
const MOST_PACKETS = 5000;

describe.skipIf(folder === null)('usual packets of the corpus in C++', () => {
  it('change nothing, and are most of them', async () => {
    const captures = readManifest(folder as string).filter(({ packets, damaged }) => packets <= MOST_PACKETS && !damaged);
    expect(captures.length).toBeGreaterThan(100);
    let packets = 0;
    let usual = 0;
    for (const { file } of captures) {
      const ring = await recorded(capturePath(folder as string, file));
      const { create, taken } = counting();
      const alone = drained(ring, { detect: true });
      expect(drained(ring, { detect: true }, create), file).toEqual(alone);
      packets += alone.counters[ShardCounter.DEQUEUED];
      usual += taken();
    }
    expect(usual).toBeGreaterThan(packets / 2);
  }, 300_000);
});
