/** Rates over time, from the ticks or from their sums, whichever is fine enough. */
import type { Protocols, TimeSeries } from '../api/contract.ts';
import type { TimeRange } from '../api/sources.ts';
import { type Extent, extentOf, stepFor } from './extent.ts';
import type { Statements } from './statements.ts';
import { bucketOf, STATS_STEPS } from './stats-table.ts';
import { USAGE_STEPS } from './usage-table.ts';

interface Slot {
  slot: number;
  secs: number;
  ticks: number;
  packets: number;
  bytes: number;
  flows_live_sum: number;
  flows_created: number;
  drops: number | null;
  alerts: number;
  /** Where the last of its ticks ends. */
  until: number;
}

type Point = TimeSeries['points'][number];

/** A page's answer stays small whatever is asked for. */
const MOST_POINTS = 5000;
/** Fewer buckets than this and their edges would be too coarse for the range. */
const BUCKETS = 24;

// Drops that nobody knows are left out of the sum; it is null only where none is known.
const SLOTS = `
  SELECT CAST((time - ? + 1e-6) / ? AS INTEGER) AS slot, sum(secs) AS secs, sum(ticks) AS ticks, sum(packets) AS packets, sum(bytes) AS bytes,
    sum(flows_live_sum) AS flows_live_sum, sum(flows_created) AS flows_created, sum(alerts) AS alerts, max(time + secs) AS until,
    CASE WHEN count(drops_kernel) + count(drops_interface) + count(drops_ring) > 0
      THEN total(drops_kernel) + total(drops_interface) + total(drops_ring) END AS drops
  FROM stats WHERE step_secs = ? AND time >= ? AND time < ? GROUP BY slot`;

/** Kept to three decimals, as rates are everywhere. */
const rate = (amount: number, secs: number): number | null => (secs > 0 ? Math.round((amount / secs) * 1000) / 1000 : null);

function pointOf(time: number, slot: Slot | undefined): Point {
  if (slot === undefined) return { time, pps: null, bps: null, flows_live: null, new_flows: null, drops: null, alerts: 0 };
  return {
    time,
    pps: rate(slot.packets, slot.secs),
    bps: rate(slot.bytes * 8, slot.secs),
    flows_live: rate(slot.flows_live_sum, slot.ticks),
    new_flows: slot.flows_created,
    drops: slot.drops,
    alerts: slot.alerts,
  };
}

/** A tick after a silence is as long as that: it says of each moment of it what it says of itself. */
function seriesOf(slots: ReadonlyMap<number, Slot>, { from, step, count }: { from: number; step: number; count: number }): Point[] {
  let last: Slot | null = null;
  return Array.from({ length: count }, (_, index) => {
    const time = from + index * step;
    const slot = slots.get(index);
    if (slot !== undefined) last = slot;
    if (slot !== undefined || last === null || last.until <= time + 1e-6) return pointOf(time, slot);
    return { ...pointOf(time, last), new_flows: 0, drops: last.drops === null ? null : 0, alerts: 0 };
  });
}

export class SeriesQueries {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  timeSeries(query: TimeRange & { points: number }): TimeSeries {
    const extent = extentOf(this.#statements, query);
    if (extent === null) return { step_secs: 1, points: [] };
    const points = Math.min(Math.max(1, query.points), MOST_POINTS);
    const level = stepFor(STATS_STEPS, extent, points);
    const step = this.#width(level, extent, points);
    const from = bucketOf(extent.from, step);
    const count = Math.max(1, Math.ceil((extent.to - from) / step - 1e-9));
    const rows = this.#statements.all<Slot>({ sql: SLOTS, parameters: [from, step, level, from - 1e-6, from + count * step - 1e-6] });
    const slots = new Map(rows.map((row) => [row.slot, row]));
    return { step_secs: step, points: seriesOf(slots, { from, step, count }) };
  }

  protocols(range: TimeRange): Protocols {
    const shares = (kind: string): Protocols['applications'] => {
      const extent = extentOf(this.#statements, range);
      if (extent === null) return [];
      const step = stepFor(USAGE_STEPS, extent, BUCKETS);
      return this.#statements.all({
        sql: `SELECT protocol, sum(flows) AS flows, sum(packets) AS packets, sum(bytes) AS bytes FROM protocol_usage
          WHERE step_secs = ? AND time >= ? AND time < ? AND kind = ? GROUP BY protocol ORDER BY bytes DESC, protocol`,
        parameters: [step, bucketOf(extent.from, step), extent.to, kind],
      });
    };
    return { applications: shares('application').map((row) => ({ ...row })), transports: shares('transport').map((row) => ({ ...row })) };
  }

  /** A multiple of the level's own width; ticks have theirs written on them. */
  #width(level: number, { from, to }: Extent, points: number): number {
    const wanted = (to - from) / points;
    if (level > 0) return Math.max(1, Math.ceil(wanted / level - 1e-9)) * level;
    const widths = this.#statements
      .all<{ secs: number }>({ sql: 'SELECT secs FROM stats WHERE step_secs = 0 ORDER BY time DESC LIMIT 9', parameters: [] })
      .map(({ secs }) => secs)
      .sort((one, other) => one - other);
    // The last tick of a capture is a short one, the one after a silence a long one.
    const unit = Math.max(widths[widths.length >> 1] ?? 1, 0.001);
    return unit < 1 && wanted < 1 ? Math.max(unit, wanted) : Math.max(1, Math.ceil(Math.max(unit, wanted) - 1e-9));
  }
}
