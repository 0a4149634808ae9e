/** The list of the flows of most bytes: which flows are in it, and whose notes it asks for. */
import { describe, expect, it } from 'vitest';
import { F_BYTES_A, F_FIRST_ORDINAL, F_ROLE, HOT_BYTES, RowRole } from '../../../src/flow/row.ts';
import { FlowStore } from '../../../src/flow/store.ts';
import { createTableWords } from '../../../src/flow/table-words.ts';
import { TopRows } from '../../../src/shard/top-rows.ts';

const ROWS = 16;
const ADVICE = { random: () => {}, unused: () => {} };

class Offers {
  readonly store = new FlowStore(ROWS, true, ADVICE, createTableWords());
  /** By slot, as they are now. */
  readonly notes = Array.from({ length: ROWS }, (_, slot) => `note of ${slot}`);
  /** Slots whose notes were asked for since the last look. */
  readonly asked: number[] = [];
  private readonly top: TopRows;

  constructor(limit: number) {
    this.top = new TopRows(limit, (slot) => {
      this.asked.push(slot);
      return this.notes[slot];
    });
  }

  offer(slot: number, bytes: number, { isEnding = false, ordinal = slot, packets = 1, role = 0 } = {}): void {
    const { store } = this;
    store.hotF[(slot * HOT_BYTES + F_BYTES_A) >> 3] = bytes;
    store.hotB[slot * HOT_BYTES + F_ROLE] = role;
    store.coldF[(slot * store.coldBytes - HOT_BYTES + F_FIRST_ORDINAL) >> 3] = ordinal;
    this.top.offer(store, slot, bytes, packets, isEnding);
  }

  /** Note, bytes and the bytes that the row says of each. */
  take(): [string, number, number][] {
    return this.top.take().map(({ row, note, deltaBytes }) => [note, deltaBytes, new Float64Array(row.buffer)[F_BYTES_A >> 3]]);
  }
}

describe('flows in the list', () => {
  it.each([[[0, 1, 2, 3, 4]], [[4, 3, 2, 1, 0]], [[2, 4, 0, 3, 1]]])(
    'are those of most bytes, earlier ones first, offered as %j',
    (order) => {
      const offers = new Offers(3);
      const bytes = [50, 70, 50, 90, 50];
      for (const slot of order) offers.offer(slot, bytes[slot]);
      expect(offers.take()).toEqual([
        ['note of 3', 90, 90],
        ['note of 1', 70, 70],
        ['note of 0', 50, 50],
      ]);
    },
  );

  it('have packets, and are no outer flows of tunnels', () => {
    const offers = new Offers(3);
    offers.offer(0, 10, { packets: 0 });
    offers.offer(1, 10, { role: RowRole.OUTER, isEnding: true });
    offers.offer(2, 10);
    expect(offers.take()).toEqual([['note of 2', 10, 10]]);
    expect(offers.asked).toEqual([2]);
  });

  it('are told once', () => {
    const offers = new Offers(2);
    offers.offer(0, 10);
    expect(offers.take()).toHaveLength(1);
    expect(offers.take()).toEqual([]);
    expect(offers.asked).toEqual([0]);
  });

  it('none, where none are wanted', () => {
    const offers = new Offers(0);
    offers.offer(0, 10, { isEnding: true });
    expect(offers.take()).toEqual([]);
    expect(offers.asked).toEqual([]);
  });
});

describe('notes', () => {
  it('of live flows are asked for when the list is taken, of those that are in it then', () => {
    const offers = new Offers(2);
    for (let slot = 0; slot < 10; slot++) offers.offer(slot, 100 + slot);
    expect(offers.asked).toEqual([]);
    expect(offers.take().map(([note]) => note)).toEqual(['note of 9', 'note of 8']);
    expect(offers.asked).toEqual([9, 8]);
  });

  it('of ending flows are asked for at once, unless they do not belong into the list', () => {
    const offers = new Offers(2);
    for (const [slot, bytes] of [100, 300, 200, 50].entries()) offers.offer(slot, bytes, { isEnding: true });
    expect(offers.asked).toEqual([0, 1, 2]);
    expect(offers.take().map(([note]) => note)).toEqual(['note of 1', 'note of 2']);
    expect(offers.asked).toEqual([0, 1, 2]);
  });

  it('of ended flows stay theirs when their rows are other flows, in the list or not', () => {
    const offers = new Offers(3);
    offers.offer(5, 300, { isEnding: true, ordinal: 1 });
    offers.notes[5] = 'another';
    offers.offer(5, 200, { isEnding: true, ordinal: 2 });
    offers.notes[5] = 'the one that lives';
    offers.offer(5, 250, { ordinal: 3 });
    expect(offers.take()).toEqual([
      ['note of 5', 300, 300],
      ['the one that lives', 250, 250],
      ['another', 200, 200],
    ]);
    expect(offers.asked).toEqual([5, 5, 5]);
  });

  it('that are empty when a flow ends stay empty', () => {
    const offers = new Offers(1);
    offers.notes[0] = '';
    offers.offer(0, 10, { isEnding: true });
    offers.notes[0] = 'another';
    expect(offers.take()).toEqual([['', 10, 10]]);
  });
});
