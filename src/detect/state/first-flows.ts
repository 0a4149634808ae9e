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

/** `N`: what else is remembered of each. */
export class FirstFlows<N extends readonly number[]> {
  private words = new Int32Array(0);
  private numbers = new Float64Array(0);
  /** How many numbers there are beside a flow. */
  private readonly width: N['length'];

  /** `room`: rows that there is room for from the beginning. */
  constructor(width: N['length'], room = 0) {
    this.width = width;
    this.makeRoom(room);
  }

  /** What it consists of, for whoever shares it; the same only as long as there is room. */
  get memory(): { words: Int32Array; numbers: Float64Array } {
    const { words, numbers } = this;
    return { words, numbers };
  }

  /** The flow of an entry; `room`: of the table. */
  set(row: number, entries: EntryReader, offset: number, numbers: N, room: number): void {
    this.makeRoom(room);
    const at = row * WORDS;
    entries.writePair(offset, this.words, at);
    this.words[at + PORTS] = entries.sourcePort(offset) | (entries.targetPort(offset) << 16);
    this.words[at + PROTOCOL] = entries.protocol(offset);
    for (let i = 0; i < numbers.length; i++) this.numbers[row * this.width + i] = numbers[i];
  }

  numbersOf(row: number): N {
    const { numbers, width } = this;
    return [...numbers.subarray(row * width, (row + 1) * width)] as readonly number[] as N;
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
    this.numbers = widened(this.numbers, rows * this.width);
  }
}
