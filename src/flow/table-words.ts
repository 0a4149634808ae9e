/**
 * The state of a shard's flow table beside its rows, as words of one array: the native fast path opens and moves flows over
 * the same memory.
 */
/** Room for the timeout classes of `recency.ts`. */
const LISTS = 8;

export const TableWord = {
  /** A flow moves to the end of its list once per epoch: a tick, or a number of opened flows. */
  EPOCH: 0,
  /** The epoch with which this tick began: a flow with a lower MOVE_EPOCH has not been touched in it. */
  TICK_EPOCH: 1,
  OPENED_IN_EPOCH: 2,
  OPENED_IN_TICK: 3,
  OPENS_PER_EPOCH: 4,
  /** First row of those that were given back, chained by F_LIST_NEXT; -1 = none. */
  FREE_ROW: 5,
  /** Rows that have ever been used; those behind are untouched. */
  FRESH_ROWS: 6,
  /** Flows that this shard may open before it has to ask the others. */
  CREDITS: 7,
  /** Pairs in the index, and the longest probe that put one there. */
  INDEX_TAKEN: 8,
  PROBE_MAX: 9,
  /** First and last flow in the order of due interim records; -1 = none. */
  DUE_HEAD: 10,
  DUE_TAIL: 11,
  /** 1 in an emergency of `pressure.ts`. */
  EMERGENCY: 12,
  /** First and last flow of each timeout class. */
  LIST_HEADS: 16,
  LIST_TAILS: 16 + LISTS,
  COUNT: 16 + 2 * LISTS,
} as const;

/** Words of an empty table. */
export function createTableWords(): Int32Array<ArrayBuffer> {
  const words = new Int32Array(TableWord.COUNT);
  words[TableWord.EPOCH] = words[TableWord.TICK_EPOCH] = 1;
  words[TableWord.FREE_ROW] = words[TableWord.DUE_HEAD] = words[TableWord.DUE_TAIL] = -1;
  words.fill(-1, TableWord.LIST_HEADS);
  return words;
}
