/** Lays out a ring that a capture thread will write and a shard will read. */
import {
  LAYOUT_VERSION,
  RECORD_BYTES,
  RING_AT_CAPACITY,
  RING_AT_MAGIC,
  RING_AT_RECORD_BYTES,
  RING_AT_VERSION,
  RING_HEADER_BYTES,
  RING_MAGIC,
} from './layout.ts';

export const RING_MIN_BYTES = 4096;
export const RING_MAX_BYTES = 1 << 30;

/** `bytes` is the data area: a power of two between 4 KiB and 1 GiB. The memory costs nothing until it is written. */
export function createRing(bytes: number): Uint8Array<SharedArrayBuffer> {
  if (!Number.isInteger(bytes) || bytes < RING_MIN_BYTES || bytes > RING_MAX_BYTES || (bytes & (bytes - 1)) !== 0) {
    throw new RangeError(`ring size ${bytes} is not a power of two between ${RING_MIN_BYTES} and ${RING_MAX_BYTES}`);
  }
  const ring = new Uint8Array(new SharedArrayBuffer(RING_HEADER_BYTES + bytes));
  const words = new Uint32Array(ring.buffer, 0, RING_HEADER_BYTES >> 2);
  words[RING_AT_MAGIC >> 2] = RING_MAGIC;
  words[RING_AT_VERSION >> 2] = LAYOUT_VERSION;
  words[RING_AT_CAPACITY >> 2] = bytes;
  words[RING_AT_RECORD_BYTES >> 2] = RECORD_BYTES;
  return ring;
}
