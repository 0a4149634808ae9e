/** The card and its driver: what is lost before the kernel has seen it. */
import type { Advice } from '../../api/contract.ts';
import { growth, type HostCounters, type NicCounters } from './counters.ts';
import { amount, losing, ok, shareText, unknown } from './stage.ts';

/** One loss may stand in several counters: the largest of them is what was lost at least. */
function lostBy(before: NicCounters, after: NicCounters): number | null {
  const known = [growth(before.missed, after.missed), growth(before.fifo, after.fifo)];
  for (const [name, count] of Object.entries(after.driver ?? {})) known.push(growth(before.driver?.[name], count));
  const counts = known.filter((count) => count !== null);
  return counts.length === 0 ? null : Math.max(...counts);
}

function ringRemedy({ name, ring }: NicCounters): string | null {
  if (ring === null) return `ethtool -G ${name} rx MAX, where MAX is the maximum that ethtool -g ${name} shows (now unknown)`;
  return ring.now < ring.most ? `ethtool -G ${name} rx ${ring.most} (now ${ring.now})` : null;
}

/** `squeezed`: processors that stopped before they were done leave packets in the card. */
function remedyOf(nic: NicCounters, squeezed: number, budget: number | null): string {
  const steps = [ringRemedy(nic)];
  if (squeezed > 0) steps.push(`sysctl -w net.core.netdev_budget=${(budget ?? 300) * 2} (now ${budget ?? 'unknown'})`);
  const known = steps.filter((step) => step !== null);
  if (known.length > 0) return known.join('; ');
  return `spread the interrupts of ${nic.name} over more processors: ethtool -L ${nic.name} combined N (ethtool -l ${nic.name} shows how many there can be)`;
}

/** Names of drivers' counters that grew: `rx_no_buffer_count 12`. */
function driverText(before: NicCounters, after: NicCounters): string {
  const grown = Object.entries(after.driver ?? {}).flatMap(([name, count]) => {
    const more = growth(before.driver?.[name], count) ?? 0;
    return more > 0 ? [`${name} ${amount(more)}`] : [];
  });
  return grown.length === 0 ? '' : `; its driver counts ${grown.join(', ')}`;
}

export function diagnoseNic(before: HostCounters, after: HostCounters, name: string, secs: number): Advice {
  const from = before.interfaces.find((nic) => nic.name === name);
  const to = after.interfaces.find((nic) => nic.name === name);
  if (from === undefined || to === undefined) return unknown('nic', `${name}: the system shows no counters of it`);
  const lost = lostBy(from, to);
  if (lost === null) return unknown('nic', `${name}: neither the card nor its driver counts what it misses`);
  const packets = growth(from.packets, to.packets) ?? 0;
  const bound = growth(from.dropped, to.dropped) ?? 0;
  const most = bound > 0 ? `; rx_dropped grew by ${amount(bound)}, frames of unwanted protocols included: an upper bound` : '';
  const detail = `${name}: ${shareText(lost, packets + lost, 'packets', secs)}${driverText(from, to)}${most}`;
  if (lost === 0) return ok('nic', detail);
  const squeezed = growth(before.softnet?.squeezed, after.softnet?.squeezed) ?? 0;
  return losing('nic', lost, detail, remedyOf(to, squeezed, after.budget));
}
