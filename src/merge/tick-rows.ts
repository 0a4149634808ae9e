/**
 * Puts the rows that the shards delivered for one tick into their one order: end time, then flow id, and for one flow
 * interim records before the final one. The order does not depend on how flows fell on shards.
 */
import { F_FIRST_ORDINAL, F_INTERIM_SEQ, F_LAST_SEEN, F_RECORD_KIND, F_ROLE, OUTBOX_ENTRY_BYTES, RowRole } from '../flow/row.ts';

/** Hex id of the row at `offset`; called only to break ties of the end time. */
export type FlowIdOf = (bytes: Uint8Array, offset: number) => string;

interface Key {
  end: number;
  ordinal: number;
  outer: boolean;
  interim: boolean;
  seq: number;
  chunk: Uint8Array;
  offset: number;
}

function keysOf(chunk: Uint8Array, keys: Key[]): void {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  for (let offset = 0; offset + OUTBOX_ENTRY_BYTES <= chunk.byteLength; offset += OUTBOX_ENTRY_BYTES) {
    keys.push({
      end: view.getFloat64(offset + F_LAST_SEEN, true),
      ordinal: view.getFloat64(offset + F_FIRST_ORDINAL, true),
      outer: (chunk[offset + F_ROLE] & RowRole.OUTER) !== 0,
      interim: chunk[offset + F_RECORD_KIND] === 1,
      seq: view.getUint32(offset + F_INTERIM_SEQ, true),
      chunk,
      offset,
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
      if (a.interim !== b.interim) return a.interim ? -1 : 1;
      if (a.interim && a.seq !== b.seq) return a.seq - b.seq;
    }
    const first = flowId(a.chunk, a.offset);
    const second = flowId(b.chunk, b.offset);
    return first < second ? -1 : first > second ? 1 : a.ordinal - b.ordinal;
  });
  const out = new Uint8Array(keys.length * OUTBOX_ENTRY_BYTES);
  keys.forEach((key, index) => {
    out.set(key.chunk.subarray(key.offset, key.offset + OUTBOX_ENTRY_BYTES), index * OUTBOX_ENTRY_BYTES);
  });
  return out;
}
