/**
 * Outbox entries: a row, what its previous record reported, and a note of any length in as many further entries as it
 * takes. The note is what the application layer says of the flow, as the UTF-8 text of a JSON object.
 *
 *   | row | previous | note length |   note … padding |   next row …
 *   0     464        496           512                512 × n
 */
import { E_NOTE_BYTES, F_RECORD_KIND, OUTBOX_ENTRY_BYTES, RecordForm } from './row.ts';

/** A note that is longer is left out, and counted. */
export const NOTE_LIMIT = 16_384;

/** Length of the note of the entry at `offset`; 0 = none. */
export function noteLength(bytes: Uint8Array, offset: number): number {
  return bytes[offset + E_NOTE_BYTES] | (bytes[offset + E_NOTE_BYTES + 1] << 8);
}

/** Whole entries that a row with a note of this length takes. */
export function entriesFor(noteBytes: number): number {
  return 1 + Math.ceil(noteBytes / OUTBOX_ENTRY_BYTES);
}

/** Bytes of an entry with the longest note. */
export const LARGEST_ENTRY = entriesFor(NOTE_LIMIT) * OUTBOX_ENTRY_BYTES;

/** Bytes from the entry at `offset` to the next row. */
export function entryLength(bytes: Uint8Array, offset: number): number {
  return entriesFor(noteLength(bytes, offset)) * OUTBOX_ENTRY_BYTES;
}

/** The note's bytes, a view; empty when there is none or it is cut off. */
export function noteBytes(bytes: Uint8Array, offset: number): Uint8Array {
  const start = offset + OUTBOX_ENTRY_BYTES;
  const end = start + noteLength(bytes, offset);
  return end <= bytes.length ? bytes.subarray(start, end) : bytes.subarray(0, 0);
}

/** Offsets of the rows in a buffer of whole entries. */
export function* rowOffsets(bytes: Uint8Array): Generator<number> {
  for (let at = 0; at + OUTBOX_ENTRY_BYTES <= bytes.length; at += entryLength(bytes, at)) yield at;
}

/** Flow records, and the records of transactions and events beside them, each in their order. Views where it can. */
export function splitSides(entries: Uint8Array): { records: Uint8Array; sides: Uint8Array } {
  let sideBytes = 0;
  for (const at of rowOffsets(entries)) if (isSide(entries, at)) sideBytes += entryLength(entries, at);
  if (sideBytes === 0) return { records: entries, sides: entries.subarray(0, 0) };
  const records = new Uint8Array(entries.length - sideBytes);
  const sides = new Uint8Array(sideBytes);
  let record = 0;
  let side = 0;
  for (const at of rowOffsets(entries)) {
    const entry = entries.subarray(at, at + entryLength(entries, at));
    if (isSide(entries, at)) {
      sides.set(entry, side);
      side += entry.length;
    } else {
      records.set(entry, record);
      record += entry.length;
    }
  }
  return { records, sides };
}

function isSide(entries: Uint8Array, at: number): boolean {
  return entries[at + F_RECORD_KIND] > RecordForm.INTERIM;
}

/** Offset behind the last whole entry that begins before `start + limit`, at least one; `rows` counts them. */
export function batchEnd(bytes: Uint8Array, start: number, limit: number): { end: number; rows: number } {
  let end = start;
  let rows = 0;
  while (end < bytes.length && rows < limit) {
    end += entryLength(bytes, end);
    rows++;
  }
  return { end: Math.min(end, bytes.length), rows };
}
