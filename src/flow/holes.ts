/**
 * Sequence numbers that a TCP side has jumped over and not sent since, and the SACK blocks of its last segment: the
 * memory of the exceptional path. Nodes come from a bounded pool; a flow holds one only while it has something in it.
 *
 *   node: │ holes A, holes B │ sack A, sack B │ 8 × (left, right) A │ … B │ 4 × (left, right) sack A │ … B │
 *
 * A side with more than HOLES open holes forgets one; a full pool gives no node. What is not remembered counts as seen,
 * and the caller is told so: the flow's history then says that its analysis is partial.
 */

/** Holes per side. Losses come in bursts of neighbours, which are one hole; eight bursts in flight are rare. */
export const HOLES = 8;
const SACKS = 4;
const HOLE_COUNT = 0;
const SACK_COUNT = 2;
const HOLE_AT = 4;
const SACK_AT = HOLE_AT + 2 * HOLES * 2;
const WORDS = SACK_AT + 2 * SACKS * 2;

export class HolePool {
  /** Nodes given out, and asked for in vain. */
  given = 0;
  exhausted = 0;
  private readonly words: Int32Array;
  private readonly capacity: number;
  private free = 0;
  private fresh = 1;

  /** `capacity` nodes of 208 bytes, reserved and touched only when used. Node numbers start at 1; 0 is none. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.words = new Int32Array((capacity + 1) * WORDS);
  }

  allocate(): number {
    let node = this.free;
    if (node !== 0) this.free = this.words[node * WORDS]!;
    else if (this.fresh <= this.capacity) node = this.fresh++;
    else {
      this.exhausted++;
      return 0;
    }
    this.given++;
    this.words.fill(0, node * WORDS, node * WORDS + HOLE_AT);
    return node;
  }

  release(node: number): void {
    this.words[node * WORDS] = this.free;
    this.free = node;
  }

  isEmpty(node: number): boolean {
    const { words } = this;
    const at = node * WORDS;
    return (words[at] | words[at + 1] | words[at + 2] | words[at + 3]) === 0;
  }

  holes(node: number, side: number): number {
    return this.words[node * WORDS + HOLE_COUNT + side];
  }

  sacks(node: number, side: number): number {
    return this.words[node * WORDS + SACK_COUNT + side];
  }

  /**
   * Remembers that [left, right) was jumped over. Holes are kept in the order of the sequence numbers. False = the side's
   * oldest hole had to be forgotten for it.
   */
  addHole(node: number, side: number, left: number, right: number): boolean {
    const { words } = this;
    const counter = node * WORDS + HOLE_COUNT + side;
    const first = holeAt(node, side);
    let count = words[counter];
    const isFull = count === HOLES;
    if (isFull) {
      words.copyWithin(first, first + 2, first + 2 * count);
      count--;
    }
    words[first + 2 * count] = left;
    words[first + 2 * count + 1] = right;
    words[counter] = count + 1;
    return !isFull;
  }

  /** [left, right) has been sent after all. False = it split a hole whose right part had to be forgotten. */
  fill(node: number, side: number, left: number, right: number): boolean {
    const { words } = this;
    const first = holeAt(node, side);
    let keptAll = true;
    for (let i = words[node * WORDS + HOLE_COUNT + side] - 1; i >= 0; i--) {
      const at = first + 2 * i;
      const holeLeft = words[at];
      const holeRight = words[at + 1];
      if (((left - holeRight) | 0) >= 0 || ((holeLeft - right) | 0) >= 0) continue;
      const keepsLeft = ((left - holeLeft) | 0) > 0;
      const keepsRight = ((holeRight - right) | 0) > 0;
      if (keepsLeft && keepsRight) {
        words[at + 1] = left;
        if (!this.insertAfter(node, side, i, right, holeRight)) keptAll = false;
      } else if (keepsLeft) words[at + 1] = left;
      else if (keepsRight) words[at] = right;
      else this.removeAt(node, side, i);
    }
    return keptAll;
  }

  /** Forgets what lies before `ack` and returns how many bytes that were: acknowledged, yet never seen. */
  acknowledge(node: number, side: number, ack: number): number {
    const { words } = this;
    const first = holeAt(node, side);
    let bytes = 0;
    for (let i = words[node * WORDS + HOLE_COUNT + side] - 1; i >= 0; i--) {
      const at = first + 2 * i;
      if (((ack - words[at]) | 0) <= 0) continue;
      if (((ack - words[at + 1]) | 0) >= 0) {
        bytes += (words[at + 1] - words[at]) >>> 0;
        this.removeAt(node, side, i);
      } else {
        bytes += (ack - words[at]) >>> 0;
        words[at] = ack;
      }
    }
    return bytes;
  }

  clearSacks(node: number, side: number): void {
    this.words[node * WORDS + SACK_COUNT + side] = 0;
  }

  addSack(node: number, side: number, left: number, right: number): void {
    const { words } = this;
    const counter = node * WORDS + SACK_COUNT + side;
    const count = words[counter];
    if (count === SACKS) return;
    const at = node * WORDS + SACK_AT + side * SACKS * 2 + 2 * count;
    words[at] = left;
    words[at + 1] = right;
    words[counter] = count + 1;
  }

  /** True when one SACK block of the side's last segment holds all of [left, right). */
  isSacked(node: number, side: number, left: number, right: number): boolean {
    const { words } = this;
    const count = words[node * WORDS + SACK_COUNT + side];
    for (let i = 0, at = node * WORDS + SACK_AT + side * SACKS * 2; i < count; i++, at += 2) {
      if (((left - words[at]) | 0) >= 0 && ((words[at + 1] - right) | 0) >= 0) return true;
    }
    return false;
  }

  private insertAfter(node: number, side: number, index: number, left: number, right: number): boolean {
    const { words } = this;
    const counter = node * WORDS + HOLE_COUNT + side;
    const count = words[counter];
    // A full side keeps the left part only: the right part is then taken as seen.
    if (count === HOLES) return false;
    const at = holeAt(node, side) + 2 * (index + 1);
    words.copyWithin(at + 2, at, holeAt(node, side) + 2 * count);
    words[at] = left;
    words[at + 1] = right;
    words[counter] = count + 1;
    return true;
  }

  private removeAt(node: number, side: number, index: number): void {
    const { words } = this;
    const counter = node * WORDS + HOLE_COUNT + side;
    const at = holeAt(node, side) + 2 * index;
    words.copyWithin(at, at + 2, holeAt(node, side) + 2 * words[counter]);
    words[counter] = words[counter] - 1;
  }
}

function holeAt(node: number, side: number): number {
  return node * WORDS + HOLE_AT + side * HOLES * 2;
}
