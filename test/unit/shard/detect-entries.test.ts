import { describe, expect, it } from 'vitest';
import { DetectEntries } from '../../../src/shard/detect-entries.ts';

const BYTES = 16;

function write(entries: DetectEntries, ...values: number[]): void {
  for (const value of values) {
    const at = entries.next();
    entries.f64[at >> 3] = value;
  }
}

const firsts = (taken: Uint8Array): number[] => {
  const words = new Float64Array(taken.buffer, taken.byteOffset, taken.byteLength >> 3);
  return Array.from(words.filter((_, index) => index % (BYTES >> 3) === 0));
};

describe('entries of a tick', () => {
  it('come as they were written, beyond the first room too', () => {
    const entries = new DetectEntries(BYTES, () => 0);
    const values = Array.from({ length: 1000 }, (_, index) => index + 1);
    write(entries, ...values);
    expect(firsts(entries.take(1))).toEqual(values);
    expect(entries.take(2)).toHaveLength(0);
  });

  it('stay as they are until their tick is merged; then their memory is used again, zeroed where it is', () => {
    let merged = 0;
    const entries = new DetectEntries(BYTES, () => merged);
    write(entries, 1, 2);
    const first = entries.take(1);
    write(entries, 3, 4);
    const second = entries.take(2);
    expect(second.buffer).not.toBe(first.buffer);
    expect(firsts(first)).toEqual([1, 2]);
    first.fill(255);
    merged = 1;
    entries.take(3);
    for (const at of [entries.next(), entries.next()]) {
      expect(Array.from(entries.u8.subarray(at, at + BYTES))).toEqual(new Array(BYTES).fill(0));
    }
    expect(entries.u8.buffer).toBe(first.buffer);
    expect(firsts(second)).toEqual([3, 4]);
  });

  it('are copies when the sensor is more than three ticks behind', () => {
    const entries = new DetectEntries(BYTES, () => 0);
    const taken = [1, 2, 3, 4, 5].map((tick) => {
      write(entries, tick);
      return entries.take(tick);
    });
    expect(taken.map(({ buffer }) => buffer instanceof SharedArrayBuffer)).toEqual([true, true, true, false, false]);
    expect(taken.map(firsts)).toEqual([[1], [2], [3], [4], [5]]);
  });

  it('leave memory behind that is much more than what is needed', () => {
    let merged = 0;
    const entries = new DetectEntries(BYTES, () => merged);
    write(entries, ...new Array(10_000).fill(1));
    const large = entries.take(1).buffer.byteLength;
    merged = 1;
    entries.take(2);
    expect(entries.u8.byteLength).toBeLessThan(large / 8);
  });

  it('beyond a bound are counted', () => {
    const entries = new DetectEntries(BYTES, () => 0);
    for (let i = 0; i < 65_536; i++) entries.next();
    expect([entries.next(), entries.next()]).toEqual([-1, -1]);
    expect(entries.untold).toBe(2);
    entries.take(1);
    expect(entries.untold).toBe(0);
  });
});
