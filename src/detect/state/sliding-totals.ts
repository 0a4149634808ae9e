/**
 * Two sums over a sliding window. Events less than `grainNs` after the first of an entry join it and are forgotten with
 * it: none counts beyond the window, and none is forgotten more than a grain early. There are at most
 * `windowNs / grainNs + 1` entries; a grain of 0 joins only events of the same moment.
 */
export class SlidingTotals {
  first = 0;
  second = 0;
  private readonly windowNs: number;
  private readonly grainNs: number;
  /** Time, first, second of each entry, oldest at `head`. */
  private entries: number[] = [];
  private head = 0;

  constructor(windowNs: number, grainNs: number) {
    this.windowNs = windowNs;
    this.grainNs = grainNs;
  }

  /** Times do not fall. An event exactly `windowNs` old no longer counts. */
  add(first: number, second: number, at: number): void {
    this.trim(at);
    const { entries } = this;
    const last = entries.length - 3;
    if (last >= this.head && (at === entries[last] || at - entries[last] < this.grainNs)) {
      entries[last + 1] += first;
      entries[last + 2] += second;
    } else entries.push(at, first, second);
    this.first += first;
    this.second += second;
  }

  /** Time of the oldest event that counts, or NaN. */
  get firstAt(): number {
    return this.head < this.entries.length ? this.entries[this.head] : Number.NaN;
  }

  trim(at: number): void {
    const { entries } = this;
    while (this.head < entries.length && at - entries[this.head] >= this.windowNs) {
      this.first -= entries[this.head + 1];
      this.second -= entries[this.head + 2];
      this.head += 3;
    }
    // Moving the rest once per half keeps the cost of an event constant.
    if (this.head * 2 > entries.length) {
      this.entries = entries.slice(this.head);
      this.head = 0;
    }
  }
}
