import { describe, expect, it } from 'vitest';
import { NameList, readNames } from '../../../src/flow/name-list.ts';

const V4 = Uint8Array.of(192, 0, 2, 255);
const V6 = Uint8Array.from({ length: 16 }, (_, i) => 240 + i);
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

describe('a list of names', () => {
  it('says what was put into it', () => {
    const list = new NameList();
    list.add(1.5e18, 4_294_967_295, latin1(V4), V6, 'www.example.org');
    list.add(-1, 0, latin1(V6), V4, 'bücher.example');
    expect(list.count).toBe(2);
    expect(readNames(list.take())).toEqual([
      { atNs: 1.5e18, ttl: 4_294_967_295, pair: latin1(V4) + latin1(V6), name: 'www.example.org' },
      { atNs: -1, ttl: 0, pair: latin1(V6) + latin1(V4), name: 'bücher.example' },
    ]);
  });

  it('is empty when it was taken, and what was taken stays', () => {
    const list = new NameList();
    list.add(1, 2, latin1(V4), V4, 'one');
    const taken = list.take();
    expect([list.count, list.take().length]).toEqual([0, 0]);
    list.add(1, 2, latin1(V4), V4, 'two');
    expect(readNames(taken).map(({ name }) => name)).toEqual(['one']);
    expect(readNames(list.take()).map(({ name }) => name)).toEqual(['two']);
  });

  it('grows', () => {
    const list = new NameList();
    for (let i = 0; i < 1000; i++) list.add(i, i, latin1(V4), V6, 'n'.repeat(i % 300));
    expect(readNames(list.take()).map(({ atNs, name }) => [atNs, name.length])).toEqual(
      Array.from({ length: 1000 }, (_, i) => [i, i % 300]),
    );
  });

  it('leaves out a name whose length it cannot say', () => {
    const list = new NameList();
    list.add(1, 2, latin1(V4), V4, 'n'.repeat(65_535));
    list.add(1, 2, latin1(V4), V4, 'ü'.repeat(32_768));
    expect(readNames(list.take()).map(({ name }) => name.length)).toEqual([65_535]);
  });
});
