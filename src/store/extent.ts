/** The time that was measured, and how finely it can still be told. */
import type { TimeRange } from '../api/sources.ts';
import type { Statements } from './statements.ts';
import { STATS_STEPS } from './stats-table.ts';

export interface Extent {
  from: number;
  /** Exclusive. */
  to: number;
  /** Beginnings of the first and the last tick of all. */
  first: number;
  newest: number;
}

interface Moment {
  time: number;
  secs: number;
}

const FIRST = 'SELECT time, secs FROM stats WHERE step_secs = ? AND time >= ? ORDER BY time LIMIT 1';
const NEWEST = 'SELECT time, secs FROM stats WHERE step_secs = 0 ORDER BY time DESC LIMIT 1';

/** The first tick, as exactly as it is still known: the first day, the first hour in it, and so on. */
function firstTick(statements: Statements): number | null {
  let first: number | null = null;
  let width = Number.POSITIVE_INFINITY;
  for (const { step } of STATS_STEPS.toReversed()) {
    const row: Moment | null = statements.one({ sql: FIRST, parameters: [step, first ?? -1e300] }) as Moment | null;
    if (row === null || (first !== null && row.time >= first + width)) break;
    first = row.time;
    width = step;
  }
  return first;
}

/** The asked range with its open ends closed by what was measured; null when nothing was. */
export function extentOf(statements: Statements, range: TimeRange): Extent | null {
  const first = firstTick(statements);
  const newest = statements.one({ sql: NEWEST, parameters: [] }) as Moment | null;
  if (first === null || newest === null) return null;
  const to = range.to ?? newest.time + newest.secs;
  return { from: Math.min(range.from ?? first, to), to, first, newest: newest.time };
}

/** The widest step that gives at least so many buckets, of those that are kept back to the beginning of the range. */
export function stepFor(levels: readonly { step: number; keepSecs: number }[], extent: Extent, buckets: number): number {
  const begin = Math.max(extent.from, extent.first);
  const wanted = (extent.to - extent.from) / buckets;
  const widest = levels[levels.length - 1];
  const kept = levels.filter(({ keepSecs }) => begin >= extent.newest - keepSecs);
  return (kept.findLast(({ step }) => step <= wanted) ?? kept[0] ?? widest).step;
}
