/** Pairs of a source and whom it called, by name where the call said one and else by address, with the first call of each. */
import { B_SOURCE } from '../batch.ts';
import type { EntryReader } from '../entry-reader.ts';
import { ADDRESS_WORDS, PAIR_WORDS } from '../flow-keys.ts';
import type { FirstCall, FirstPairs } from '../row-front.ts';
import { FirstFlows } from './first-flows.ts';
import { KeyTable } from './key-table.ts';
import { TimedFlows } from './timed-flows.ts';

/** Where keys with two addresses have a version. */
const BY_NAME = 0;

export interface Calls {
  /** Starts (ns) and bytes sent, in the order in which the connections ended. */
  readonly starts: number[];
  readonly sizes: number[];
  readonly flows: TimedFlows;
}

export class CallPairs implements FirstPairs<FirstCall> {
  readonly pairs: KeyTable;
  readonly firsts: FirstFlows<FirstCall>;
  /** By pair: it has calls, or a name. */
  readonly heavy: Uint8Array;
  /** Most pairs make one call before they make room for others: that takes no object. */
  private readonly calls: (Calls | null)[] = [];
  private readonly names: (string | null)[] = [];
  /** Names that are in use: what stands for them in keys, and for how many pairs. */
  private readonly numbers = new Map<string, { readonly number: number; pairs: number }>();
  private nextNumber = 0;

  /** `most` pairs: then the one that was not used for the longest time makes room. */
  constructor(most: number) {
    this.pairs = new KeyTable(PAIR_WORDS, most, (row) => this.forget(row), true);
    this.firsts = new FirstFlows(2, most);
    this.heavy = new Uint8Array(most);
  }

  /** The calls of the pair before the one that ended at entry `at`; null when that is its first, which is remembered. */
  before(entries: EntryReader, at: number): Calls | null {
    const { pairs, heavy } = this;
    const host = entries.host(at);
    if (host === null) entries.writePair(at, pairs.key, 0);
    else this.writeNamed(entries, at, this.hold(host));
    const row = pairs.obtain();
    if (pairs.isFresh) {
      this.firsts.set(row, entries, at, [entries.firstAt(at), entries.bytes(at, 0)], pairs.room);
      this.calls[row] = null;
      this.names[row] = host;
      heavy[row] = host === null ? 0 : 1;
      return null;
    }
    if (host !== null) this.release(host);
    const calls = this.calls[row] ?? this.firstCalls(row);
    this.calls[row] = calls;
    heavy[row] = 1;
    return calls;
  }

  private firstCalls(row: number): Calls {
    const flows = new TimedFlows();
    const [startedAt, bytesUp] = this.firsts.numbersOf(row);
    flows.add(this.firsts.flow(row), startedAt);
    return { starts: [startedAt], sizes: [bytesUp], flows };
  }

  private writeNamed(entries: EntryReader, at: number, number: number): void {
    const { key } = this.pairs;
    key.fill(0);
    entries.writeAddress(at, B_SOURCE, key, 0);
    key[ADDRESS_WORDS] = number;
    key[PAIR_WORDS - 1] = BY_NAME;
  }

  private forget(row: number): void {
    this.calls[row] = null;
    this.heavy[row] = 0;
    const name = this.names[row];
    if (name !== null) this.release(name);
    this.names[row] = null;
  }

  private hold(name: string): number {
    const held = this.numbers.get(name);
    if (held !== undefined) {
      held.pairs++;
      return held.number;
    }
    const number = this.nextNumber;
    this.nextNumber = (number + 1) | 0;
    this.numbers.set(name, { number, pairs: 1 });
    return number;
  }

  private release(name: string): void {
    const held = this.numbers.get(name);
    if (held !== undefined && --held.pairs === 0) this.numbers.delete(name);
  }
}
