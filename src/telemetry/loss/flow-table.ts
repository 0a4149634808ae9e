/** The flow table: packets that opened no flow, and flows that had to make room before their time. */
import type { Advice } from '../../api/contract.ts';
import { amount, losing, ok, type SensorSpan, shareText } from './stage.ts';

const MOST_FLOWS = 16_000_000;
/** A table that is seven eighths full goes into the emergency (`flow/pressure.ts`), so some room must stay. */
const HEADROOM = 1.5;
const STEP = 50_000;

/** Room for everything that had none, as if each refused packet had been a flow of its own. */
function remedyOf(maxFlows: number, turnedAway: number): string {
  if (maxFlows >= MOST_FLOWS) return `a shorter --flow-timeout-s, or a narrower --filter: --max-flows is ${maxFlows}, the most`;
  const needed = Math.ceil(((maxFlows + turnedAway) * HEADROOM) / STEP) * STEP;
  return `--max-flows ${Math.min(MOST_FLOWS, Math.max(2 * maxFlows, needed))} (now ${maxFlows})`;
}

export function diagnoseFlowTable({ before, after, secs }: SensorSpan): Advice {
  const parts = { probe: 'refusedProbe', emergency: 'refusedEmergency', limit: 'refusedLimit' } as const;
  const refused = Object.entries(parts).map(([reason, name]) => ({ reason, count: after[name] - before[name] }));
  const lost = refused.reduce((sum, { count }) => sum + count, 0);
  const evicted = after.flowsEvicted - before.flowsEvicted;
  const created = after.flowsCreated - before.flowsCreated;
  const emergency = after.emergencyTicks - before.emergencyTicks;
  const reasons = refused.filter(({ count }) => count > 0).map(({ reason, count }) => `${reason} ${amount(count)}`);
  const detail = [
    shareText(lost, after.accounted - before.accounted + lost, 'packets opened no flow', secs),
    ...(reasons.length === 0 ? [] : [`refused by ${reasons.join(', ')}`]),
    shareText(evicted, created, 'flows ended early for want of room', secs),
    ...(emergency === 0 ? [] : [`${amount(emergency)} ticks in the emergency`]),
  ].join('; ');
  if (lost === 0 && evicted === 0) return ok('flow_table', detail);
  return losing('flow_table', lost, detail, remedyOf(after.settings.maxFlows, lost + evicted));
}
