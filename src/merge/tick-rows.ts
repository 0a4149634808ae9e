/**
 * Puts the rows that the shards delivered for one tick into their one order: end time, then flow id, and for one flow
 * interim records before the final one. The order does not depend on how flows fell on shards.
 */
import { entryLength, LARGEST_ENTRY, rowOffsets } from '../flow/entry.ts';
import { E_SIDE_SEQ, F_FIRST_ORDINAL, F_INTERIM_SEQ, F_LAST_SEEN, F_RECORD_KIND, F_ROLE, RecordForm, RowRole } from '../flow/row.ts';
import { rowView } from '../flow/row-view.ts';

/** Hex id of the row at `offset`; called only to break ties of the end time. */
export type FlowIdOf = (bytes: Uint8Array, offset: number) => string;

/** Of one flow and one time: transactions, then events, then interim records, then the final one. */
const FORM_ORDER = [3, 2, 0, 1];

/** An array of one entry per key, as the parts of the keys are read again and again. */
interface Keys {
  end: Float64Array;
  chunk: Uint32Array;
  offset: Uint32Array;
}

function countEntries(chunks: readonly Uint8Array[]): number {
  let count = 0;
  for (const chunk of chunks) for (const _ of rowOffsets(chunk)) count++;
  return count;
}

function keysOf(chunks: readonly Uint8Array[]): Keys {
  const count = countEntries(chunks);
  const keys = { end: new Float64Array(count), chunk: new Uint32Array(count), offset: new Uint32Array(count) };
  let key = 0;
  for (const [index, chunk] of chunks.entries()) {
    const { view } = rowView(chunk);
    for (const offset of rowOffsets(chunk)) {
      keys.end[key] = view.getFloat64(offset + F_LAST_SEEN, true);
      keys.chunk[key] = index;
      keys.offset[key++] = offset;
    }
  }
  return keys;
}

/** What decides between entries of one end time. */
function tieOf(chunk: Uint8Array, offset: number) {
  const { view } = rowView(chunk);
  const form = chunk[offset + F_RECORD_KIND];
  return {
    ordinal: view.getFloat64(offset + F_FIRST_ORDINAL, true),
    outer: (chunk[offset + F_ROLE] & RowRole.OUTER) !== 0,
    form,
    // Interim and final records of one flow are numbered by the flow; side records by the shard.
    seq: view.getUint32(offset + (form > RecordForm.INTERIM ? E_SIDE_SEQ : F_INTERIM_SEQ), true),
  };
}

/** Places of the keys in their order. */
function orderOf(chunks: readonly Uint8Array[], { end, chunk, offset }: Keys, flowId: FlowIdOf): Uint32Array {
  const compare = (a: number, b: number): number => {
    if (end[a] !== end[b]) return end[a] - end[b];
    const [first, second] = [tieOf(chunks[chunk[a]], offset[a]), tieOf(chunks[chunk[b]], offset[b])];
    if (first.ordinal === second.ordinal && first.outer === second.outer) {
      if (first.form !== second.form) return FORM_ORDER[first.form] - FORM_ORDER[second.form];
      if (first.seq !== second.seq) return first.seq - second.seq;
    }
    const [one, other] = [flowId(chunks[chunk[a]], offset[a]), flowId(chunks[chunk[b]], offset[b])];
    return one < other ? -1 : one > other ? 1 : first.ordinal - second.ordinal;
  };
  return Uint32Array.from(end, (_, place) => place).sort(compare);
}

/**
 * The entries of `chunks` (each a whole number of outbox entries) in order, in pieces of about `pieceBytes`. Each is made
 * when it is asked for, in memory that the next one overwrites: a tick in which many flows end is not held a second time.
 */
export function* orderedPieces(chunks: readonly Uint8Array[], flowId: FlowIdOf, pieceBytes: number): Generator<Uint8Array> {
  const keys = keysOf(chunks);
  const all = chunks.reduce((sum, { length }) => sum + length, 0);
  const piece = new Uint8Array(Math.min(all, pieceBytes + LARGEST_ENTRY));
  let at = 0;
  for (const place of orderOf(chunks, keys, flowId)) {
    const chunk = chunks[keys.chunk[place]];
    const offset = keys.offset[place];
    const length = entryLength(chunk, offset);
    piece.set(chunk.subarray(offset, offset + length), at);
    at += length;
    if (at < pieceBytes) continue;
    yield piece.subarray(0, at);
    at = 0;
  }
  if (at > 0) yield piece.subarray(0, at);
}
