/** Memory for the rings that the engine writes. */

import { createRing } from '../ring/create.ts';
import { RING_AT_READ_POS, RING_AT_WRITE_POS } from '../ring/layout.ts';

export { createRing };

/** The engine refuses other positions: PAD records need room for their sequence number (native/ring/ring_view.h). */
export const RING_POSITION_ALIGN = 64;

/** As `createRing`, with both positions at `position`: for tests of the wrap past 4 GiB. */
export function createRingAt(bytes: number, position: number): Uint8Array<SharedArrayBuffer> {
  if (position % RING_POSITION_ALIGN !== 0) throw new RangeError(`ring position ${position} is not a multiple of ${RING_POSITION_ALIGN}`);
  const ring = createRing(bytes);
  const words = new Uint32Array(ring.buffer);
  words[RING_AT_WRITE_POS >> 2] = position;
  words[RING_AT_READ_POS >> 2] = position;
  return ring;
}
