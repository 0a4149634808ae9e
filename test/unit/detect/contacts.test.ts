/** Attempts that wait for their answer, and the memory of sources that failed. */
import { describe, expect, it } from 'vitest';
import { ContactTracker } from '../../../src/detect/state/contacts.ts';
import { SlidingCount } from '../../../src/detect/state/sliding-count.ts';
import { Suspects } from '../../../src/detect/state/suspects.ts';

interface Try {
  readonly name: string;
  readonly at: number;
}

function follow(limits = { most: 100, mostPerGroup: 100 }) {
  const told: string[] = [];
  const outcomes = {
    failed: ({ name }: Try, refused: boolean) => void told.push(`${name} ${refused ? 'refused' : 'unanswered'}`),
    accepted: ({ name }: Try) => void told.push(`${name} accepted`),
  };
  const tracker = new ContactTracker<Try>(10, outcomes, limits);
  const open = (name: string, at: number, group = 'g') => tracker.open(name, group, { name, at });
  return { tracker, told, open };
}

describe('ContactTracker', () => {
  it('fails an attempt once its wait is over, an answer at its very end is in time', () => {
    const { tracker, told, open } = follow();
    open('a', 0);
    tracker.advance(10);
    expect(told).toEqual([]);
    expect(tracker.answer('a', 'accepted')).toBe(true);
    open('b', 1);
    tracker.advance(12);
    expect(told).toEqual(['a accepted', 'b unanswered']);
    expect(tracker.answer('b', 'accepted')).toBe(false);
  });

  it('tells failures in the order of the attempts', () => {
    const { tracker, told, open } = follow();
    open('a', 0);
    open('b', 1);
    open('c', 2);
    tracker.answer('b', 'refused');
    tracker.answer('c', 'accepted');
    expect(told).toEqual(['c accepted']);
    tracker.advance(11);
    expect(told).toEqual(['c accepted', 'a unanswered', 'b refused']);
    expect(tracker.size).toBe(0);
  });

  it('gives no group all the room, and keeps those that wait', () => {
    const { tracker, told, open } = follow({ most: 3, mostPerGroup: 2 });
    expect([open('a', 0), open('b', 0), open('c', 0), open('d', 0, 'other'), open('e', 0, 'third')]).toEqual([
      true,
      true,
      false,
      true,
      false,
    ]);
    tracker.answer('a', 'accepted');
    expect(open('f', 1)).toBe(true);
    tracker.finish();
    expect(told).toEqual(['a accepted', 'b unanswered', 'd unanswered', 'f unanswered']);
  });

  it('stays small when answered attempts pile up behind one that is not', () => {
    const { tracker, told, open } = follow({ most: 10, mostPerGroup: 10 });
    open('first', 0);
    for (let i = 0; i < 50_000; i++) {
      expect(open(`${i}`, 1)).toBe(true);
      tracker.answer(`${i}`, 'accepted');
    }
    tracker.advance(11);
    expect(told.at(-1)).toBe('first unanswered');
    expect(told).toHaveLength(50_001);
  });

  it('takes a tuple that comes again for a new attempt', () => {
    const { tracker, told, open } = follow();
    open('a', 0);
    open('a', 5);
    tracker.answer('a', 'refused');
    tracker.advance(11);
    expect(told).toEqual(['a unanswered', 'a refused']);
  });
});

describe('Suspects', () => {
  it('keeps suspects whatever number of others comes', () => {
    const suspects = new Suspects(4, (key) => ({ key }));
    const scanner = suspects.obtain('scanner');
    suspects.promote('scanner');
    for (let i = 0; i < 1000; i++) suspects.obtain(`once ${i}`);
    expect(suspects.peek('scanner')).toBe(scanner);
    expect(suspects.size).toBe(5);
  });

  it('lets contacts that succeed keep nobody alive', () => {
    const suspects = new Suspects(2, () => ({}));
    for (const key of ['a', 'b']) {
      suspects.obtain(key);
      suspects.promote(key);
    }
    suspects.observe('a');
    suspects.obtain('c');
    suspects.promote('c');
    expect(suspects.peek('a')).toBeUndefined();
    expect(suspects.peek('b')).toBeDefined();
  });
});

describe('SlidingCount', () => {
  it('leaves out what is exactly as old as the window', () => {
    const count = new SlidingCount(1000);
    count.add(0, 3);
    expect(count.add(999)).toBe(4);
    expect(count.count(1000)).toBe(1);
    expect(count.firstAt).toBe(999);
    expect(count.count(1999)).toBe(0);
    expect(count.firstAt).toBeNaN();
  });

  it('is exact for a flood but for a 512th of the window', () => {
    const count = new SlidingCount(512_000);
    let sum = 0;
    for (let at = 0; at < 5_120_000; at += 10) sum = count.add(at);
    expect(Math.abs(sum - 51_200)).toBeLessThanOrEqual(100);
  });
});
