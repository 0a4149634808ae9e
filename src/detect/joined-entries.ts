/** The entries of a tick's batches behind each other, and in which order they are told. */
import type { AddressCache } from './address-cache.ts';
import { type DetectBatch, EntryKind, MOMENT_BYTES } from './batch.ts';
import type { EntryReader, TextParts } from './entry-reader.ts';

type Entries = Uint8Array;

/** What an `EntryReader` needs; the entries of a single shard are not copied. `texts`: by shard. */
export function joined(
  parts: readonly Entries[],
  entryBytes: number,
  addresses: AddressCache,
  texts: readonly (readonly string[])[],
): [Entries, number, AddressCache, TextParts] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = parts.length === 1 ? parts[0] : new Uint8Array(length);
  const textParts: { below: number; texts: readonly string[] }[] = [];
  let filled = 0;
  for (const [index, part] of parts.entries()) {
    if (parts.length > 1) all.set(part, filled);
    filled += part.length;
    textParts.push({ below: filled / entryBytes, texts: texts[index] ?? [] });
  }
  return [all, entryBytes, addresses, textParts];
}

/** Numbers of the attempts among the moments. */
export function opensOf(moments: EntryReader): Uint32Array {
  const opens = new Uint32Array(moments.count);
  let count = 0;
  for (let entry = 0; entry < moments.count; entry++) if (moments.kind(moments.offset(entry)) === EntryKind.OPEN) opens[count++] = entry;
  return opens.subarray(0, count);
}

/** Numbers of the moments that have an answer, among the joined ones. */
export function answersOf(batches: readonly DetectBatch[]): Uint32Array {
  if (batches.length === 1) return batches[0].answers;
  const answers = new Uint32Array(batches.reduce((sum, batch) => sum + batch.answers.length, 0));
  let filled = 0;
  let base = 0;
  for (const batch of batches) {
    for (const entry of batch.answers) answers[filled++] = base + entry;
    base += batch.moments.length / MOMENT_BYTES;
  }
  return answers;
}

/** `entries` by a time and, where that is the same, by a number, which stand at these places. */
export function sorted(reader: EntryReader, entries: Uint32Array, timePlace: number, ordinalPlace: number): Uint32Array {
  for (let i = 1; i < entries.length; i++) {
    if (compare(reader, reader.offset(entries[i - 1]), reader.offset(entries[i]), timePlace, ordinalPlace) <= 0) continue;
    // Several shards, or several capture threads, whose packets of one moment are told as they came.
    return entries.sort((a, b) => compare(reader, reader.offset(a), reader.offset(b), timePlace, ordinalPlace) || a - b);
  }
  return entries;
}

function compare(reader: EntryReader, a: number, b: number, timePlace: number, ordinalPlace: number): number {
  return reader.number(a, timePlace) - reader.number(b, timePlace) || reader.number(a, ordinalPlace) - reader.number(b, ordinalPlace);
}
