/** Sorts numbers of entries by a key, stable, without comparing in a function of ours. */

import type { Scratch } from './scratch.ts';

/** The places 0, 1 … of `keys`, whole numbers, in ascending order of these; equal ones stay as they are. */
export function ascendingPlaces(keys: Float64Array, scratch: Scratch): Uint32Array {
  const { length } = keys;
  const places = scratch.places('ascending', length);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    places[i] = i;
    if (keys[i] < least) least = keys[i];
    if (keys[i] > most) most = keys[i];
  }
  // Key and place as one number, as long as that is exact.
  if ((most - least + 1) * length > Number.MAX_SAFE_INTEGER) return places.sort((a, b) => keys[a] - keys[b] || a - b);
  const ordered = scratch.numbers('ascending', length);
  for (let i = 0; i < length; i++) ordered[i] = (keys[i] - least) * length + i;
  ordered.sort();
  for (let i = 0; i < length; i++) places[i] = ordered[i] % length;
  return places;
}
