/**
 * Different keys within a sliding window: a key counts from its last event on for `windowNs`, an event exactly
 * `windowNs` old no more. Exact up to `most` keys; what is beyond pushes the oldest out, which no threshold below `most`
 * can notice.
 */
export class SlidingSet {
  /** Key to the time of its last event, oldest first. */
  private readonly times = new Map<string, number>();
  private readonly windowNs: number;
  private readonly most: number;

  constructor(windowNs: number, most: number) {
    this.windowNs = windowNs;
    this.most = most;
  }

  /** Adds an event and returns how many different keys the window holds now. Times do not fall. */
  add(key: string, at: number): number {
    this.times.delete(key);
    this.times.set(key, at);
    this.trim(at);
    return this.times.size;
  }

  remove(key: string): void {
    this.times.delete(key);
  }

  count(at: number): number {
    this.trim(at);
    return this.times.size;
  }

  /** Keys in the window, oldest first. */
  keys(): IterableIterator<string> {
    return this.times.keys();
  }

  /** Time of the oldest key, or NaN. */
  get firstAt(): number {
    for (const at of this.times.values()) return at;
    return Number.NaN;
  }

  clear(): void {
    this.times.clear();
  }

  private trim(at: number): void {
    for (const [key, time] of this.times) {
      if (at - time < this.windowNs && this.times.size <= this.most) return;
      this.times.delete(key);
    }
  }
}
