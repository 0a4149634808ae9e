/**
 * Different keys within a sliding window, each with two weights, and the sums of these: `SlidingSet` with a mean. A key
 * counts from its last event on for `windowNs`, an event exactly `windowNs` old no more.
 */
interface Weighed {
  at: number;
  readonly first: number;
  readonly second: number;
}

export class SlidingWeights {
  first = 0;
  second = 0;
  private readonly entries = new Map<string, Weighed>();
  private readonly windowNs: number;
  private readonly most: number;

  /** Beyond `most` keys the oldest is pushed out. */
  constructor(windowNs: number, most: number) {
    this.windowNs = windowNs;
    this.most = most;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Time of the oldest key, or NaN. */
  get firstAt(): number {
    for (const { at } of this.entries.values()) return at;
    return Number.NaN;
  }

  /** Times do not fall; a key always comes with the same weights. */
  add(key: string, first: number, second: number, at: number): void {
    const known = this.entries.get(key);
    if (known === undefined) {
      this.entries.set(key, { at, first, second });
      this.first += first;
      this.second += second;
    } else {
      known.at = at;
      this.entries.delete(key);
      this.entries.set(key, known);
    }
    this.trim(at);
  }

  trim(at: number): void {
    for (const [key, entry] of this.entries) {
      if (at - entry.at < this.windowNs && this.entries.size <= this.most) return;
      this.entries.delete(key);
      this.first -= entry.first;
      this.second -= entry.second;
    }
  }
}
