/** Quartiles and spreads of small samples, as RITA's beacon scores and the shape of password guessing need them. */

/** The value at a share of a sorted sample, between neighbours in proportion. NaN when it is empty. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below] ?? Number.NaN;
  return place === below ? low : low + (sorted[below + 1] - low) * (place - below);
}

export const ascending = (sample: readonly number[]): number[] => [...sample].sort((a, b) => a - b);

/** Median absolute deviation from the median. */
export function medianDeviation(sample: readonly number[], median: number): number {
  return quantile(ascending(sample.map((value) => Math.abs(value - median))), 0.5);
}
