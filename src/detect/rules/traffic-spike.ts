import { isInside } from '../address-class.ts';
import { B_SOURCE, B_TARGET } from '../batch.ts';
import type { EntryReader } from '../entry-reader.ts';
import type { Address } from '../events.ts';
import { ADDRESS_WORDS, addressOfWords } from '../flow-keys.ts';
import { volumeSumsFront } from '../row-front.ts';
import { defineRule } from '../rule.ts';
import { KeyTable, NO_ROW } from '../state/key-table.ts';

const MOST_ADDRESSES = 4096;
/** Steady traffic hardly varies; what lies within a tenth of the mean is counted as variation all the same. */
const LEAST_DEVIATION = 0.1;

/** Exponentially weighted moments of an address's rate, with the weight that they have gathered so far. */
class Baseline {
  readonly since: number;
  private updatedAt: number;
  private weight = 0;
  private sum = 0;
  private squares = 0;

  constructor(at: number) {
    this.since = at;
    this.updatedAt = at;
  }

  get mean(): number {
    return this.weight > 0 ? this.sum / this.weight : 0;
  }

  get deviation(): number {
    const variance = this.weight > 0 ? this.squares / this.weight - this.mean ** 2 : 0;
    return Math.max(Math.sqrt(Math.max(variance, 0)), this.mean * LEAST_DEVIATION);
  }

  /** Time without traffic up to `at`: as many samples of 0. */
  idle(at: number, baselineNs: number): void {
    if (at > this.updatedAt) this.sample(0, at, baselineNs);
  }

  /** The rate from the last update to `at`, bytes per second. */
  sample(rate: number, at: number, baselineNs: number): void {
    const kept = Math.exp((this.updatedAt - at) / baselineNs);
    this.weight = this.weight * kept + 1 - kept;
    this.sum = this.sum * kept + rate * (1 - kept);
    this.squares = this.squares * kept + rate * rate * (1 - kept);
    this.updatedAt = at;
  }
}

export const trafficSpike = defineRule({
  kind: 'traffic_spike',
  title: 'Sudden traffic of an internal address',
  description:
    'The rate of an internal address (both directions) lies several standard deviations above its own exponentially ' +
    'weighted mean, and above a floor: what fills a 100 Mbit/s line. Starts when the address has a full baseline.',
  severity: 'low',
  confidence: 0.4,
  mitre: [{ technique: 'T1498', name: 'Network Denial of Service', tactic: 'impact' }],
  enabled: true,
  cooldownSecs: 300,
  settings: {
    sigma: { value: 4, least: 1, most: 100, unit: 'sigma', description: 'Standard deviations above the mean that are exceeded' },
    floor: { value: 12_500_000, least: 0, most: 1e12, unit: 'bytes/s', description: 'Rates up to this are never a spike' },
    baseline_secs: {
      value: 60,
      least: 1,
      most: 86_400,
      unit: 's',
      description: 'Time constant of the mean, and the time before the first verdict',
    },
  },
  create(context) {
    const { settings } = context;
    const { sigma, floor, baseline_secs: baselineSecs } = settings;
    const baselineNs = baselineSecs * 1e9;
    const addresses = new KeyTable(ADDRESS_WORDS, MOST_ADDRESSES, null, true);
    /** Bytes of each since the last tick. */
    const sums = new Float64Array(MOST_ADDRESSES);
    const baselines: Baseline[] = [];
    let tickAt = Number.NaN;

    /** `end` is B_SOURCE or B_TARGET. */
    const count = (entries: EntryReader, offset: number, end: number, bytes: number, at: number) => {
      entries.writeAddress(offset, end, addresses.key, 0);
      const row = addresses.obtain();
      if (addresses.isFresh) {
        baselines[row] = new Baseline(Number.isNaN(tickAt) ? at : tickAt);
        sums[row] = 0;
      }
      sums[row] += bytes;
    };

    const judge = (row: number, baseline: Baseline, from: number, at: number) => {
      const rate = sums[row] / ((at - from) / 1e9);
      const { mean, deviation } = baseline;
      if (from - baseline.since < baselineNs || rate <= floor || rate <= mean + sigma * deviation) return;
      const address: Address = addressOfWords((word) => addresses.wordOf(row, word));
      const source = context.text(address);
      context.raise({
        at,
        firstAt: from,
        source,
        target: null,
        observed: { rate: Math.round(rate), mean: Math.round(mean), deviation: Math.round(deviation) },
        threshold: { rate: Math.round(Math.max(floor, mean + sigma * deviation)), sigma, floor },
        windowSecs: baselineSecs,
        description: `${source} moved ${(rate / 1e6).toFixed(1)} MB/s, up from a mean of ${(mean / 1e6).toFixed(1)} MB/s`,
        flows: [],
      });
    };

    return {
      volumeFront: volumeSumsFront(addresses, sums),
      volumeRow({ entries, offsets, times, sources, targets }, i) {
        const offset = offsets[i];
        const bytes = entries.grownBytes(offset, 0) + entries.grownBytes(offset, 1);
        if (isInside(sources[i])) count(entries, offset, B_SOURCE, bytes, times[i]);
        if (isInside(targets[i])) count(entries, offset, B_TARGET, bytes, times[i]);
      },
      tick({ at }) {
        const from = tickAt;
        tickAt = at;
        if (Number.isNaN(from) || at <= from) return;
        // Nothing was seen for longer than the baseline remembers: what comes now can't be compared with it.
        if (at - from >= baselineNs) {
          addresses.clear();
          return;
        }
        for (let row = addresses.oldest; row !== NO_ROW; row = addresses.after(row)) {
          const baseline = baselines[row];
          if (sums[row] === 0) continue;
          baseline.idle(from, baselineNs);
          judge(row, baseline, from, at);
          baseline.sample(sums[row] / ((at - from) / 1e9), at, baselineNs);
          sums[row] = 0;
        }
      },
    };
  },
});
