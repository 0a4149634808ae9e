import { describe, expect, it } from 'vitest';
import { AddressCache } from '../../../src/detect/address-cache.ts';
import { END_BYTES } from '../../../src/detect/batch.ts';
import { EntryReader } from '../../../src/detect/entry-reader.ts';
import { EventRows, type RowHandler, showRows } from '../../../src/detect/event-rows.ts';

const never = () => {
  throw new Error('a handler threw that does not');
};

/** Rows of empty entries. */
function emptyRows(count: number): EventRows {
  const rows = new EventRows(new EntryReader(new Uint8Array(count * END_BYTES), END_BYTES, new AddressCache()), count);
  for (let row = 0; row < count; row++) rows.push(row * END_BYTES, 10 * row, row + 1);
  return rows;
}

describe('rows of a tick', () => {
  it('are shown one after the other, each to all handlers', () => {
    const seen: string[] = [];
    const noting =
      (name: string): RowHandler =>
      (rows, row) =>
        void seen.push(`${name}${rows.numbers[row]}`);
    showRows(emptyRows(3), [noting('a'), noting('b')], never);
    expect(seen).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  });

  it('go on for the others when a handler throws, which sees no more', () => {
    const seen: string[] = [];
    const thrown: [number, unknown][] = [];
    const handlers: RowHandler[] = [
      (_, row) => void seen.push(`a${row}`),
      (_, row) => {
        if (row === 1) throw new RangeError('b');
        seen.push(`b${row}`);
      },
      (_, row) => void seen.push(`c${row}`),
    ];
    showRows(emptyRows(3), handlers, (place, error) => void thrown.push([place, error]));
    expect(seen).toEqual(['a0', 'b0', 'c0', 'a1', 'c1', 'a2', 'c2']);
    expect(thrown).toEqual([[1, new RangeError('b')]]);
  });

  it('are all shown, however many there are and wherever a handler throws', () => {
    const seen: number[] = [];
    const also: number[] = [];
    const handlers: RowHandler[] = [
      (_, row) => {
        if (row === 300) throw new RangeError('late');
        seen.push(row);
      },
      (_, row) => void also.push(row),
    ];
    showRows(emptyRows(1000), handlers, () => {});
    expect(seen).toEqual([...Array(300).keys()]);
    expect(also).toEqual([...Array(1000).keys()]);
  });

  it('know of an end what its volume had found out', () => {
    const asked: string[] = [];
    const cache = new AddressCache({ isInternal: (address) => asked.push(address) > 0 });
    const entries = new EntryReader(new Uint8Array(2 * END_BYTES), END_BYTES, cache);
    const [volumes, closes] = [new EventRows(entries, 2), new EventRows(entries, 2)];
    volumes.push(0, 1, 1);
    volumes.sources[0] = 77;
    closes.pushBeside(volumes, 0, 1, 2);
    closes.pushBeside(volumes, END_BYTES, 1, 3);
    expect(closes.sources[0]).toBe(77);
    expect(closes.sources[1]).toBe(volumes.targets[0]);
    expect(asked).toHaveLength(1);
  });
});
