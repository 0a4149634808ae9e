import { INSIDE, isInside, isOutside, OUTSIDE } from '../address-class.ts';
import type { EntryReader } from '../entry-reader.ts';
import type { CloseEvent } from '../events.ts';
import { firstCallsFront, PORTS } from '../row-front.ts';
import { defineRule } from '../rule.ts';
import { CallPairs, type Calls } from '../state/call-pairs.ts';
import { ascending, medianDeviation, quantile } from '../state/order.ts';

const SECOND = 1e9;
const WINDOW_SECS = 86_400;
const MOST_PAIRS = 8192;
/** Connections that are scored: the last ones. */
const MOST_SAMPLES = 64;
const TCP = 6;
const UDP = 17;
/**
 * Services whose clients call at fixed times by design: DNS, DHCP, NTP, NetBIOS, IKE with its NAT keep-alives, DHCPv6,
 * DNS over TLS, SSDP, STUN, mDNS and LLMNR.
 */
const CLOCKWORK_PORTS = new Set([53, 67, 68, 123, 137, 138, 500, 546, 547, 853, 1900, 3478, 4500, 5353, 5355]);

/** 1 for an even spread around the median (Bowley's skewness); RITA ignores quartiles less than 10 apart. */
function evenness(sorted: readonly number[]): number {
  const low = quantile(sorted, 0.25);
  const middle = quantile(sorted, 0.5);
  const high = quantile(sorted, 0.75);
  if (high - low < 10 || middle === low || middle === high) return 1;
  return 1 - Math.abs((low + high - 2 * middle) / (high - low));
}

/** 1 when nothing strays from the median; `without` when the median is below 1. */
function closeness(sorted: readonly number[], without: number): number {
  const median = quantile(sorted, 0.5);
  if (median < 1) return without;
  return Math.max(0, (median - medianDeviation(sorted, median)) / median);
}

/** RITA's timestamp score of starts (ns), and the median interval in seconds. */
export function timingScore(starts: readonly number[]): { score: number; interval: number } {
  const ordered = ascending(starts);
  const intervals: number[] = [];
  for (let i = 1; i < ordered.length; i++) if (ordered[i] > ordered[i - 1]) intervals.push((ordered[i] - ordered[i - 1]) / SECOND);
  if (intervals.length < 3) return { score: 0, interval: 0 };
  const sorted = ascending(intervals);
  return { score: (evenness(sorted) + closeness(sorted, 1)) / 2, interval: quantile(sorted, 0.5) };
}

/** RITA's data size score of the bytes that the source sent. */
export function sizeScore(sizes: readonly number[]): number {
  const sorted = ascending(sizes);
  return (evenness(sorted) + closeness(sorted, 0)) / 2;
}

/** Connections that said something and were answered. */
function isCall(entries: EntryReader, offset: number): boolean {
  const protocol = entries.protocol(offset);
  if (protocol !== TCP && protocol !== UDP) return false;
  if (entries.payloadOf(offset, 0) === 0 || entries.packets(offset, 1) === 0) return false;
  return !CLOCKWORK_PORTS.has(entries.targetPort(offset)) && !(entries.sourcePort(offset) === 123 && protocol === UDP);
}

/** Drops what is too old or too much. */
function trim({ starts, sizes }: Calls, after: number): void {
  let gone = Math.max(0, starts.length - MOST_SAMPLES);
  while (gone < starts.length && starts[gone] <= after) gone++;
  if (gone === 0) return;
  starts.splice(0, gone);
  sizes.splice(0, gone);
}

export const beaconing = defineRule({
  kind: 'beaconing',
  title: 'Regular calls to an external host',
  description:
    'An internal host connects to one external host, known by its name where connections say it (SNI, Host) and else by its address, at even intervals and with even sizes. The score is the ' +
    "mean of RITA's timestamp and data size scores over the last 64 connections of a day; connections that start within a " +
    'second count once. NTP, DNS, DHCP and keep-alives are left out.',
  severity: 'medium',
  confidence: 0.6,
  mitre: [
    { technique: 'T1071.001', name: 'Application Layer Protocol: Web Protocols', tactic: 'command-and-control' },
    { technique: 'T1573', name: 'Encrypted Channel', tactic: 'command-and-control' },
  ],
  enabled: true,
  cooldownSecs: WINDOW_SECS,
  isolated: true,
  settings: {
    connections: {
      value: 20,
      least: 4,
      most: MOST_SAMPLES,
      unit: 'connections',
      description: 'Connections, a second or more apart, before there is a verdict',
    },
    score: { value: 0.9, least: 0, most: 1, unit: 'ratio', description: 'Mean of the scores of intervals and sizes' },
  },
  create(context) {
    const { settings } = context;
    const pairs = new CallPairs(MOST_PAIRS);
    const judge = (calls: Calls, event: CloseEvent, number: number) => {
      const { starts, sizes, flows } = calls;
      if (starts.length > 0 && Math.abs(event.firstAt - starts[starts.length - 1]) < SECOND) return;
      starts.push(event.firstAt);
      sizes.push(event.bytesUp);
      flows.add(event, event.firstAt);
      trim(calls, event.at - WINDOW_SECS * SECOND);
      if (starts.length < settings.connections) return;
      const bySize = sizeScore(sizes);
      // Whatever the intervals are worth.
      if ((1 + bySize) / 2 < settings.score) return;
      const { score: byTime, interval } = timingScore(starts);
      const score = (byTime + bySize) / 2;
      if (score < settings.score) return;
      const source = context.text(event.source);
      const target = event.host ?? context.text(event.target);
      context.raise(
        {
          at: event.at,
          firstAt: Math.min(...starts),
          source,
          target,
          observed: {
            connections: starts.length,
            score: Math.round(score * 1000) / 1000,
            interval_score: Math.round(byTime * 1000) / 1000,
            size_score: Math.round(bySize * 1000) / 1000,
            interval_secs: Math.round(interval * 10) / 10,
          },
          threshold: { connections: settings.connections, score: settings.score },
          windowSecs: WINDOW_SECS,
          description: `${source} called ${target} ${starts.length} times, every ${interval.toFixed(1)} s, score ${score.toFixed(2)} of 1`,
          flows: flows.since(Number.NEGATIVE_INFINITY),
        },
        number,
      );
    };

    const gate = { protocols: [TCP, UDP], ports: { below: PORTS, except: CLOCKWORK_PORTS }, source: INSIDE, target: OUTSIDE };
    return {
      closeFront: firstCallsFront(gate, pairs),
      closeRow({ entries, offsets, times, numbers, sources, targets }, row) {
        const offset = offsets[row];
        if (!isCall(entries, offset)) return;
        if (!isInside(sources[row]) || !isOutside(targets[row])) return;
        const calls = pairs.before(entries, offset);
        if (calls !== null) judge(calls, entries.close(offset, times[row]), numbers[row]);
      },
    };
  },
});
