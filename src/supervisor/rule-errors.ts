/** What foreign code threw, as one line, and where in its file that was. */
import { stripTypeScriptTypes } from 'node:module';
import { pathToFileURL } from 'node:url';

const MOST_MESSAGE = 300;

/** Property of something that may be a Proxy or have getters that throw. */
function textProperty(value: unknown, name: 'message' | 'stack'): string | null {
  try {
    const text: unknown = (value as Record<string, unknown> | null | undefined)?.[name];
    return typeof text === 'string' ? text : null;
  } catch {
    return null;
  }
}

function asText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something without a text';
  }
}

/** First line of the message, without control characters. */
export function errorMessage(error: unknown): string {
  const text = textProperty(error, 'message') ?? asText(error);
  const line = text.split(/[\r\n]/, 1)[0].replace(/\p{Cc}/gu, ' ');
  return line.length > MOST_MESSAGE ? `${line.slice(0, MOST_MESSAGE)}…` : line;
}

/** Line of the file at `path` that the stack names first, as a call or as the place of a syntax error. */
export function errorLine(error: unknown, path: string): number | null {
  const names = [pathToFileURL(path).href, path];
  for (const entry of (textProperty(error, 'stack') ?? '').split('\n')) {
    for (const name of names) {
      const at = entry.indexOf(`${name}:`);
      if (at < 0 || (at > 0 && !/^\s+at /.test(entry))) continue;
      const line = Number.parseInt(entry.slice(at + name.length + 1), 10);
      if (line > 0) return line;
    }
  }
  return null;
}

/**
 * Line of the first syntax error in a source. Node tells the line for TypeScript, but keeps it to itself when a module
 * of JavaScript is imported; the parser for TypeScript finds it there as well.
 */
export function syntaxErrorLine(source: string): number | null {
  try {
    stripTypeScriptTypes(source, { sourceUrl: 'rule' });
    return null;
  } catch (error) {
    const line = /^rule:(\d+)$/m.exec(textProperty(error, 'stack') ?? '');
    return line === null ? null : Number(line[1]);
  }
}
