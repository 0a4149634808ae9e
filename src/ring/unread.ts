/** Walks what a ring holds that no consumer has read; for the ledger, after both sides have ended. */
import {
  R_KIND,
  R_LENGTH,
  R_WIRE_LEN,
  RECORD_BYTES,
  RecordKind,
  RING_AT_CAPACITY,
  RING_AT_READ_POS,
  RING_AT_WRITE_POS,
  RING_HEADER_BYTES,
} from './layout.ts';

export const ANNOTATION_KINDS: ReadonlySet<number> = new Set([RecordKind.OUTER, RecordKind.ICMP_INNER, RecordKind.ARP]);
const COUNTED_KINDS: ReadonlySet<number> = new Set([RecordKind.PACKET, ...ANNOTATION_KINDS]);

/** Kind and wire length of each unread packet and annotation record. Stops at a record that cannot be one. */
export function* countUnread(ring: Uint8Array): Generator<{ kind: number; wireLen: number }> {
  const words = new Uint32Array(ring.buffer, ring.byteOffset, ring.byteLength >>> 2);
  const mask = words[RING_AT_CAPACITY >>> 2] - 1;
  const end = Atomics.load(words, RING_AT_WRITE_POS >>> 2);
  let position = Atomics.load(words, RING_AT_READ_POS >>> 2);
  while (position !== end) {
    const at = RING_HEADER_BYTES + (position & mask);
    const length = words[(at + R_LENGTH) >>> 2];
    const kind = ring[at + R_KIND];
    if (length < 8 || length % 8 !== 0 || (end - position) >>> 0 < length) return;
    if (COUNTED_KINDS.has(kind) && length >= RECORD_BYTES) yield { kind, wireLen: words[(at + R_WIRE_LEN) >>> 2] };
    position = (position + length) >>> 0;
  }
}
