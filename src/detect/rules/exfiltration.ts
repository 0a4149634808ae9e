import { isExternal } from '../address-class.ts';
import { VOLUME_STEP, type VolumeEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { SlidingTotals } from '../state/sliding-totals.ts';
import { TimedFlows } from '../state/timed-flows.ts';

const MOST_PAIRS = 4096;
/** Volumes of one 128th of the window are kept together: at most 129 entries for a pair. */
const GRAINS = 128;

interface Sums {
  readonly totals: SlidingTotals;
  readonly flows: TimedFlows;
}

/** Most pairs have one volume to tell before they make room for others: it is kept as it is. */
interface Pair {
  readonly first: VolumeEvent;
  sums: Sums | null;
}

/** Flows that nobody answered and that are small: a flood of them must not push real pairs out. */
const isNoise = ({ bytesUp, packetsDown }: VolumeEvent) => bytesUp === 0 || (packetsDown === 0 && bytesUp < VOLUME_STEP);

export const dataExfiltration = defineRule({
  kind: 'data_exfiltration',
  title: 'Large upload to one external host',
  description:
    'An internal host sends one external address far more than it gets from it. Sums the flows that the internal host ' +
    'opened, in a sliding window; volumes leave it at most 1/128 of its length early, never late.',
  severity: 'high',
  confidence: 0.6,
  mitre: [
    { technique: 'T1048', name: 'Exfiltration Over Alternative Protocol', tactic: 'exfiltration' },
    { technique: 'T1041', name: 'Exfiltration Over C2 Channel', tactic: 'exfiltration' },
  ],
  enabled: true,
  cooldownSecs: 3600,
  isolated: true,
  settings: {
    upload_bytes: { value: 100_000_000, least: 1, most: 1e15, unit: 'bytes', description: 'Wire bytes to the external host in the window' },
    ratio: { value: 10, least: 1, most: 1e6, unit: 'ratio', description: 'Bytes up for each byte down' },
    window_secs: { value: 600, least: 1, most: 86_400, unit: 's', description: 'Sliding window' },
  },
  create(context) {
    const { settings } = context;
    const { upload_bytes: uploadBytes, ratio, window_secs: windowSecs } = settings;
    const windowNs = windowSecs * 1e9;
    const pairs = new BoundedMap<Pair>(MOST_PAIRS);

    const count = ({ totals, flows }: Sums, event: VolumeEvent) => {
      totals.add(event.bytesUp, event.bytesDown, event.at);
      flows.add(event, event.at);
    };

    const sumsOf = (first: VolumeEvent): Sums => {
      const sums = { totals: new SlidingTotals(windowNs, windowNs / GRAINS), flows: new TimedFlows() };
      count(sums, first);
      return sums;
    };

    return {
      volume(event) {
        if (isNoise(event) || !context.isInternal(event.source) || !isExternal(event.target, context)) return;
        const pair = pairs.obtain(event.source + event.target, () => ({ first: event, sums: null }));
        if (pair.sums === null) {
          if (pair.first === event && event.bytesUp < uploadBytes) return;
          pair.sums = sumsOf(pair.first);
        }
        const { totals, flows } = pair.sums;
        if (pair.first !== event) count(pair.sums, event);
        const up = totals.first;
        const down = totals.second;
        if (up < uploadBytes || up < ratio * down) return;
        const source = context.text(event.source);
        const target = context.text(event.target);
        context.raise({
          at: event.at,
          firstAt: totals.firstAt,
          source,
          target,
          observed: { upload_bytes: up, download_bytes: down, ratio: Math.round((up / Math.max(down, 1)) * 10) / 10 },
          threshold: { upload_bytes: uploadBytes, ratio },
          windowSecs,
          description: `${source} sent ${(up / 1e6).toFixed(1)} MB to ${target} within ${windowSecs} s and got ${(down / 1e6).toFixed(1)} MB back`,
          flows: flows.since(event.at - windowNs),
        });
      },
    };
  },
});
