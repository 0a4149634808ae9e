/** What has never been seen before: everything is new, and learned in silence, during a first time of the capture. */
import type { Setting } from '../rule.ts';
import { BoundedMap } from './bounded-map.ts';

export class Novelty {
  private readonly known: BoundedMap<true>;
  private readonly learnNs: number;
  private startedAt = Number.NaN;

  /** `most` keys are remembered. */
  constructor(most: number, learnSecs: number) {
    this.known = new BoundedMap(most);
    this.learnNs = learnSecs * 1e9;
  }

  /** The capture runs at stream time `at`; the first call begins the learning time. */
  begin(at: number): void {
    if (Number.isNaN(this.startedAt)) this.startedAt = at;
  }

  /** Remembers the key; true when it was not known and the learning time is over. */
  meet(key: string, at: number): boolean {
    const isKnown = this.known.peek(key) === true;
    this.known.obtain(key, () => true);
    return !isKnown && at - this.startedAt >= this.learnNs;
  }

  /** Whole seconds since the first call of `begin`. */
  secondsAt(at: number): number {
    return Math.floor((at - this.startedAt) / 1e9);
  }
}

/** `what`: what is taken as known, one of them. */
export function learnSetting(what: string): Setting {
  return { value: 3600, least: 0, most: 2_592_000, unit: 's', description: `Capture time during which every ${what} is taken as known` };
}
