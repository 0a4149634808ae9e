/**
 * State per source in two bounded maps: sources with one failed contact wait in the first, and move to the second with
 * another. A flood from invented sources, each of which comes once, then only pushes out its own kind.
 */
import { BoundedMap } from './bounded-map.ts';
import type { SourceMarks } from './source-marks.ts';

export class Suspects<S> {
  private readonly known: BoundedMap<S>;
  private readonly others: BoundedMap<S>;
  private readonly make: (key: string) => S;
  private readonly marks: SourceMarks | null;

  /** `most` entries in each map. `marks`: where sources are marked for as long as they are in one. */
  constructor(most: number, make: (key: string) => S, marks: SourceMarks | null = null) {
    const unmark = (_: S, key: string) => marks?.remove(key);
    this.known = new BoundedMap(most, unmark);
    this.others = new BoundedMap(most, unmark);
    this.marks = marks;
    this.make = make;
  }

  get size(): number {
    return this.known.size + this.others.size;
  }

  /** The state, made when it is not there, and marked as used. */
  obtain(key: string): S {
    const map = this.known.peek(key) === undefined ? this.others : this.known;
    return map.obtain(key, () => this.begin(key));
  }

  /** The same without keeping a suspect alive: contacts that succeed must not. */
  observe(key: string): S {
    return this.known.peek(key) ?? this.others.obtain(key, () => this.begin(key));
  }

  peek(key: string): S | undefined {
    return this.known.peek(key) ?? this.others.peek(key);
  }

  /** Moves a state to the suspects; nothing happens to one that is there. */
  promote(key: string): void {
    const state = this.others.peek(key);
    if (state === undefined) return;
    this.others.delete(key);
    this.marks?.add(key);
    this.known.obtain(key, () => state);
  }

  expire(isOld: (state: S) => boolean): void {
    this.known.expire(isOld);
    this.others.expire(isOld);
  }

  private begin(key: string): S {
    this.marks?.add(key);
    return this.make(key);
  }
}
