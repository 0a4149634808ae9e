import type { EntryReader } from '../entry-reader.ts';
import type { FlowTuple, VolumeEvent } from '../events.ts';
import { PAIR_WORDS } from '../flow-keys.ts';
import { type Exchange, type FirstPairs, firstExchangesFront } from '../row-front.ts';
import { defineRule } from '../rule.ts';
import { FirstFlows } from '../state/first-flows.ts';
import { KeyTable } from '../state/key-table.ts';
import { SlidingTotals } from '../state/sliding-totals.ts';
import { TimedFlows } from '../state/timed-flows.ts';

const ICMP = 1;
const ICMPV6 = 58;
const MOST_PAIRS = 2048;
const GRAINS = 64;
/** Packets each way before the sizes of questions and answers are compared. */
const LEAST_PACKETS = 100;
/** Below this mean size a link's padding makes a difference that the hosts did not. */
const LEAST_MEAN = 100;

/** Both directions within a window; `first` is from the end with the smaller address. */
class Traffic {
  readonly bytes: SlidingTotals;
  readonly packets: SlidingTotals;

  constructor(windowNs: number) {
    this.bytes = new SlidingTotals(windowNs, windowNs / GRAINS);
    this.packets = new SlidingTotals(windowNs, windowNs / GRAINS);
  }

  get total(): number {
    return this.bytes.first + this.bytes.second;
  }

  get mean(): number {
    return this.total / (this.packets.first + this.packets.second);
  }

  /** Part by which the mean sizes of the two directions differ; an echo reply repeats its request (RFC 792). */
  get difference(): number {
    const { bytes, packets } = this;
    if (packets.first < LEAST_PACKETS || packets.second < LEAST_PACKETS) return 0;
    const up = bytes.first / packets.first;
    const down = bytes.second / packets.second;
    return Math.abs(up - down) / Math.max(up, down);
  }
}

class Pair {
  /** For much at once, and for the slow difference of questions and answers. */
  readonly short: Traffic;
  readonly long: Traffic;
  readonly flows = new TimedFlows();

  constructor(shortNs: number, longNs: number) {
    this.short = new Traffic(shortNs);
    this.long = new Traffic(longNs);
  }

  /** Either end may ask; `up` is from the end with the smaller address. */
  add(flow: FlowTuple, [at, bytesUp, bytesDown, packetsUp, packetsDown]: Exchange): void {
    const turned = flow.source > flow.target;
    for (const { bytes, packets } of [this.short, this.long]) {
      bytes.add(turned ? bytesDown : bytesUp, turned ? bytesUp : bytesDown, at);
      packets.add(turned ? packetsDown : packetsUp, turned ? packetsUp : packetsDown, at);
    }
    this.flows.add(flow, at);
  }
}

/** Most pairs have one small volume to tell before they make room for others: that takes no object. */
class Pairs implements FirstPairs<Exchange> {
  readonly pairs = new KeyTable(PAIR_WORDS, MOST_PAIRS, (row) => this.forget(row), true);
  readonly firsts = new FirstFlows<Exchange>(5, MOST_PAIRS);
  /** By pair: it has been made. */
  readonly heavy = new Uint8Array(MOST_PAIRS);
  /** A first volume of less is nothing to find. */
  readonly leastBytes: number;
  private readonly made = new Array<Pair | null>(MOST_PAIRS).fill(null);
  private readonly shortNs: number;
  private readonly longNs: number;

  constructor(shortNs: number, longNs: number, leastBytes: number) {
    this.shortNs = shortNs;
    this.longNs = longNs;
    this.leastBytes = leastBytes;
  }

  /** The pair before the volume at an entry; null when that is its first, and is only remembered. */
  before(entries: EntryReader, offset: number, exchange: Exchange): Pair | null {
    const { pairs, firsts } = this;
    entries.writeUnorderedPair(offset, pairs.key, 0);
    const row = pairs.obtain();
    if (pairs.isFresh && exchange[1] + exchange[2] < this.leastBytes) {
      firsts.set(row, entries, offset, exchange, pairs.room);
      return null;
    }
    return this.made[row] ?? this.make(row, pairs.isFresh);
  }

  private make(row: number, isFirst: boolean): Pair {
    const pair = new Pair(this.shortNs, this.longNs);
    if (!isFirst) pair.add(this.firsts.flow(row), this.firsts.numbersOf(row));
    this.made[row] = pair;
    this.heavy[row] = 1;
    return pair;
  }

