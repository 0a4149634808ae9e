/**
 * A map with a limit: when it is full, the entry that was not used for the longest time makes room, and is counted.
 * A rule gives each key its own state in it.
 */
export class BoundedMap<V> {
  /** Entries that had to make room. */
  evicted = 0;
  private readonly entries = new Map<string, V>();
  private readonly most: number;
  /** The key that was used last. */
  private latest = '';

  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Without marking it as used. */
  peek(key: string): V | undefined {
    return this.entries.get(key);
  }

  /** The value, marked as used; made when it is not there. */
  obtain(key: string, make: () => V): V {
    let value = this.entries.get(key);
    // Busy keys come again and again: nothing has to move.
    if (value !== undefined && key === this.latest) return value;
    if (value === undefined) {
      value = make();
      if (this.entries.size >= this.most) this.evict();
    } else this.entries.delete(key);
    this.entries.set(key, value);
    this.latest = key;
    return value;
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  /** Drops entries from the longest unused on, as long as `isOld` says so. */
  expire(isOld: (value: V, key: string) => boolean): void {
    for (const [key, value] of this.entries) {
      if (!isOld(value, key)) return;
      this.entries.delete(key);
    }
  }

  *[Symbol.iterator](): IterableIterator<[string, V]> {
    yield* this.entries;
  }

  private evict(): void {
    for (const key of this.entries.keys()) {
      this.entries.delete(key);
      this.evicted++;
      return;
    }
  }
}
