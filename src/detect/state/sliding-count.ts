/**
 * How much happened within a sliding window. Exact for up to `EXACT` entries; beyond, what happens within a 512th of the
 * window counts from its first moment, so that a flood costs no more memory than a window of it has parts.
 */
const EXACT = 1024;
const PARTS = 512;

export class SlidingCount {
  private times: number[] = [];
  private amounts: number[] = [];
  private head = 0;
  private total = 0;
  /** A sum of many stays apart: it is of the time before it, what follows is of the time after. */
  private lastIsSum = false;
  private readonly windowNs: number;

  constructor(windowNs: number) {
    this.windowNs = windowNs;
  }

  /** Adds and returns the sum of the window that ends at `at`, an entry exactly as old as the window left out. */
  add(at: number, amount = 1): number {
    const last = this.times.length - 1;
    const isSum = amount > 1;
    const joins = !isSum && !this.lastIsSum && last - this.head >= EXACT && at - this.times[last] < this.windowNs / PARTS;
    if (joins) this.amounts[last]++;
    else {
      this.times.push(at);
      this.amounts.push(amount);
    }
    this.lastIsSum = isSum;
    this.total += amount;
    return this.count(at);
  }

  count(at: number): number {
    while (this.head < this.times.length && at - this.times[this.head] >= this.windowNs) this.total -= this.amounts[this.head++];
    if (this.head > 32 && this.head * 2 > this.times.length) {
      this.times = this.times.slice(this.head);
      this.amounts = this.amounts.slice(this.head);
      this.head = 0;
    }
    return this.total;
  }

  /** The sum of what is younger than `from`. */
  since(from: number): number {
    let sum = 0;
    for (let i = this.times.length - 1; i >= this.head && this.times[i] > from; i--) sum += this.amounts[i];
    return sum;
  }

  /** Time of the oldest entry, or NaN. */
  get firstAt(): number {
    return this.head < this.times.length ? this.times[this.head] : Number.NaN;
  }
}
