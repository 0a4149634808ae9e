/**
 * When a shard that packets do not wait for must leave out what is not accounting: above a quarter of a ring until an
 * eighth is left. The distance between the two keeps it from changing its mind with every batch; the rest of the ring is for
 * the time that it takes until leaving out helps, which while code is not compiled yet were 200,000 packets.
 */
import { R_CAP_LEN, R_PAYLOAD_LEN, R_PAYLOAD_OFF } from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';

export class Overload {
  /** As of the last `note`. */
  isBehind = false;

  /** Looks at a ring; once per batch of records. */
  note(ring: RingReader): void {
    const limit = this.isBehind ? ring.capacity >>> 3 : ring.capacity >>> 2;
    this.isBehind = ring.backlog() > limit;
  }
}

/** The record at `o` carries no payload although some was captured: the capture thread saw the ring run full. */
export function isHeldBack(rec: RingReader, o: number): boolean {
  return rec.u32[(o + R_PAYLOAD_LEN) >> 2] > 0 && rec.u32[(o + R_CAP_LEN) >> 2] > rec.u16[(o + R_PAYLOAD_OFF) >> 1];
}

/** More than half of one of the rings waits to be read. */
export function isHalfFull(rings: readonly RingReader[]): boolean {
  return rings.some((ring) => ring.backlog() > ring.capacity >>> 1);
}
