/** The measurements of the frames seen since the page was opened, for the live charts. */
import type { FrameMessage, TimeSeries } from '../../api/contract.ts';

export type Point = TimeSeries['points'][number];

/** One hour at one tick per second. */
const MOST_POINTS = 3600;

const lossOf = (loss: FrameMessage['stats']['loss']): number => (loss.estimate === null ? (loss.kernel ?? 0) + loss.ring : loss.estimate);

export class FrameHistory {
  /** Never changed in place: another array says that there is something new. */
  private points: readonly Point[] = [];
  private created = 0;
  private lost = 0;
  private alerts = 0;

  add({ stats }: FrameMessage): void {
    const { time } = stats;
    if (time === null) return;
    const last = this.points.at(-1);
    const lost = lossOf(stats.loss);
    const since = last !== undefined;
    // A replay that starts over goes back in packet time; a chart cannot.
    if (since && time < last.time) this.points = [];
    if (since && time === last.time) return;
    const gain = (now: number, before: number) => (since ? Math.max(0, now - before) : null);
    const point: Point = {
      time,
      pps: stats.pps,
      bps: stats.bps,
      flows_live: stats.flows.live,
      new_flows: gain(stats.flows.created, this.created),
      drops: gain(lost, this.lost),
      alerts: gain(stats.alerts.total, this.alerts) ?? 0,
    };
    this.points = [...this.points.slice(-(MOST_POINTS - 1)), point];
    this.created = stats.flows.created;
    this.lost = lost;
    this.alerts = stats.alerts.total;
  }

  all(): readonly Point[] {
    return this.points;
  }
}

const unmeasured = (time: number): Point => ({ time, pps: null, bps: null, flows_live: null, new_flows: null, drops: null, alerts: 0 });

/** What the sensor stored, in steps of `stepSecs`, and behind it what came live since; a hole between them stays one. */
export function joinPoints(stored: readonly Point[], live: readonly Point[], from: number, stepSecs: number): readonly Point[] {
  const begin = live[0]?.time ?? Number.POSITIVE_INFINITY;
  const inside = stored.filter(({ time }) => time >= from && time < begin);
  // What came before the first measurement of all is no hole.
  const first = inside.findIndex(({ pps }) => pps !== null);
  const before = first < 0 ? [] : inside.slice(first);
  const after = live.filter(({ time }) => time >= from);
  const last = before.at(-1);
  const hole = last !== undefined && after.length > 0 && begin - last.time > 3 * stepSecs;
  return hole ? [...before, unmeasured(last.time + stepSecs), ...after] : [...before, ...after];
}
