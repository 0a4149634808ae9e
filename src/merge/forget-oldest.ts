/** Keeps a map within its limit: beyond `most` entries the one that was put in first goes. Call it after each that is put in. */
export function forgetOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
