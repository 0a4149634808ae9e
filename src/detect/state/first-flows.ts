/** The flow with which each row of a `KeyTable` began, without an object for it: most rows never see a second one. */
import type { EntryReader } from '../entry-reader.ts';
import type { FlowTuple } from '../events.ts';
import { addressOfWords, PAIR_WORDS } from '../flow-keys.ts';
import { widened } from './key-table.ts';

const PORTS = PAIR_WORDS;
const PROTOCOL = PORTS + 1;
const WORDS = PROTOCOL + 1;
/** Beside the flow. */
const NUMBERS = 3;
type Numbers = readonly [first: number, second: number, third: number];
const VERSION = PAIR_WORDS - 1;
const TARGET = 4;

export class FirstFlows {
  private words = new Int32Array(0);
  private numbers = new Float64Array(0);

  /** `room`: rows that there is room for from the beginning. */
  constructor(room = 0) {
    this.makeRoom(room);
  }

  /** What it consists of, for whoever shares it; the same only as long as there is room. */
  get memory(): { words: Int32Array; numbers: Float64Array } {
    const { words, numbers } = this;
    return { words, numbers };
  }

  /** The flow of an entry; `first`, `second` and `third`: what else is remembered. `room`: of the table. */
  set(row: number, entries: EntryReader, offset: number, [first, second, third]: Numbers, room: number): void {
    this.makeRoom(room);
    const at = row * WORDS;
    entries.writePair(offset, this.words, at);
    this.words[at + PORTS] = entries.sourcePort(offset) | (entries.targetPort(offset) << 16);
    this.words[at + PROTOCOL] = entries.protocol(offset);
    this.numbers[NUMBERS * row] = first;
    this.numbers[NUMBERS * row + 1] = second;
    this.numbers[NUMBERS * row + 2] = third;
  }

  first(row: number): number {
    return this.numbers[NUMBERS * row];
  }

  second(row: number): number {
    return this.numbers[NUMBERS * row + 1];
  }

  third(row: number): number {
    return this.numbers[NUMBERS * row + 2];
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

  private makeRoom(rows: number): void {
    this.words = widened(this.words, rows * WORDS);
    this.numbers = widened(this.numbers, rows * NUMBERS);
  }
}
