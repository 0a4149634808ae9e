/**
 * A map with a limit: when it is full, the entry that was not used for the longest time makes room, and is counted.
 * A rule gives each key its own state in it. Entries are chained in the order of their use, so that using one moves two
 * pointers and not a place in the map.
 */
interface Entry<V> {
  readonly key: string;
  readonly value: V;
  /** Towards the longest unused. */
  before: Entry<V> | null;
  after: Entry<V> | null;
}

export class BoundedMap<V> {
  /** Entries that had to make room. */
  evicted = 0;
  private readonly entries = new Map<string, Entry<V>>();
  private readonly most: number;
  private oldest: Entry<V> | null = null;
  private latest: Entry<V> | null = null;

  private readonly onDrop: ((value: V, key: string) => void) | null;

  /** `onDrop` hears of every entry that goes. */
  constructor(most: number, onDrop: ((value: V, key: string) => void) | null = null) {
    this.most = most;
    this.onDrop = onDrop;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Without marking it as used. */
  peek(key: string): V | undefined {
    return this.entries.get(key)?.value;
  }

  /** The value, marked as used; made when it is not there. */
  obtain(key: string, make: () => V): V {
    const known = this.entries.get(key);
    if (known !== undefined) {
      if (known !== this.latest) {
        this.unchain(known);
        this.chain(known);
      }
      return known.value;
    }
    const entry: Entry<V> = { key, value: make(), before: null, after: null };
    if (this.entries.size >= this.most) this.dropOldest();
    this.entries.set(key, entry);
    this.chain(entry);
    return entry.value;
  }

  /** Makes room as if the map were full. */
  dropOldest(): void {
    if (this.oldest === null) return;
    this.drop(this.oldest);
    this.evicted++;
  }

  delete(key: string): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) this.drop(entry);
  }

  /** Drops entries from the longest unused on, as long as `isOld` says so. */
  expire(isOld: (value: V, key: string) => boolean): void {
    while (this.oldest !== null && isOld(this.oldest.value, this.oldest.key)) this.drop(this.oldest);
  }

  /** From the longest unused on; the entry that is shown may be deleted meanwhile. */
  *[Symbol.iterator](): IterableIterator<[string, V]> {
    for (let entry = this.oldest; entry !== null; ) {
      const { after } = entry;
      yield [entry.key, entry.value];
      entry = after;
    }
  }

  private drop(entry: Entry<V>): void {
    this.entries.delete(entry.key);
    this.unchain(entry);
    // Or a dead entry that has grown old would keep its neighbours from being collected while they are young.
    entry.before = null;
    entry.after = null;
    this.onDrop?.(entry.value, entry.key);
  }

  private chain(entry: Entry<V>): void {
    entry.before = this.latest;
    entry.after = null;
    if (this.latest === null) this.oldest = entry;
    else this.latest.after = entry;
    this.latest = entry;
  }

  private unchain({ before, after }: Entry<V>): void {
    if (before === null) this.oldest = after;
    else before.after = after;
    if (after === null) this.latest = before;
    else after.before = before;
  }
}
