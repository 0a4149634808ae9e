/** What every stage's diagnosis is made of. */
import type { Advice } from '../../api/contract.ts';
import type { SensorCounters } from './counters.ts';

/** Two moments of one sensor, and the seconds between them. */
export interface SensorSpan {
  readonly before: SensorCounters;
  readonly after: SensorCounters;
  readonly secs: number;
}

export const ok = (stage: string, detail: string): Advice => ({ stage, state: 'ok', lost: 0, detail, remedy: null });
export const unknown = (stage: string, detail: string): Advice => ({ stage, state: 'unknown', lost: null, detail, remedy: null });
export const losing = (stage: string, lost: number | null, detail: string, remedy: string | null): Advice => ({
  stage,
  state: 'losing',
  lost,
  detail,
  remedy,
});

const GROUPS = /\B(?=(\d{3})+$)/g;
/** `1,234` */
export const amount = (count: number): string => String(Math.round(count)).replace(GROUPS, ',');

function percentText(percent: number): string {
  if (percent > 0 && percent < 0.01) return 'less than 0.01';
  return percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2);
}

/** `12 of 3,400 packets in 10.0 s (0.35 %)`: never a share without what it is a share of. */
export function shareText(lost: number, all: number, what: string, secs: number): string {
  const share = all > 0 ? ` (${percentText((lost / all) * 100)} %)` : '';
  return `${amount(lost)} of ${amount(all)} ${what} in ${secs.toFixed(1)} s${share}`;
}
