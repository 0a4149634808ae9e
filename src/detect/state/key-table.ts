/**
 * A map with a limit over keys of whole words, in typed memory: no object and no string per key. The caller writes a key
 * into `key` and asks; values are its own, in arrays that have a place per row. When the table is full, the row that was
 * not used for the longest time makes room: what `BoundedMap` is for strings and objects.
 */
import type { NativeTable } from '../../native/row-fronts.ts';

const FIRST_ROWS = 256;
/** No row, and the end of a chain. */
export const NO_ROW = -1;
/** Behind a row's key: the next row of its bucket, its neighbours in the order of use, and its key's hash. */
const LINKS = 4;
const HASH = 3;

/** Numbers of the state, in the order of `KeyTableState` in `native/detect/key_table.h`. */
const State = {
  SIZE: 0,
  /** Rows that were ever in use. */
  USED: 1,
  /** The first of the rows that are free again. */
  FREE: 2,
  OLDEST: 3,
  LATEST: 4,
} as const;

export class KeyTable {
  /** The key that the next call is about. */
  readonly key: Int32Array;
  /** Whether the last `obtain` made the row. */
  isFresh = false;
  /** Places that the caller's arrays need; grows as the table fills. */
  room: number;
  readonly most: number;
  private readonly words: number;
  private readonly stride: number;
  private readonly onDrop: ((row: number) => void) | null;
  private rows: Int32Array;
  /** Row + 1 per bucket. */
  private heads: Int32Array;
  private readonly state = Int32Array.of(0, 0, NO_ROW, NO_ROW, NO_ROW);
  private readonly secrets: Int32Array;

  /**
   * Keys of `words` words. `onDrop` hears of every row that goes, before it may be used again. `isShared`: somebody else works
   * on the memory too, so that there is room for all rows from the beginning.
   */
  constructor(words: number, most: number, onDrop: ((row: number) => void) | null = null, isShared = false) {
    this.words = words;
    this.stride = words + LINKS;
    this.most = most;
    this.onDrop = onDrop;
    this.key = new Int32Array(words);
    this.room = isShared ? most : Math.min(most, FIRST_ROWS);
    this.rows = new Int32Array(this.room * this.stride);
    this.heads = new Int32Array(bucketsFor(this.room));
    // Addresses are chosen by strangers: chains stay short because they do not know these.
    this.secrets = crypto.getRandomValues(new Int32Array(words));
  }

  get size(): number {
    return this.state[State.SIZE];
  }

  /** What the table consists of, for whoever shares it; only where it is shared the arrays stay the same. */
  get memory(): NativeTable {
    const { rows, heads, state, secrets, most } = this;
    return { rows, heads, state, secrets, most };
  }

  /** From the longest unused row on; NO_ROW when there is none. */
  get oldest(): number {
    return this.state[State.OLDEST];
  }

  /** The row that was used next after this one. */
  after(row: number): number {
    return this.rows[row * this.stride + this.words + 2];
  }

  /** The row of the key without marking it as used, or NO_ROW. */
  peek(): number {
    const { rows, words, stride } = this;
    const hash = this.hash();
    for (let row = this.heads[hash & (this.heads.length - 1)] - 1; row >= 0; row = rows[row * stride + words]) {
      if (rows[row * stride + words + HASH] === hash && this.isKeyOf(row)) return row;
    }
    return NO_ROW;
  }

  /**
   * The row of the key, marked as used; made when it is not there. One function and not several, because everything here
   * is called for every flow from many places, and the compiler would copy it into each.
   */
  obtain(): number {
    const { key, words, stride, secrets, heads, state } = this;
    let { rows } = this;
    let sum = 0;
    for (let word = 0; word < words; word++) {
      const value = key[word];
      const secret = secrets[word];
      sum = (sum + Math.imul((value + secret) & 0xffff, ((value >>> 16) + (secret >>> 16)) & 0xffff)) | 0;
    }
    sum = Math.imul(sum ^ (sum >>> 16), 0x9e37_79b1);
    const hash = sum ^ (sum >>> 15);
    let row = heads[hash & (heads.length - 1)] - 1;
    while (row >= 0) {
      const at = row * stride;
      let word = rows[at + words + HASH] === hash ? 0 : words + 1;
      while (word < words && rows[at + word] === key[word]) word++;
      if (word === words) break;
      row = rows[at + words];
    }
    this.isFresh = row < 0;
    if (row >= 0) {
      if (row === state[State.LATEST]) return row;
      const at = row * stride + words;
      const before = rows[at + 1];
      const after = rows[at + 2];
      if (before === NO_ROW) state[State.OLDEST] = after;
      else rows[before * stride + words + 2] = after;
      rows[after * stride + words + 1] = before;
    } else {
      row = this.insert(hash);
      rows = this.rows;
    }
    const at = row * stride + words;
    const latest = state[State.LATEST];
    rows[at + 1] = latest;
    rows[at + 2] = NO_ROW;
    if (latest === NO_ROW) state[State.OLDEST] = row;
    else rows[latest * stride + words + 2] = row;
    state[State.LATEST] = row;
    return row;
  }

