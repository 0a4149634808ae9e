/** How good the judgement on names is, in the numbers that nDPI's own test asks for: accuracy .69, precision .89, recall .40. */
import { describe, expect, it } from 'vitest';
import { looksGenerated } from '../../../src/app/dga.ts';
import { FAMILIES, machineNames, PEOPLES_NAMES } from '../../support/app/labelled-names.ts';

/** As many of each kind, so that accuracy is not that of the larger one. */
const PER_FAMILY = Math.ceil(PEOPLES_NAMES.length / FAMILIES.length);
const SEEDS = [1, 77, 20_260_101];

const share = (part: number, whole: number): number => Math.round((part / whole) * 1000) / 1000;

describe('names of which it is known who made them', () => {
  it.each(SEEDS)('are told apart better than the floor, seed %d', (seed) => {
    const found = FAMILIES.map((family, index) => machineNames(family, PER_FAMILY, seed + 1000 * index).filter(looksGenerated).length);
    const wrong = PEOPLES_NAMES.filter(looksGenerated);
    const machine = FAMILIES.length * PER_FAMILY;
    const hits = found.reduce((sum, count) => sum + count, 0);
    const measured = {
      accuracy: share(hits + PEOPLES_NAMES.length - wrong.length, machine + PEOPLES_NAMES.length),
      precision: share(hits, hits + wrong.length),
      recall: share(hits, machine),
      families: Object.fromEntries(FAMILIES.map(({ name }, index) => [name, share(found[index], PER_FAMILY)])),
      wrong,
    };
    console.log(JSON.stringify(measured));
    expect(measured.accuracy).toBeGreaterThan(0.69);
    expect(measured.precision).toBeGreaterThan(0.89);
    expect(measured.recall).toBeGreaterThan(0.4);
  });
});
