/** Cursors of pages: the sort, and the place of the last row in it, as opaque text. */
import { SensorError } from '../errors.ts';

/** Value of the sort and what tells rows of one value apart. */
export interface Place {
  value: number | string;
  key: number | string;
}

const MOST_CHARACTERS = 1024;

export function cursorText(sort: string, place: Place): string {
  return Buffer.from(JSON.stringify([sort, place.value, place.key])).toString('base64url');
}

function decoded(text: string): unknown {
  if (text.length > MOST_CHARACTERS || !/^[\w-]+$/.test(text)) return null;
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return null;
  }
}

/**
 * null for the first page.
 * @throws SensorError USAGE when the cursor is none, or belongs to another sort
 */
export function placeOf(
  cursor: string | null,
  sort: string,
  kinds: { value: 'number' | 'string'; key: 'number' | 'string' },
): Place | null {
  if (cursor === null) return null;
  const parts = decoded(cursor);
  if (Array.isArray(parts) && parts.length === 3 && parts[0] === sort) {
    const [, value, key] = parts as unknown[];
    if (typeof value === kinds.value && typeof key === kinds.key) return { value, key } as Place;
  }
  throw new SensorError('USAGE', 'cursor: belongs to no page of this query', { hint: 'use `next` of the page before, with the same sort' });
}
