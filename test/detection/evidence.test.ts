import { afterAll, describe, expect, it } from 'vitest';
import { corpusFolder } from '../corpus/corpus.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { detect, firesAgain } from './evidence.ts';
import { labelledCaptures } from './labelled.ts';

/** What 5,000 packets cannot show. */
const NOT_AGAIN: Readonly<Record<string, string>> = {
  data_exfiltration: '100 MB are 70,000 packets',
  new_device: 'an hour of learning goes before it',
  new_service: 'an hour of learning goes before it',
};

const corpus = corpusFolder();
const folder = new TemporaryFolder('labelled-evidence');
afterAll(() => folder[Symbol.dispose]());

describe.skipIf(corpus === null)(`labelled captures${corpus === null ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`, () => {
  const captures = corpus === null ? [] : labelledCaptures(corpus);
  const again = new Set<string>();

  it.each(captures.map((capture, index) => ({ ...capture, index })))('$name', async ({ path, index }) => {
    const { alerts } = await detect(path, { evidenceDir: folder.file(`evidence-${index}`) });
    for (const alert of alerts) {
      const named = `${alert.kind} ${alert.source} ${alert.target}`;
      expect(alert.evidence?.pcap, named).toMatch(new RegExp(`${alert.alert_id}\\.pcapng$`));
      if (alert.kind in NOT_AGAIN) continue;
      expect(alert.evidence?.complete, named).toBe(true);
      expect(await firesAgain(alert), `${named} from its evidence alone`).toBe(true);
      again.add(alert.kind);
    }
  });

  it('are the proof for most rules', () => {
    expect(again.size, [...again].join()).toBeGreaterThanOrEqual(16);
  });
});
