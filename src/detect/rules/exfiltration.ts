import { INSIDE, isInside, isOutside, OUTSIDE } from '../address-class.ts';
import type { EntryReader } from '../entry-reader.ts';
import { VOLUME_STEP, type VolumeEvent } from '../events.ts';
import { PAIR_WORDS } from '../flow-keys.ts';
import { type FirstVolume, firstVolumesFront } from '../row-front.ts';
import { defineRule } from '../rule.ts';
import { FirstFlows } from '../state/first-flows.ts';
import { KeyTable } from '../state/key-table.ts';
import { SlidingTotals } from '../state/sliding-totals.ts';
import { TimedFlows } from '../state/timed-flows.ts';

const MOST_PAIRS = 4096;
/** Volumes of one 128th of the window are kept together: at most 129 entries for a pair. */
const GRAINS = 128;

interface Sums {
  readonly totals: SlidingTotals;
  readonly flows: TimedFlows;
}

/** Flows that nobody answered and that are small: a flood of them must not push real pairs out. */
function isNoise(entries: EntryReader, offset: number): boolean {
  const bytesUp = entries.grownBytes(offset, 0);
  return bytesUp === 0 || (bytesUp < VOLUME_STEP && entries.grownPackets(offset, 1) === 0);
}

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
    const forget = (row: number) => {
      sums[row] = null;
      heavy[row] = 0;
    };
    const pairs = new KeyTable(PAIR_WORDS, MOST_PAIRS, forget, true);
    /** Most pairs have one volume to tell before they make room for others: of that, when it was and its bytes up and down. */
    const firsts = new FirstFlows<FirstVolume>(3, MOST_PAIRS);
    /** By pair: it has sums. */
    const heavy = new Uint8Array(MOST_PAIRS);
    const sums: (Sums | null)[] = [];

    const sumsOf = (row: number): Sums => {
      const made = { totals: new SlidingTotals(windowNs, windowNs / GRAINS), flows: new TimedFlows() };
      const [at, bytesUp, bytesDown] = firsts.numbersOf(row);
      made.totals.add(bytesUp, bytesDown, at);
      made.flows.add(firsts.flow(row), at);
      return made;
    };

    const judge = ({ totals, flows }: Sums, event: VolumeEvent, isFirst: boolean, number: number) => {
      if (!isFirst) {
        totals.add(event.bytesUp, event.bytesDown, event.at);
        flows.add(event, event.at);
      }
      const up = totals.first;
      const down = totals.second;
      if (up < uploadBytes || up < ratio * down) return;
      const source = context.text(event.source);
      const target = context.text(event.target);
      context.raise(
        {
          at: event.at,
          firstAt: totals.firstAt,
          source,
          target,
          observed: { upload_bytes: up, download_bytes: down, ratio: Math.round((up / Math.max(down, 1)) * 10) / 10 },
          threshold: { upload_bytes: uploadBytes, ratio },
          windowSecs,
          description: `${source} sent ${(up / 1e6).toFixed(1)} MB to ${target} within ${windowSecs} s and got ${(down / 1e6).toFixed(1)} MB back`,
          flows: flows.since(event.at - windowNs),
        },
        number,
      );
    };

    return {
      volumeFront: firstVolumesFront({ source: INSIDE, target: OUTSIDE }, { pairs, firsts, heavy }, uploadBytes),
      volumeRow({ entries, offsets, times, numbers, sources, targets }, i) {
        const offset = offsets[i];
        if (isNoise(entries, offset) || !isInside(sources[i]) || !isOutside(targets[i])) return;
        entries.writePair(offset, pairs.key, 0);
        const row = pairs.obtain();
        const isFirst = pairs.isFresh;
        if (isFirst) {
          const bytesUp = entries.grownBytes(offset, 0);
          firsts.set(row, entries, offset, [times[i], bytesUp, entries.grownBytes(offset, 1)], pairs.room);
          forget(row);
          if (bytesUp < uploadBytes) return;
        }
        const pair = sums[row] ?? sumsOf(row);
        sums[row] = pair;
        heavy[row] = 1;
        judge(pair, entries.volume(offset, times[i]), isFirst, numbers[i]);
      },
    };
  },
});
