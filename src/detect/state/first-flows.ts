/** The flow with which each row of a `KeyTable` began, without an object for it: most rows never see a second one. */
import type { EntryReader } from '../entry-reader.ts';
import type { FlowTuple } from '../events.ts';
import { addressOfWords, PAIR_WORDS } from '../flow-keys.ts';
import { widened } from './key-table.ts';

const PORTS = PAIR_WORDS;
const PROTOCOL = PORTS + 1;
const WORDS = PROTOCOL + 1;
const VERSION = PAIR_WORDS - 1;
const TARGET = 4;

export class FirstFlows {
  private words = new Int32Array(0);
  /** Two numbers per row. */
  private numbers = new Float64Array(0);

  /** The flow of an entry; `first` and `second`: what else is remembered. `room`: of the table. */
  set(row: number, entries: EntryReader, offset: number, first: number, second: number, room: number): void {
    this.words = widened(this.words, room * WORDS);
    this.numbers = widened(this.numbers, room * 2);
    const at = row * WORDS;
    entries.writePair(offset, this.words, at);
    this.words[at + PORTS] = entries.sourcePort(offset) | (entries.targetPort(offset) << 16);
    this.words[at + PROTOCOL] = entries.protocol(offset);
    this.numbers[2 * row] = first;
    this.numbers[2 * row + 1] = second;
  }

  first(row: number): number {
    return this.numbers[2 * row];
  }

  second(row: number): number {
    return this.numbers[2 * row + 1];
  }

  flow(row: number): FlowTuple {
    const { words } = this;
    const at = row * WORDS;
    const address = (from: number) => addressOfWords((word) => words[word === 4 ? at + VERSION : at + from + word]);
    const ports = words[at + PORTS];
    return {
      protocol: words[at + PROTOCOL],
      source: address(0),
      sourcePort: ports & 0xffff,
      target: address(TARGET),
      targetPort: ports >>> 16,
    };
  }
}
