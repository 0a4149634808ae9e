/** Tables over keys of numbers: they remember and forget as the map of strings does. */
import { describe, expect, it } from 'vitest';
import { AddressCache } from '../../../src/detect/address-cache.ts';
import { singleClose } from '../../../src/detect/single-row.ts';
import { BoundedMap } from '../../../src/detect/state/bounded-map.ts';
import { CallPairs } from '../../../src/detect/state/call-pairs.ts';
import { KeyTable, NO_ROW } from '../../../src/detect/state/key-table.ts';
import { close } from './rule-rig.ts';

/** Numbers below 2^31 that repeat from run to run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return state >>> 8;
  };
}

describe('KeyTable', () => {
  it.each([1, 2, 3, 300, 1000])('holds, orders and forgets as a BoundedMap of %i keys does', (most) => {
    const dropped: number[] = [];
    const values: number[] = [];
    const table = new KeyTable(2, most, (row) => void dropped.push(values[row]));
    const expectedDrops: number[] = [];
    const map = new BoundedMap<number>(most, (value) => void expectedDrops.push(value));
    const next = numbers(most);
    for (let i = 0; i < 6000; i++) {
      const word = next() % (2 * most);
      const choice = next() % 10;
      table.key.set([word, ~word]);
      if (choice === 0) {
        const row = table.peek();
        expect(row === NO_ROW ? undefined : values[row]).toBe(map.peek(`${word}`));
        if (row !== NO_ROW) table.drop(row);
        map.delete(`${word}`);
        continue;
      }
      const row = table.obtain();
      expect(table.isFresh).toBe(map.peek(`${word}`) === undefined);
      if (table.isFresh) values[row] = i;
      expect(values[row]).toBe(map.obtain(`${word}`, () => i));
      expect(table.size).toBe(map.size);
    }
    expect(dropped).toEqual(expectedDrops);
    const order: number[] = [];
    for (let row = table.oldest; row !== NO_ROW; row = table.after(row)) order.push(values[row]);
    expect(order).toEqual([...map].map(([, value]) => value));
    table.clear();
    expect([table.size, table.oldest]).toEqual([0, NO_ROW]);
  });

  it('tells keys apart that differ in one bit of one word', () => {
    const table = new KeyTable(9, 9 * 32);
    for (let bit = 0; bit < 9 * 32; bit++) {
      table.key.fill(0);
      table.key[bit >> 5] = 1 << (bit & 31);
      table.obtain();
      expect(table.isFresh).toBe(true);
    }
    expect(table.size).toBe(9 * 32);
  });
});

describe('CallPairs', () => {
  const addresses = new AddressCache();
  const call = (pairs: CallPairs, target: string, host: string | null, t: number) => {
    const { entries } = singleClose(close({ source: '10.0.0.1', target, port: 443, t, bytesUp: t, host }), addresses);
    return pairs.before(entries, 0)?.starts ?? null;
  };

  it('knows whom a source called by name, whatever the address, and else by address', () => {
    const pairs = new CallPairs(10);
    expect(call(pairs, '192.0.2.1', 'a.example', 1)).toBeNull();
    expect(call(pairs, '192.0.2.1', null, 2)).toBeNull();
    expect(call(pairs, '192.0.2.1', 'b.example', 3)).toBeNull();
    expect(call(pairs, '192.0.2.9', 'a.example', 4)).toEqual([1e9]);
    expect(call(pairs, '192.0.2.1', null, 5)).toEqual([2e9]);
    expect(call(pairs, '192.0.2.9', null, 6)).toBeNull();
  });

  it('knows a name again whose only pair has just made room', () => {
    const pairs = new CallPairs(1);
    expect(call(pairs, '192.0.2.1', 'a.example', 1)).toBeNull();
    expect(call(pairs, '192.0.2.1', 'b.example', 2)).toBeNull();
    expect(call(pairs, '192.0.2.1', 'a.example', 3)).toBeNull();
    expect(call(pairs, '192.0.2.2', 'a.example', 4)).toEqual([3e9]);
  });
});
