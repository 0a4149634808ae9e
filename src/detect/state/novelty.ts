/** What has never been seen before: everything is new, and learned in silence, during a first time of the capture. */
import type { Learning } from '../row-front.ts';
import type { Setting } from '../rule.ts';
import { KeyTable } from './key-table.ts';

export class Novelty implements Learning {
  readonly known: KeyTable;
  readonly learnNs: number;
  readonly began = Float64Array.of(Number.NaN);

  /** `most` keys of `words` words are remembered. */
  constructor(words: number, most: number, learnSecs: number) {
    this.known = new KeyTable(words, most, null, true);
    this.learnNs = learnSecs * 1e9;
  }

  /** Where the key is written before `meet`. */
  get key(): Int32Array {
    return this.known.key;
  }

  /** The capture runs at stream time `at`; the first call begins the learning time. */
  begin(at: number): void {
    if (Number.isNaN(this.began[0])) this.began[0] = at;
  }

  /** Remembers the key; true when it was not known and the learning time is over. */
  meet(at: number): boolean {
    this.known.obtain();
    return this.known.isFresh && at - this.began[0] >= this.learnNs;
  }

  /** Whole seconds since the first call of `begin`. */
  secondsAt(at: number): number {
    return Math.floor((at - this.began[0]) / 1e9);
  }
}

/** `what`: what is taken as known, one of them. */
export function learnSetting(what: string): Setting {
  return { value: 3600, least: 0, most: 2_592_000, unit: 's', description: `Capture time during which every ${what} is taken as known` };
}
