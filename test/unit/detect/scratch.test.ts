import { describe, expect, it } from 'vitest';
import { AddressCache } from '../../../src/detect/address-cache.ts';
import { MOMENT_BYTES } from '../../../src/detect/batch.ts';
import { EntryReader } from '../../../src/detect/entry-reader.ts';
import { EventRows } from '../../../src/detect/event-rows.ts';
import { Scratch } from '../../../src/detect/scratch.ts';

describe('memory of a tick', () => {
  it('is the same for the next one that is not much larger', () => {
    const scratch = new Scratch();
    const first = scratch.numbers('times', 5000);
    expect(first).toHaveLength(5000);
    expect(scratch.numbers('times', 6000).buffer).toBe(first.buffer);
    expect(scratch.numbers('times', 100)).toHaveLength(100);
    expect(scratch.numbers('times', 7000).buffer).not.toBe(first.buffer);
  });

  it('is another for each name and kind', () => {
    const scratch = new Scratch();
    const buffers = [scratch.numbers('a', 10), scratch.numbers('b', 10), scratch.places('a', 10)].map(({ buffer }) => buffer);
    expect(new Set(buffers).size).toBe(3);
  });

  it('is used again by rows, which begin empty', () => {
    const entries = (count: number) => new EntryReader(new Uint8Array(count * MOMENT_BYTES), MOMENT_BYTES, new AddressCache());
    const rows = new EventRows(entries(0), 0);
    rows.begin(entries(2000));
    const { offsets, times, numbers, sources, targets } = rows;
    expect([offsets, times, numbers, sources, targets].every(({ length }) => length >= 2000)).toBe(true);
    rows.push(0, 1, 1);
    rows.begin(entries(1000));
    expect([rows.count, rows.offsets === offsets, rows.times === times]).toEqual([0, true, true]);
  });
});
