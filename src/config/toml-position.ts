/** Lines of keys in a TOML text, which the parser does not tell. */
import { parse } from 'smol-toml';

/** Every try parses the text's beginning once more; a file that needs more tries gets no line numbers. */
const MAX_PARSES = 2000;

function holds(table: unknown, path: readonly string[]): boolean {
  let at = table;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return false;
    at = (at as Record<string, unknown>)[name];
  }
  return true;
}

function tryParse(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** Line and column, both from 1. */
export interface Position {
  line: number;
  column: number;
}

/** Where the last name of a path stands in its line; the index of a list stands nowhere, but its name may. */
function columnOf(line: string, path: readonly string[]): number {
  const name = path.findLast((part) => !/^\d+$/.test(part)) ?? '';
  return Math.max(0, line.indexOf(name)) + 1;
}

/**
 * Positions of the statements that first give `paths` a value, in a text that parses; null = not found. A part of a path
 * may be the index of a list. One pass for all of them.
 */
export function positionsOf(text: string, paths: readonly (readonly string[])[]): (Position | null)[] {
  const lines = text.split('\n');
  const found: (Position | null)[] = paths.map(() => null);
  let missing = paths.length;
  let complete = 0;
  for (let end = 1; end <= lines.length && end <= MAX_PARSES && missing > 0; end++) {
    const table = tryParse(lines.slice(0, end).join('\n'));
    if (table === undefined) continue;
    let start = complete;
    while (start < end - 1 && /^\s*(#|$)/.test(lines[start])) start++;
    for (const [index, path] of paths.entries()) {
      if (found[index] !== null || !holds(table, path)) continue;
      found[index] = { line: start + 1, column: columnOf(lines[start], path) };
      missing--;
    }
    complete = end;
  }
  return found;
}

/** The position of one path. */
export function positionOf(text: string, path: readonly string[]): Position | null {
  return positionsOf(text, [path])[0];
}
