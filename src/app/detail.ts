/** Lists in the details of a flow. */
import type { DetailValue } from './facts.ts';

const LIST_LIMIT = 16;

/** Appends a value that is not in the list yet; the list holds at most `limit`. */
export function addDetail(section: Record<string, DetailValue>, key: string, value: string | number, limit = LIST_LIMIT): void {
  const list = section[key] as (string | number)[] | undefined;
  if (!Array.isArray(list)) section[key] = [value] as string[] | number[];
  else if (list.length < limit && !list.includes(value)) list.push(value);
}
