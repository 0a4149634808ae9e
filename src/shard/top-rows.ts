/** The N flows of most bytes, with a copy of their rows: bounded, and independent of the order of offers. */

import { F_FIRST_ORDINAL, F_ROLE, HOT_BYTES, ROW_BYTES, RowRole } from '../flow/row.ts';
import type { FlowStore } from '../flow/store.ts';
import type { TopFlow } from './protocol.ts';

interface Entry {
  bytes: number;
  packets: number;
  ordinal: number;
  row: Int32Array;
  slot: number;
  /** null: the flow lives, and is asked when the list is taken. */
  note: string | null;
}

export class TopRows {
  private readonly limit: number;
  private readonly noteOf: (slot: number) => string;
  /** Most bytes first; ties by the flow's first ordinal. */
  private readonly entries: Entry[] = [];

  /** `noteOf` is asked for notes: of a live flow, that may mean to read all of it again. */
  constructor(limit: number, noteOf: (slot: number) => string) {
    this.limit = limit;
    this.noteOf = noteOf;
  }

  /**
   * Takes a copy of the row if it belongs into the list. Outer flows of tunnels never do. The note of a flow that `isEnding` is
   * asked for at once, because the row may be another flow's when the list is taken; live flows are offered right before that.
   */
  offer(store: FlowStore, slot: number, bytes: number, packets: number, isEnding: boolean): void {
    const { entries, limit } = this;
    const last = entries[entries.length - 1];
    if (entries.length === limit && (last === undefined || bytes < last.bytes)) return;
    if (packets === 0 || (store.hotB[slot * HOT_BYTES + F_ROLE] & RowRole.OUTER) !== 0) return;
    const ordinal = store.coldF[(slot * store.coldBytes - HOT_BYTES + F_FIRST_ORDINAL) >> 3];
    let at = entries.length;
    while (at > 0 && isBefore(bytes, ordinal, entries[at - 1])) at--;
    if (at >= limit) return;
    const row = entries.length === limit ? entries.pop()!.row : new Int32Array(ROW_BYTES >> 2);
    store.copyRow(slot, row, 0);
    entries.splice(at, 0, { bytes, packets, ordinal, row, slot, note: isEnding ? this.noteOf(slot) : null });
  }

  /** The list, most bytes first; empties it. */
  take(): TopFlow[] {
    return this.entries.splice(0).map(({ bytes, packets, row, slot, note }) => ({
      row: new Uint8Array(row.buffer),
      note: note ?? this.noteOf(slot),
      deltaBytes: bytes,
      deltaPackets: packets,
    }));
  }
}

function isBefore(bytes: number, ordinal: number, other: Entry): boolean {
  return bytes > other.bytes || (bytes === other.bytes && ordinal < other.ordinal);
}
