/** What events are found and ordered with: addresses as keys, places by key, entries by use. */
import { describe, expect, it } from 'vitest';
import { AddressCache } from '../../../src/detect/address-cache.ts';
import { ascendingPlaces } from '../../../src/detect/ascending-places.ts';
import { Scratch } from '../../../src/detect/scratch.ts';
import { BoundedMap } from '../../../src/detect/state/bounded-map.ts';

describe('AddressCache', () => {
  it('gives the bytes of an address, whatever other addresses came in between', () => {
    const cache = new AddressCache();
    for (let i = 0; i < 100_000; i++) {
      const bytes = Uint8Array.of(10, i & 255, (i >> 8) & 255, (i >> 16) & 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      const text = cache.of(new Int32Array(bytes.buffer), 0, false);
      if (text !== String.fromCharCode(...bytes.subarray(0, 4))) throw new Error(`address ${i} is wrong`);
    }
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => 200 + i);
    const words = new Int32Array(bytes.buffer);
    expect(cache.of(words, 0, true)).toBe(String.fromCharCode(...bytes));
    expect(cache.of(words, 0, true)).toBe(cache.of(words, 0, true));
    expect(cache.of(Int32Array.of(0, 0, 0, 0), 0, false)).toBe('\0\0\0\0');
    expect(cache.of(Int32Array.of(0, 0, 0, 0), 0, true)).toBe('\0'.repeat(16));
  });
});

describe('ascendingPlaces', () => {
  it.each([
    ['few', Float64Array.of(5, 1, 1, 3)],
    ['none', new Float64Array(0)],
    ['far apart', Float64Array.of(2 ** 50, 7, 2 ** 33, 7)],
    ['many', Float64Array.from({ length: 20_000 }, (_, i) => (i * 7_919_777) % 4_000_003)],
  ])('sorts as a comparison does, and stays stable: %s', (_, keys) => {
    const wanted = [...keys.keys()].sort((a, b) => keys[a] - keys[b]);
    expect([...ascendingPlaces(keys, new Scratch())]).toEqual(wanted);
  });
});

describe('BoundedMap', () => {
  it('drops what was not used for the longest time, and says so', () => {
    const dropped: string[] = [];
    const map = new BoundedMap<string>(3, (value) => void dropped.push(value));
    for (const key of ['a', 'b', 'c', 'a', 'd', 'b']) map.obtain(key, () => `${key} ${dropped.length}`);
    expect(dropped).toEqual(['b 0', 'c 0']);
    expect([...map].map(([key]) => key)).toEqual(['a', 'd', 'b']);
    expect(map.evicted).toBe(2);
    map.delete('d');
    map.expire((_, key) => key === 'a');
    expect([...map].map(([key]) => key)).toEqual(['b']);
    map.delete('b');
    expect(map.size).toBe(0);
    expect(map.obtain('z', () => 'new')).toBe('new');
  });
});
