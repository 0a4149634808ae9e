/** Sorts numbers of entries by a key, stable, in a few passes over them and without comparing. */

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const PASSES = 3;

/** The places 0, 1 … of `keys`, whole numbers, in ascending order of these; equal ones stay as they are. */
export function ascendingPlaces(keys: Float64Array): Uint32Array {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] < least) least = keys[i];
    if (keys[i] > most) most = keys[i];
  }
  let order = new Uint32Array(keys.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Flows of one tick that began further apart than four billion packets are none too many.
  if (most - least >= 2 ** 32) return order.sort((a, b) => keys[a] - keys[b] || a - b);
  const counts = new Uint32Array(DIGITS + 1);
  let next = new Uint32Array(keys.length);
  for (let pass = 0; pass < PASSES && 2 ** (pass * DIGIT_BITS) <= most - least; pass++) {
    const shift = pass * DIGIT_BITS;
    counts.fill(0);
    for (let i = 0; i < order.length; i++) counts[digit(keys[order[i]] - least, shift) + 1]++;
    for (let i = 0; i < DIGITS; i++) counts[i + 1] += counts[i];
    for (let i = 0; i < order.length; i++) next[counts[digit(keys[order[i]] - least, shift)]++] = order[i];
    [order, next] = [next, order];
  }
  return order;
}

const digit = (key: number, shift: number): number => (key >>> shift) & (DIGITS - 1);
