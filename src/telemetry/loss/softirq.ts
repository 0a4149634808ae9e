/** The kernel between the driver and the socket: the queue of each processor. Counted for all interfaces together. */
import type { Advice } from '../../api/contract.ts';
import { growth, type HostCounters } from './counters.ts';
import { amount, losing, ok, shareText, unknown } from './stage.ts';

/** The kernel's default of 1,000 packets per processor is reached by a gigabit of small packets within 0.7 ms. */
const BACKLOG = 10_000;

export function diagnoseSoftirq(before: HostCounters, after: HostCounters, secs: number): Advice {
  const [from, to] = [before.softnet, after.softnet];
  if (from === null || to === null) return unknown('softirq', 'the system does not show /proc/net/softnet_stat');
  const lost = growth(from.dropped, to.dropped);
  const processed = growth(from.processed, to.processed);
  if (lost === null || processed === null) return unknown('softirq', 'the counters of /proc/net/softnet_stat were set back');
  const squeezed = growth(from.squeezed, to.squeezed) ?? 0;
  const late = squeezed > 0 ? `; ${amount(squeezed)} times a processor stopped before it was done` : '';
  const detail = `all interfaces: ${shareText(lost, processed + lost, 'packets', secs)}${late}`;
  if (lost === 0) return ok('softirq', detail);
  const wanted = Math.max(BACKLOG, (after.backlog ?? 0) * 4);
  return losing('softirq', lost, detail, `sysctl -w net.core.netdev_max_backlog=${wanted} (now ${after.backlog ?? 'unknown'})`);
}
