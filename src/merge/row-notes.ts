/** Adds to the notes of rows what is only known where ticks are merged. */
import { entriesFor, entryLength, NOTE_LIMIT, noteBytes, rowOffsets } from '../flow/entry.ts';
import { E_NOTE_BYTES, OUTBOX_ENTRY_BYTES } from '../flow/row.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The entries with what `additionOf` says of each (null = nothing); the same array when that is nothing for all. */
export function addToNotes(entries: Uint8Array, additionOf: (offset: number) => object | null): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const offset of rowOffsets(entries)) {
    const addition = additionOf(offset);
    if (addition === null) continue;
    const end = offset + entryLength(entries, offset);
    pieces.push(entries.subarray(from, offset), withNote(entries, offset, addition));
    from = end;
  }
  if (pieces.length === 0) return entries;
  pieces.push(entries.subarray(from));
  return concatenated(pieces);
}

/** A note as text, with what `addition` says; the note as it is when there is no room for it. */
export function longerNote(note: string, addition: object): string {
  const text = JSON.stringify({ ...(note === '' ? {} : JSON.parse(note)), ...addition });
  return encoder.encode(text).length > NOTE_LIMIT ? note : text;
}

/** A copy of the entry whose note also says `addition`; the entry as it is when there is no room for it. */
function withNote(entries: Uint8Array, offset: number, addition: object): Uint8Array {
  const text = encoder.encode(longerNote(decoder.decode(noteBytes(entries, offset)), addition));
  const out = new Uint8Array(entriesFor(text.length) * OUTBOX_ENTRY_BYTES);
  out.set(entries.subarray(offset, offset + OUTBOX_ENTRY_BYTES));
  new DataView(out.buffer).setUint32(E_NOTE_BYTES, text.length, true);
  out.set(text, OUTBOX_ENTRY_BYTES);
  return out;
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
