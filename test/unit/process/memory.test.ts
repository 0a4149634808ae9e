/** The ring between a shard and the thread that names processes, and the hashed bits of this host's addresses. */
import { describe, expect, it } from 'vitest';
import {
  createProcessMemory,
  ProcessControl,
  Q_ADDR_A,
  Q_HASH_LO,
  QUERY_WORDS,
  QueryReader,
  QueryWriter,
  RING_QUERIES,
} from '../../../src/process/memory.ts';
import { OwnAddresses } from '../../../src/process/own-addresses.ts';

const wordsOf = (...bytes: number[]) => {
  const words = new Int32Array(4);
  new Uint8Array(words.buffer).set(bytes);
  return words;
};

describe('a ring of new flows', () => {
  it('keeps their order beyond its end, and rings once for each', () => {
    const memory = createProcessMemory(2);
    const [writer, reader] = [new QueryWriter(memory, 1), new QueryReader(memory.rings[1])];
    const seen: number[] = [];
    for (let flow = 0; flow < 3 * RING_QUERIES; flow++) {
      writer.query[Q_HASH_LO] = flow;
      writer.send();
      if (flow % 1000 === 999) seen.push(...reader.take(RING_QUERIES).map((query) => query[Q_HASH_LO]));
    }
    seen.push(...reader.take(RING_QUERIES).map((query) => query[Q_HASH_LO]));
    expect(seen).toEqual(Array.from({ length: 3 * RING_QUERIES }, (_, flow) => flow));
    expect(reader.dropped).toBe(0);
    expect(new Int32Array(memory.control)[ProcessControl.BELL]).toBe(3 * RING_QUERIES);
    expect(new QueryReader(memory.rings[0]).take(10)).toEqual([]);
  });

  it('counts what finds no room, and overwrites nothing', () => {
    const memory = createProcessMemory(1);
    const [writer, reader] = [new QueryWriter(memory, 0), new QueryReader(memory.rings[0])];
    for (let flow = 0; flow < RING_QUERIES + 5; flow++) {
      writer.query[Q_HASH_LO] = flow;
      writer.send();
    }
    expect(reader.dropped).toBe(5);
    const first = reader.take(2);
    expect(first.map((query) => [query[Q_HASH_LO], query.length])).toEqual([0, 1].map((flow) => [flow, QUERY_WORDS]));
    expect(reader.take(RING_QUERIES).at(-1)?.[Q_HASH_LO]).toBe(RING_QUERIES - 1);
  });
});

describe('the addresses of this host', () => {
  it('are never denied by their bits, and told exactly from others', () => {
    const memory = createProcessMemory(1);
    const own = new OwnAddresses(memory.addresses);
    const writer = new QueryWriter(memory, 0);
    own.replace(['192.0.2.7', 'fe80::1%eth0', '2001:db8::7', 'no address']);
    const check = (words: Int32Array, ipv6: boolean) => {
      writer.query.set(words, Q_ADDR_A);
      return [writer.mayBeOwn(Q_ADDR_A), own.has(writer.query, Q_ADDR_A, ipv6)];
    };
    expect(check(wordsOf(192, 0, 2, 7), false)).toEqual([true, true]);
    expect(check(wordsOf(0xfe, 0x80, ...new Array<number>(13).fill(0), 1), true)).toEqual([true, true]);
    expect(check(wordsOf(0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), 7), true)).toEqual([true, true]);
    // The same words as another kind of address.
    expect(check(wordsOf(192, 0, 2, 7), true)[1]).toBe(false);
    expect(check(wordsOf(192, 0, 2, 8), false)[1]).toBe(false);
    expect(own.has(wordsOf(127, 0, 0, 53), 0, false)).toBe(true);
    let mistaken = 0;
    for (let host = 0; host < 10_000; host++) {
      if (check(wordsOf(10, 9, host >> 8, host & 255), false)[0]) mistaken++;
    }
    expect(mistaken).toBeLessThan(10);
    own.replace(['192.0.2.9']);
    expect(check(wordsOf(192, 0, 2, 7), false)).toEqual([false, false]);
  });
});
