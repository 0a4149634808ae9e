import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { corpusFolder } from '../corpus/corpus.ts';
import { type Judged, judge, labelledCaptures, reportText, scores } from './labelled.ts';

const corpus = corpusFolder();
const kept = fileURLToPath(new URL('./report.md', import.meta.url));

describe.skipIf(corpus === null)(`labelled captures${corpus === null ? ' (skipped: WEIR_CORPUS names no corpus)' : ''}`, () => {
  const captures = corpus === null ? [] : labelledCaptures(corpus);
  const judged: Judged[] = [];

  it.each(captures)('$name', async (capture) => {
    const result = await judge(capture, 2);
    judged.push(result);
    // Nobody is to be woken for harmless traffic.
    if (capture.labels.length === 0) expect(result.alarming).toEqual([]);
  });

  it('show what they are labelled with in 95 of 100 cases', () => {
    const labelled = scores(judged).filter(({ captures: count }) => count > 0);
    const [found, all] = [labelled.reduce((sum, { found: n }) => sum + n, 0), labelled.reduce((sum, { captures: n }) => sum + n, 0)];
    expect(found / all, JSON.stringify(labelled.filter(({ found: n, captures: m }) => n < m))).toBeGreaterThanOrEqual(0.95);
  });

  it('give the report that is kept', () => {
    expect(reportText(judged)).toBe(readFileSync(kept, 'utf8'));
  });
});