  drop(row: number): void {
    this.onDrop?.(row);
    const { rows, heads, words, stride, state } = this;
    const at = row * stride + words;
    const bucket = rows[at + HASH] & (heads.length - 1);
    let before = NO_ROW;
    for (let other = heads[bucket] - 1; other !== row; other = rows[other * stride + words]) before = other;
    if (before === NO_ROW) heads[bucket] = rows[at] + 1;
    else rows[before * stride + words] = rows[at];
    const earlier = rows[at + 1];
    const later = rows[at + 2];
    if (earlier === NO_ROW) state[State.OLDEST] = later;
    else rows[earlier * stride + words + 2] = later;
    if (later === NO_ROW) state[State.LATEST] = earlier;
    else rows[later * stride + words + 1] = earlier;
    rows[at] = state[State.FREE];
    state[State.FREE] = row;
    state[State.SIZE]--;
  }

  clear(): void {
    while (this.oldest !== NO_ROW) this.drop(this.oldest);
  }

  /** A word of a row's key. */
  wordOf(row: number, word: number): number {
    return this.rows[row * this.stride + word];
  }

  /** A row with the key in its bucket; not yet in the order of use. */
  private insert(hash: number): number {
    const { key, words, stride, state } = this;
    if (state[State.SIZE] >= this.most) this.drop(state[State.OLDEST]);
    if (state[State.FREE] === NO_ROW && state[State.USED] === this.room) this.grow();
    const { rows } = this;
    let row = state[State.FREE];
    if (row === NO_ROW) row = state[State.USED]++;
    else state[State.FREE] = rows[row * stride + words];
    const at = row * stride;
    for (let word = 0; word < words; word++) rows[at + word] = key[word];
    rows[at + words + HASH] = hash;
    this.link(row);
    state[State.SIZE]++;
    return row;
  }

  private isKeyOf(row: number): boolean {
    const { rows, key, words, stride } = this;
    for (let word = 0; word < words; word++) if (rows[row * stride + word] !== key[word]) return false;
    return true;
  }

  private link(row: number): void {
    const { rows, heads, words, stride } = this;
    const at = row * stride + words;
    const bucket = rows[at + HASH] & (heads.length - 1);
    rows[at] = heads[bucket] - 1;
    heads[bucket] = row + 1;
  }

  /** NH over 16-bit halves (Black et al. 1999, UMAC) of the key: two meet in a bucket by chance only. As in `obtain`. */
  private hash(): number {
    const { key, secrets, words } = this;
    let sum = 0;
    for (let word = 0; word < words; word++) {
      const value = key[word];
      const secret = secrets[word];
      sum = (sum + Math.imul((value + secret) & 0xffff, ((value >>> 16) + (secret >>> 16)) & 0xffff)) | 0;
    }
    sum = Math.imul(sum ^ (sum >>> 16), 0x9e37_79b1);
    return sum ^ (sum >>> 15);
  }

  private grow(): void {
    this.room = Math.min(this.most, this.room * 2);
    this.rows = widened(this.rows, this.room * this.stride);
    this.heads = new Int32Array(bucketsFor(this.room));
    // Nothing is free: all rows are in use.
    for (let row = 0; row < this.state[State.USED]; row++) this.link(row);
  }
}

/** A power of two, at least four times as many as rows: most keys that are not there are told by an empty bucket. */
function bucketsFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(4 * rows));
}

/** The same array, or a longer one with the same content, that has `length` places. */
export function widened<A extends Float64Array | Int32Array | Uint8Array>(array: A, length: number): A {
  if (array.length >= length) return array;
  const wider = new (array.constructor as new (length: number) => A)(length);
  wider.set(array);
  return wider;
}
