/** The known name nearest to what somebody typed. */

/** Longer names are compared by their first characters only: the work is the product of both lengths. */
const MAX_LENGTH = 64;

/** Edits (insert, delete, replace, swap two neighbours) between two names. */
export function editDistance(left: string, right: string): number {
  const a = left.slice(0, MAX_LENGTH);
  const b = right.slice(0, MAX_LENGTH);
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, before[column - 2] + 1);
      current.push(cost);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length];
}

/** Up to `limit` names, nearest first, that are near enough to be what was meant; ties in the order given. */
export function nearest(name: string, known: readonly string[], limit = 1): string[] {
  const wanted = name.toLowerCase();
  return known
    .map((candidate, order) => ({ candidate, order, distance: rank(wanted, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 2.5)))
    .sort((left, right) => left.distance - right.distance || left.order - right.order)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** A name that only continues, or lacks, what was typed counts as one edit. */
function rank(wanted: string, candidate: string): number {
  const distance = editDistance(wanted, candidate);
  const partial = wanted.length >= 3 && (candidate.startsWith(wanted) || candidate.endsWith(`.${wanted}`));
  return partial ? Math.min(1, distance) : distance;
}
