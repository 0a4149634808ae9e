import { expect, it } from 'vitest';
import { SynAnswers, SynBound } from '../../../src/shard/syn-answers.ts';

/** A key whose place is that one: high word 0. */
const keyAt = (place: number, number = 0) => place + number * SynBound.PLACES;

it('knows what it was told, by every bit of the key', () => {
  for (let bit = 0; bit < 53; bit++) {
    const told = new SynAnswers();
    told.set(0, 1);
    expect(told.get(2 ** bit)).toBe(-1);
    told.set(2 ** bit, 2);
    expect([told.get(0), told.get(2 ** bit)]).toEqual([1, 2]);
  }
  const answers = new SynAnswers();
  answers.set(0, 2 ** 32 - 1);
  expect(answers.get(0)).toBe(2 ** 32 - 1);
  expect(answers.get(3)).toBe(-1);
  answers.set(0, 0);
  expect(answers.get(0)).toBe(0);
});

it('finds keys behind their place, beyond the last one, too', () => {
  const answers = new SynAnswers();
  const keys = Array.from({ length: SynBound.PROBES }, (_, i) => keyAt(SynBound.PLACES - 3, i));
  for (const [i, key] of keys.entries()) answers.set(key, i);
  expect(keys.map((key) => answers.get(key))).toEqual(keys.map((_, i) => i));
  expect(answers.get(keyAt(SynBound.PLACES - 3, SynBound.PROBES))).toBe(-1);
  expect(answers.memory.keys[2 * (SynBound.PROBES - 4) + 1]).not.toBe(0);
});

it('forgets everything when a key has no place, and nothing before', () => {
  const answers = new SynAnswers();
  for (let i = 0; i <= SynBound.PROBES; i++) answers.set(keyAt(5, i), i);
  expect(answers.get(keyAt(5))).toBe(-1);
  expect(answers.get(keyAt(5, SynBound.PROBES))).toBe(SynBound.PROBES);
  expect(answers.memory.keys.filter((word) => (word & SynBound.TAKEN) !== 0)).toHaveLength(1);
});
