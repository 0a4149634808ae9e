/**
 * Puts the rows that the shards delivered for one tick into their one order: end time, then flow id, and for one flow
 * interim records before the final one. The order does not depend on how flows fell on shards.
 */
import { entryLength } from '../flow/entry.ts';
import {
  E_SIDE_SEQ,
  F_FIRST_ORDINAL,
  F_INTERIM_SEQ,
  F_LAST_SEEN,
  F_RECORD_KIND,
  F_ROLE,
  OUTBOX_ENTRY_BYTES,
  RecordForm,
  RowRole,
} from '../flow/row.ts';

/** Hex id of the row at `offset`; called only to break ties of the end time. */
export type FlowIdOf = (bytes: Uint8Array, offset: number) => string;

/** Of one flow and one time: transactions, then events, then interim records, then the final one. */
const FORM_ORDER = [3, 2, 0, 1];

interface Key {
  end: number;
  ordinal: number;
  outer: boolean;
  form: number;
  seq: number;
  chunk: Uint8Array;
  offset: number;
  length: number;
}

function keysOf(chunk: Uint8Array, keys: Key[]): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let offset = 0, length = 0; offset + OUTBOX_ENTRY_BYTES <= chunk.byteLength; offset += length) {
    length = entryLength(chunk, offset);
    keys.push({
      end: view.getFloat64(offset + F_LAST_SEEN, true),
      ordinal: view.getFloat64(offset + F_FIRST_ORDINAL, true),
      outer: (chunk[offset + F_ROLE] & RowRole.OUTER) !== 0,
      form: chunk[offset + F_RECORD_KIND],
      // Interim and final records of one flow are numbered by the flow; side records by the shard.
      seq:
        chunk[offset + F_RECORD_KIND] > RecordForm.INTERIM
          ? view.getUint32(offset + E_SIDE_SEQ, true)
          : view.getUint32(offset + F_INTERIM_SEQ, true),
      chunk,
      offset,
      length,
    });
  }
}

/** Concatenates the entries of `chunks` (each a whole number of outbox entries) in order. */
export function orderRows(chunks: Uint8Array[], flowId: FlowIdOf): Uint8Array {
  const keys: Key[] = [];
  for (const chunk of chunks) keysOf(chunk, keys);
  keys.sort((a, b) => {
    if (a.end !== b.end) return a.end - b.end;
    if (a.ordinal === b.ordinal && a.outer === b.outer) {
      if (a.form !== b.form) return FORM_ORDER[a.form] - FORM_ORDER[b.form];
      if (a.seq !== b.seq) return a.seq - b.seq;
    }
    const first = flowId(a.chunk, a.offset);
    const second = flowId(b.chunk, b.offset);
    return first < second ? -1 : first > second ? 1 : a.ordinal - b.ordinal;
  });
  const out = new Uint8Array(keys.reduce((sum, key) => sum + key.length, 0));
  let at = 0;
  for (const { chunk, offset, length } of keys) {
    out.set(chunk.subarray(offset, offset + length), at);
    at += length;
  }
  return out;
}
