import type { TickEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { SlidingTotals } from '../state/sliding-totals.ts';

/** One thing that can be lost: `lost` of `lost + seen`. */
interface Loss {
  readonly name: 'dropped' | 'missed';
  readonly share: number;
  readonly least: number;
  readonly windowSecs: number;
  readonly totals: SlidingTotals;
}

const GRAINS = 256;
/** Dropped packets explain missed bytes when their share is at least this part of theirs: the one counts packets, the other bytes. */
const EXPLAINED = 0.5;

/** Whether estimate and counters agree, and what follows from it. */
function explanation(name: Loss['name'], isHere: boolean, dropShare: number): string {
  if (name === 'dropped') return '';
  const counted = `the drop counters say ${(dropShare * 100).toFixed(1)} %`;
  return isHere ? `; ${counted}: they were lost here` : `; ${counted}: they were lost before they reached the sensor`;
}

const rounded = (share: number): number => Math.round(share * 10_000) / 10_000;

export const captureLoss = defineRule({
  kind: 'capture_loss',
  title: 'Packets are being lost',
  description:
    'The sensor does not see everything: the kernel, the interface or a ring dropped a share of the packets (bounds of ' +
    'ntopng), or hosts acknowledged a share of TCP bytes that never passed the sensor (bound and window of Zeek). Other ' +
    'rules see less while this lasts. Missed bytes that the drop counters do not account for were lost before the sensor (mirror ' +
    'port, tap, cable, one direction on another path); that has low severity, for a cut capture looks the same.',
  severity: 'medium',
  confidence: 0.9,
  mitre: [],
  enabled: true,
  cooldownSecs: 900,
  decides: null,
  settings: {
    dropped_share: { value: 0.05, least: 0, most: 1, unit: 'ratio', description: 'Dropped packets of all that arrived' },
    dropped_packets: { value: 100, least: 1, most: 1e9, unit: 'packets', description: 'Dropped packets below which there is no finding' },
    dropped_secs: { value: 300, least: 1, most: 86_400, unit: 's', description: 'Sliding window of dropped packets' },
    missed_share: { value: 0.1, least: 0, most: 1, unit: 'ratio', description: 'TCP bytes that were acknowledged but not seen, of all' },
    missed_bytes: { value: 1_000_000, least: 1, most: 1e12, unit: 'bytes', description: 'Missed bytes below which there is no finding' },
    missed_secs: { value: 900, least: 1, most: 86_400, unit: 's', description: 'Sliding window of missed bytes' },
  },
  create(context) {
    const { settings } = context;
    const loss = (name: Loss['name'], share: number, least: number, windowSecs: number): Loss => {
      const windowNs = windowSecs * 1e9;
      return { name, share, least, windowSecs, totals: new SlidingTotals(windowNs, windowNs / GRAINS) };
    };
    const dropped = loss('dropped', settings.dropped_share, settings.dropped_packets, settings.dropped_secs);
    const missed = loss('missed', settings.missed_share, settings.missed_bytes, settings.missed_secs);

    /** Over the window of missed bytes: what the counters here say about the same time. */
    const droppedMeanwhile = loss('dropped', 0, 0, settings.missed_secs).totals;

    const judge = ({ at }: TickEvent, { name, share, least, windowSecs, totals }: Loss, lost: number, seen: number) => {
      totals.add(lost, seen, at);
      const part = totals.first / (totals.first + totals.second);
      // Told again only while it goes on, not for as long as the window remembers it.
      if (lost === 0 || totals.first < least || part < share) return;
      const dropShare = droppedMeanwhile.first / (droppedMeanwhile.first + droppedMeanwhile.second);
      const isHere = name === 'dropped' || dropShare >= EXPLAINED * part;
      const where = isHere ? 'in the sensor' : 'before the sensor';
      const what = name === 'dropped' ? 'packets were dropped before they were counted' : 'bytes of TCP streams passed unseen';
      context.raise({
        at,
        firstAt: totals.firstAt,
        source: null,
        target: null,
        key: name,
        observed: {
          [name]: totals.first,
          share: rounded(part),
          where,
          ...(name === 'missed' ? { dropped_share: rounded(dropShare) } : {}),
        },
        threshold: { [name]: least, share },
        windowSecs,
        description: `${totals.first} ${what} within ${windowSecs} s, ${(part * 100).toFixed(1)} % of all${explanation(name, isHere, dropShare)}`,
        flows: [],
        ...(name === 'missed' ? { severity: 'low', confidence: 0.6 } : {}),
      });
    };

    return {
      tick(event) {
        droppedMeanwhile.add(event.dropped, event.packets, event.at);
        judge(event, dropped, event.dropped, event.packets);
        judge(event, missed, event.missedBytes, event.payloadBytes);
      },
    };
  },
});
