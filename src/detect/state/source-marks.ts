/**
 * Which sources some rule wants to hear of, by the place of their address: what is not marked nobody knows, what is marked
 * somebody may. Marks are counted; a count that has reached its top stays.
 */
import { ADDRESS_PLACES, placeOf } from '../address-cache.ts';
import type { Address } from '../events.ts';

const TOP = 255;

export class SourceMarks {
  /** By place. */
  readonly counts = new Uint8Array(ADDRESS_PLACES);

  add(source: Address): void {
    const place = placeOf(source);
    if (this.counts[place] < TOP) this.counts[place]++;
  }

  /** Once for each `add`. */
  remove(source: Address): void {
    const place = placeOf(source);
    if (this.counts[place] < TOP) this.counts[place]--;
  }
}
