/**
 * Different keys within a sliding window: a key counts from its last event on for `windowNs`, an event exactly
 * `windowNs` old no more. Exact up to `most` keys; what is beyond pushes the oldest out, which no threshold below `most`
 * can notice.
 */
export class SlidingSet {
  /** Key to the time of its last event, oldest first; made for the second key, as most sets never hold two. */
  private times: Map<string, number> | null = null;
  private onlyKey: string | null = null;
  private onlyAt = 0;
  private readonly windowNs: number;
  private readonly most: number;

  constructor(windowNs: number, most: number) {
    this.windowNs = windowNs;
    this.most = most;
  }

  /** Adds an event and returns how many different keys the window holds now. Times do not fall. */
  add(key: string, at: number): number {
    if (this.times === null) {
      const isAlone = this.onlyKey === null || this.onlyKey === key || at - this.onlyAt >= this.windowNs || this.most <= 1;
      if (isAlone) {
        this.onlyKey = key;
        this.onlyAt = at;
        return 1;
      }
      this.times = new Map([[this.onlyKey!, this.onlyAt]]);
      this.onlyKey = null;
    }
    this.times.delete(key);
    this.times.set(key, at);
    this.trim(at);
    return this.times.size;
  }

  remove(key: string): void {
    if (this.onlyKey === key) this.onlyKey = null;
    this.times?.delete(key);
  }

  count(at: number): number {
    this.trim(at);
    return this.times?.size ?? (this.onlyKey === null ? 0 : 1);
  }

  /** Keys in the window, oldest first. */
  keys(): Iterable<string> {
    return this.times?.keys() ?? (this.onlyKey === null ? [] : [this.onlyKey]);
  }

  /** Keys in the window with the times of their last events, oldest first. */
  entries(): Iterable<[key: string, at: number]> {
    return this.times?.entries() ?? (this.onlyKey === null ? [] : [[this.onlyKey, this.onlyAt]]);
  }

  /** Time of the oldest key, or NaN. */
  get firstAt(): number {
    if (this.times === null) return this.onlyKey === null ? Number.NaN : this.onlyAt;
    for (const at of this.times.values()) return at;
    return Number.NaN;
  }

  clear(): void {
    this.times = null;
    this.onlyKey = null;
  }

  private trim(at: number): void {
    if (this.times === null) {
      if (this.onlyKey !== null && at - this.onlyAt >= this.windowNs) this.onlyKey = null;
      return;
    }
    for (const [key, time] of this.times) {
      if (at - time < this.windowNs && this.times.size <= this.most) return;
      this.times.delete(key);
    }
  }
}