  private forget(row: number): void {
    this.made[row] = null;
    this.heavy[row] = 0;
  }
}

export const icmpTunnel = defineRule({
  kind: 'icmp_tunnel',
  title: 'Data carried in ICMP',
  description:
    'Two hosts exchange ICMP in both directions, and either more bytes in large packets than a ping a second makes (two ' +
    'directions of 1,400-byte payloads are 173,000 bytes a minute), or answers that differ in size from their questions, ' +
    'which an echo never does. Errors, which nobody answers, do not count.',
  severity: 'medium',
  confidence: 0.6,
  mitre: [{ technique: 'T1095', name: 'Non-Application Layer Protocol', tactic: 'command-and-control' }],
  enabled: true,
  cooldownSecs: 3600,
  settings: {
    bytes: { value: 262_144, least: 1, most: 1e12, unit: 'bytes', description: 'Wire bytes both ways in the window' },
    packet_bytes: { value: 300, least: 1, most: 65_535, unit: 'bytes', description: 'Mean size of a packet, with `bytes`' },
    unequal_bytes: {
      value: 65_536,
      least: 1,
      most: 1e12,
      unit: 'bytes',
      description: 'Wire bytes both ways when questions and answers differ',
    },
    difference: {
      value: 0.01,
      least: 0.001,
      most: 1,
      unit: 'ratio',
      description: 'Part by which the mean sizes of questions and answers differ',
    },
    window_secs: { value: 60, least: 1, most: 3600, unit: 's', description: 'Sliding window' },
    unequal_secs: {
      value: 600,
      least: 1,
      most: 3600,
      unit: 's',
      description: 'Sliding window in which questions and answers are compared',
    },
  },
  create(context) {
    const { settings } = context;
    const shortNs = settings.window_secs * 1e9;
    const longNs = settings.unequal_secs * 1e9;
    const pairs = new Pairs(shortNs, longNs, Math.min(settings.bytes, settings.unequal_bytes));
    const judge = (pair: Pair, event: VolumeEvent, number: number) => {
      const { source, target, at } = event;
      const isLarge = pair.short.total >= settings.bytes && pair.short.mean >= settings.packet_bytes;
      const { difference } = pair.long;
      const isUnequal = pair.long.total >= settings.unequal_bytes && pair.long.mean >= LEAST_MEAN && difference >= settings.difference;
      if (!isLarge && !isUnequal) return;
      const traffic = isLarge ? pair.short : pair.long;
      const windowSecs = isLarge ? settings.window_secs : settings.unequal_secs;
      const [from, to, mean] = [context.text(source), context.text(target), Math.round(traffic.mean)];
      context.raise(
        {
          at,
          firstAt: traffic.bytes.firstAt,
          source: from,
          target: to,
          observed: { bytes: traffic.total, packet_bytes: mean, difference: Math.round(difference * 1000) / 1000 },
          threshold: isLarge
            ? { bytes: settings.bytes, packet_bytes: settings.packet_bytes }
            : { bytes: settings.unequal_bytes, difference: settings.difference },
          windowSecs,
          description: `${from} and ${to} exchanged ${traffic.total} bytes of ICMP within ${windowSecs} s, ${mean} bytes per packet`,
          flows: pair.flows.since(at - windowSecs * 1e9),
        },
        number,
      );
    };

    return {
      volumeFront: firstExchangesFront({ protocols: [ICMP, ICMPV6] }, pairs, pairs.leastBytes),
      volumeRow({ entries, offsets, times, numbers }, row) {
        const offset = offsets[row];
        const protocol = entries.protocol(offset);
        if (protocol !== ICMP && protocol !== ICMPV6) return;
        const [packetsUp, packetsDown] = [entries.grownPackets(offset, 0), entries.grownPackets(offset, 1)];
        if (packetsUp === 0 || packetsDown === 0) return;
        const exchange: Exchange = [times[row], entries.grownBytes(offset, 0), entries.grownBytes(offset, 1), packetsUp, packetsDown];
        const pair = pairs.before(entries, offset, exchange);
        if (pair === null) return;
        const event = entries.volume(offset, times[row]);
        pair.add(event, exchange);
        judge(pair, event, numbers[row]);
      },
    };
  },
});
