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

/** Line and column, both from 1, of the statement that first gives `path` a value, in a text that parses; null = not found. */
export function positionOf(text: string, path: readonly string[]): { line: number; column: number } | null {
  const lines = text.split('\n');
  const name = path[path.length - 1];
  let complete = 0;
  for (let end = 1; end <= lines.length && end <= MAX_PARSES; end++) {
    const table = tryParse(lines.slice(0, end).join('\n'));
    if (table === undefined) continue;
    if (holds(table, path)) {
      let start = complete;
      while (start < end - 1 && /^\s*(#|$)/.test(lines[start])) start++;
      return { line: start + 1, column: Math.max(0, lines[start].indexOf(name)) + 1 };
    }
    complete = end;
  }
  return null;
}
