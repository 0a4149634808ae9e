/** How long to wait before the n-th try (from 0): doubling from half a second to 15 s, spread so that many pages do not come back at once. */
export function backOffMs(tries: number, random: number = Math.random()): number {
  const base = Math.min(15_000, 500 * 2 ** Math.min(tries, 10));
  return Math.round(base * (0.75 + random / 2));
}
