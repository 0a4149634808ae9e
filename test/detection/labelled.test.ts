/** Detection over labelled captures: what it says of them, and that the packets kept for an alert make its rule say it again. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { corpusFolder } from '../corpus/corpus.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { detect, firesAgain } from './evidence.ts';
import { type Judged, judge, labelledCaptures, reportText, scores } from './labelled.ts';

/** What 5,000 packets cannot show. */
const NOT_AGAIN: Readonly<Record<string, string>> = {
  data_exfiltration: '100 MB are 70,000 packets',
  new_device: 'an hour of learning goes before it',
  new_service: 'an hour of learning goes before it',
};

const corpus = corpusFolder();
const kept = fileURLToPath(new URL('./report.md', import.meta.url));
const folder = new TemporaryFolder('labelled');
afterAll(() => folder[Symbol.dispose]());

describe.skipIf(corpus === null)(`labelled captures${corpus === null ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`, () => {
  const captures = corpus === null ? [] : labelledCaptures(corpus);
  const judged: Judged[] = [];
  const again = new Set<string>();

  it.each(captures.map((capture, index) => ({ ...capture, index })))('$name', async ({ index, ...capture }) => {
    const { alerts, told } = await detect(capture.path, { evidenceDir: folder.file(`evidence-${index}`) }, 0, 2);
    const result = judge(capture, told);
    judged.push(result);
    // Nobody is to be woken for harmless traffic.
    if (capture.labels.length === 0) expect(result.alarming).toEqual([]);
    for (const alert of alerts) {
      const named = `${alert.kind} ${alert.source} ${alert.target}`;
      expect(alert.evidence?.pcap, named).toMatch(new RegExp(`${alert.alert_id}\\.pcapng$`));
      if (alert.kind in NOT_AGAIN) continue;
      expect(alert.evidence?.complete, named).toBe(true);
      expect(await firesAgain(alert), `${named} from its evidence alone`).toBe(true);
      again.add(alert.kind);
    }
  });

  it('show what they are labelled with in 95 of 100 cases', () => {
    const labelled = scores(judged).filter(({ captures: count }) => count > 0);
    const [found, all] = [labelled.reduce((sum, { found: n }) => sum + n, 0), labelled.reduce((sum, { captures: n }) => sum + n, 0)];
    expect(found / all, JSON.stringify(labelled.filter(({ found: n, captures: m }) => n < m))).toBeGreaterThanOrEqual(0.95);
  });

  it('give the report that is kept', () => {
    expect(reportText(judged)).toBe(readFileSync(kept, 'utf8'));
  });

  it('are the proof for most rules', () => {
    expect(again.size, [...again].join()).toBeGreaterThanOrEqual(16);
  });
});
