/** What each tick measured, and its sums by minute, hour and day, all written with the tick: they agree at any moment. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

export interface TickStats {
  /** Packet time at the end of the tick, epoch seconds. */
  time: number;
  intervalSecs: number;
  packets: number;
  bytes: number;
  flowsLive: number;
  flowsCreated: number;
  flowsEnded: number;
  /** null = unknown. */
  dropsKernel: number | null;
  dropsInterface: number | null;
  dropsRing: number | null;
  /** New ones. */
  alerts: number;
}

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;

/** Widths of the sums in seconds, and how long each is kept; 0 stands for the ticks themselves. */
export const STATS_STEPS = [
  { step: 0, keepSecs: 6 * HOUR },
  { step: MINUTE, keepSecs: 7 * DAY },
  { step: HOUR, keepSecs: 366 * DAY },
  { step: DAY, keepSecs: 3660 * DAY },
] as const;

/** `time` is the beginning. `flows_live_sum` over `ticks` is the mean. A sum is null where nobody knew any of it. */
export const STATS_SCHEMA = `
CREATE TABLE stats (
  step_secs INTEGER NOT NULL,
  time REAL NOT NULL,
  secs REAL NOT NULL,
  ticks INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  flows_live_sum INTEGER NOT NULL,
  flows_created INTEGER NOT NULL,
  flows_ended INTEGER NOT NULL,
  drops_kernel INTEGER,
  drops_interface INTEGER,
  drops_ring INTEGER,
  alerts INTEGER NOT NULL,
  PRIMARY KEY (step_secs, time)
) WITHOUT ROWID;
`;

const sum = (column: string) => `${column} = ${column} + excluded.${column}`;
const sumOfKnown = (column: string) =>
  `${column} = CASE WHEN excluded.${column} IS NULL THEN ${column} ELSE coalesce(${column}, 0) + excluded.${column} END`;

/** Beginning of a tick, without the dust that subtraction leaves. */
export const tickBegin = (stats: Pick<TickStats, 'time' | 'intervalSecs'>): number => Number((stats.time - stats.intervalSecs).toFixed(6));

/** Beginning of the minute, hour or day that a moment falls into. */
export const bucketOf = (time: number, step: number): number => Math.floor(time / step) * step;

export class StatsTable {
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #newest: StatementSync;

  constructor(db: DatabaseSync) {
    this.#add = db.prepare(`
      INSERT INTO stats VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (step_secs, time) DO UPDATE SET
        ${['secs', 'ticks', 'packets', 'bytes', 'flows_live_sum', 'flows_created', 'flows_ended', 'alerts'].map(sum).join(', ')},
        ${['drops_kernel', 'drops_interface', 'drops_ring'].map(sumOfKnown).join(', ')}`);
    this.#remove = db.prepare(
      'DELETE FROM stats WHERE step_secs = ?1 AND time IN (SELECT time FROM stats WHERE step_secs = ?1 AND time < ?2 LIMIT ?3)',
    );
    this.#newest = db.prepare('SELECT time, secs FROM stats WHERE step_secs = 0 ORDER BY time DESC LIMIT 1');
  }

  write(stats: TickStats): void {
    const begin = tickBegin(stats);
    for (const { step } of STATS_STEPS) {
      this.#add.run(
        step,
        step === 0 ? begin : bucketOf(begin, step),
        stats.intervalSecs,
        stats.packets,
        stats.bytes,
        stats.flowsLive,
        stats.flowsCreated,
        stats.flowsEnded,
        stats.dropsKernel,
        stats.dropsInterface,
        stats.dropsRing,
        stats.alerts,
      );
    }
  }

  /** Removes what is older than its level keeps, counted back from `now`, at most so many rows per level. */
  prune(now: number, most: number): number {
    return STATS_STEPS.reduce((removed, { step, keepSecs }) => removed + Number(this.#remove.run(step, now - keepSecs, most).changes), 0);
  }

  /** Beginning of the last tick, and a time that is not before its end; null before the first. */
  newest(): { begin: number; end: number } | null {
    const row = this.#newest.get() as { time: number; secs: number } | undefined;
    return row === undefined ? null : { begin: row.time, end: row.time + row.secs };
  }
}
