/**
 * Which processes have the ends of a flow: learned when it begins, kept until its final record, put into its notes. Rows and
 * answers come from different threads, so what comes for a flow that has ended is forgotten with the oldest.
 */
import type { ProcessFields } from '../flow/record.ts';
import { F_FIRST_ORDINAL, F_HASH_HI, F_HASH_LO, F_RECORD_KIND, F_ROLE, RecordForm, RowRole } from '../flow/row.ts';
import { type RowView, rowView } from '../flow/row-view.ts';
import { flowKey } from '../process/flow-key.ts';
import type { ProcessAnswer } from '../process/resolver.ts';
import { forgetOldest } from './forget-oldest.ts';
import { addToNotes, longerNote } from './row-notes.ts';

/** Flows whose processes are remembered; beyond it the one that was learned first is forgotten. */
export const MOST_NAMED = 131_072;

function keyOf({ bytes, view }: RowView, offset: number): string {
  const ordinal = view.getFloat64(offset + F_FIRST_ORDINAL, true);
  const outer = (bytes[offset + F_ROLE] & RowRole.OUTER) !== 0;
  return flowKey(view.getUint32(offset + F_HASH_LO, true), view.getUint32(offset + F_HASH_HI, true), ordinal, outer);
}

export class ProcessNames {
  readonly #known = new Map<string, ProcessFields>();

  learn(answers: readonly ProcessAnswer[]): void {
    for (const { key, a, b } of answers) {
      this.#known.set(key, { process_a: a, process_b: b });
      forgetOldest(this.#known, MOST_NAMED);
    }
  }

  /** The entries with their processes in their notes; the same array when none is known. A final record is a flow's last. */
  annotate(entries: Uint8Array): Uint8Array {
    if (this.#known.size === 0) return entries;
    const row = rowView(entries);
    return addToNotes(entries, (offset) => {
      const form = entries[offset + F_RECORD_KIND];
      if (form !== RecordForm.FINAL && form !== RecordForm.INTERIM) return null;
      const key = keyOf(row, offset);
      const found = this.#known.get(key) ?? null;
      if (form === RecordForm.FINAL) this.#known.delete(key);
      return found;
    });
  }

  /** The note of a live flow's row, with its processes. */
  noteOf(row: Uint8Array, note: string): string {
    const found = this.#known.get(keyOf(rowView(row), 0));
    return found === undefined ? note : longerNote(note, found);
  }
}
