/**
 * State per source in two bounded maps: sources with one failed contact wait in the first, and move to the second with
 * another. A flood from invented sources, each of which comes once, then only pushes out its own kind.
 */
import { BoundedMap } from './bounded-map.ts';

export class Suspects<S> {
  private readonly known: BoundedMap<S>;
  private readonly others: BoundedMap<S>;
  private readonly make: (key: string) => S;

  /** `most` entries in each map. */
  constructor(most: number, make: (key: string) => S) {
    this.known = new BoundedMap(most);
    this.others = new BoundedMap(most);
    this.make = make;
  }

  get size(): number {
    return this.known.size + this.others.size;
  }

  /** The state, made when it is not there, and marked as used. */
  obtain(key: string): S {
    const map = this.known.peek(key) === undefined ? this.others : this.known;
    return map.obtain(key, () => this.make(key));
  }

  /** The same without keeping a suspect alive: contacts that succeed must not. */
  observe(key: string): S {
    return this.known.peek(key) ?? this.others.obtain(key, () => this.make(key));
  }

  peek(key: string): S | undefined {
    return this.known.peek(key) ?? this.others.peek(key);
  }

  /** Moves a state to the suspects; nothing happens to one that is there. */
  promote(key: string): void {
    const state = this.others.peek(key);
    if (state === undefined) return;
    this.others.delete(key);
    this.known.obtain(key, () => state);
  }

  expire(isOld: (state: S) => boolean): void {
    this.known.expire(isOld);
    this.others.expire(isOld);
  }
}
