/** The entries of a tick's batches behind each other, and in which order they are told. */
import type { AddressCache } from './address-cache.ts';
import { type DetectBatch, EntryKind, MOMENT_BYTES } from './batch.ts';
import type { EntryReader, TextParts } from './entry-reader.ts';
import type { Scratch } from './scratch.ts';

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
export function opensOf(moments: EntryReader, scratch: Scratch): Uint32Array {
  const opens = scratch.places('opens', moments.count);
  return opens.subarray(0, writeOpens(moments, opens));
}

// Loops stand alone, as in merge-batches.ts.
function writeOpens(moments: EntryReader, opens: Uint32Array): number {
  let count = 0;
  for (let entry = 0; entry < moments.count; entry++) if (moments.kind(moments.offset(entry)) === EntryKind.OPEN) opens[count++] = entry;
  return count;
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

/** Some of the entries in the order in which they are told: by time and, where that is the same, by number in the capture. */
export interface OrderedEntries {
  readonly entries: Uint32Array;
  /** By place in `entries`, and Infinity behind the last. */
  readonly times: Float64Array;
  readonly ordinals: Float64Array;
}

/** `entries` in order; time and number stand at these places. */
export function inOrder(
  reader: EntryReader,
  entries: Uint32Array,
  timePlace: number,
  ordinalPlace: number,
  scratch: Scratch,
): OrderedEntries {
  const times = numbersAt(reader, entries, timePlace, scratch);
  const ordinals = numbersAt(reader, entries, ordinalPlace, scratch);
  if (areAscending(times, ordinals)) return { entries, times, ordinals };
  // Several shards, or several capture threads, whose packets of one moment are told as they came.
  const places = Uint32Array.from(entries, (_, place) => place);
  places.sort((a, b) => times[a] - times[b] || ordinals[a] - ordinals[b] || entries[a] - entries[b]);
  const sorted = places.map((place) => entries[place]);
  const ofSorted = (place: number) => numbersAt(reader, sorted, place, scratch);
  return { entries: sorted, times: ofSorted(timePlace), ordinals: ofSorted(ordinalPlace) };
}

/** Until it is asked for the numbers at the same place again. */
function numbersAt(reader: EntryReader, entries: Uint32Array, place: number, scratch: Scratch): Float64Array {
  const numbers = scratch.numbers(`at ${place}`, entries.length + 1);
  reader.readNumbers(entries, place, numbers);
  return numbers;
}

function areAscending(times: Float64Array, ordinals: Float64Array): boolean {
  for (let i = 1; i < times.length; i++) {
    if (times[i - 1] > times[i] || (times[i - 1] === times[i] && ordinals[i - 1] > ordinals[i])) return false;
  }
  return true;
}
