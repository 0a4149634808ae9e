/**
 * One doubly linked list of flows per timeout class, the least recently moved flow first. A flow moves to the end at
 * most once per epoch (a tick, or a fixed number of opened flows), so a list is ordered by epoch, not by packet.
 */
import { F_LIST, F_LIST_NEXT, F_LIST_PREV, HOT_BYTES } from './row.ts';
import type { FlowStore } from './store.ts';
import { TableWord } from './table-words.ts';

const PREV = F_LIST_PREV >> 2;
const NEXT = F_LIST_NEXT >> 2;
const LIST = F_LIST;
const WORDS = HOT_BYTES >> 2;
const BYTES = HOT_BYTES;

/** Timeout classes. The first three hold flows that only one side has spoken in. */
export const List = { NEW_TCP: 0, NEW_UDP: 1, NEW_OTHER: 2, TCP: 3, UDP: 4, OTHER: 5, LINGER: 6, COUNT: 7 } as const;
/** What to add to the class of a new flow when the other side answers. */
export const ANSWERED = 3;

export class RecencyLists {
  readonly head: Int32Array;
  readonly tail: Int32Array;
  private readonly hotI: Int32Array;
  private readonly hotB: Uint8Array;

  constructor(store: FlowStore, words: Int32Array) {
    this.head = words.subarray(TableWord.LIST_HEADS, TableWord.LIST_HEADS + List.COUNT);
    this.tail = words.subarray(TableWord.LIST_TAILS, TableWord.LIST_TAILS + List.COUNT);
    this.hotI = store.hotI;
    this.hotB = store.hotB;
  }

  append(slot: number, list: number): void {
    const { hotI } = this;
    const last = this.tail[list];
    hotI[slot * WORDS + PREV] = last;
    hotI[slot * WORDS + NEXT] = -1;
    if (last >= 0) hotI[last * WORDS + NEXT] = slot;
    else this.head[list] = slot;
    this.tail[list] = slot;
    this.hotB[slot * BYTES + LIST] = list;
  }

  remove(slot: number): void {
    const { hotI } = this;
    const list = this.hotB[slot * BYTES + LIST];
    const prev = hotI[slot * WORDS + PREV];
    const next = hotI[slot * WORDS + NEXT];
    if (prev >= 0) hotI[prev * WORDS + NEXT] = next;
    else this.head[list] = next;
    if (next >= 0) hotI[next * WORDS + PREV] = prev;
    else this.tail[list] = prev;
  }

  next(slot: number): number {
    return this.hotI[slot * WORDS + NEXT];
  }

  previous(slot: number): number {
    return this.hotI[slot * WORDS + PREV];
  }
}
