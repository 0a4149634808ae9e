import { endpointText } from '../endpoint.ts';
import type { EntryReader } from '../entry-reader.ts';
import type { CloseEvent } from '../events.ts';
import { gateFront } from '../row-front.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { ascending, medianDeviation, quantile } from '../state/order.ts';
import { TimedFlows } from '../state/timed-flows.ts';

const TCP = 6;
const MOST_PAIRS = 4096;
/** Attempts of a pair that are remembered: the last ones. */
const MOST_ATTEMPTS = 128;
/** Longer or larger flows are sessions, not attempts. */
const LONGEST_NS = 10e9;
const LARGEST_BYTES = 10_000;

interface Service {
  readonly name: string;
  /**
   * Payload from the client below which nobody can have tried a password: a monitor that only reads the greeting sends a
   * version line or `QUIT`. SSH needs a key exchange, RDP and SMB a negotiation, FTP and telnet a name and a password.
   */
  readonly leastPayload: number;
}

const SSH: Service = { name: 'ssh', leastPayload: 256 };
const RDP: Service = { name: 'rdp', leastPayload: 64 };
const FTP: Service = { name: 'ftp', leastPayload: 12 };
const SMB: Service = { name: 'smb', leastPayload: 64 };
const TELNET: Service = { name: 'telnet', leastPayload: 4 };
const BY_PORT = new Map<number, Service>([
  [21, FTP],
  [22, SSH],
  [23, TELNET],
  [139, SMB],
  [445, SMB],
  [3389, RDP],
]);
const BY_LABEL = new Map<string, Service>([
  ['ftp_control', FTP],
  ['ftps', FTP],
  ['rdp', RDP],
  ['smbv1', SMB],
  ['smbv23', SMB],
  ['ssh', SSH],
  ['telnet', TELNET],
]);

/** The service that an attempt was made at, or null when the flow is no attempt. */
function attemptedAt(entries: EntryReader, offset: number): Service | null {
  const label = entries.service(offset);
  const service = (label === null ? undefined : BY_LABEL.get(label)) ?? BY_PORT.get(entries.targetPort(offset));
  if (service === undefined || entries.protocol(offset) !== TCP || entries.payloadOf(offset, 1) === 0) return null;
  if (entries.lastAt(offset) - entries.firstAt(offset) >= LONGEST_NS) return null;
  if (entries.bytes(offset, 0) + entries.bytes(offset, 1) >= LARGEST_BYTES) return null;
  return entries.payloadOf(offset, 0) >= service.leastPayload ? service : null;
}

/** The last attempts from one source at one service of one target. */
class Attempts {
  readonly times: number[] = [];
  readonly flows = new TimedFlows();
  private readonly sizes: number[] = [];

  add(event: CloseEvent, windowNs: number): void {
    this.times.push(event.at);
    this.sizes.push(event.bytesUp + event.bytesDown);
    this.flows.add(event, event.at);
    let gone = Math.max(0, this.times.length - MOST_ATTEMPTS);
    while (event.at - this.times[gone] >= windowNs) gone++;
    if (gone === 0) return;
    this.times.splice(0, gone);
    this.sizes.splice(0, gone);
  }

  /** How many lie within a window that ends at the last. */
  within(windowNs: number): number {
    const last = this.times.length - 1;
    let count = 0;
    while (count <= last && this.times[last] - this.times[last - count] < windowNs) count++;
    return count;
  }

  /** Median absolute deviation of the last `count` sizes over their median. */
  variation(count: number): number {
    const sizes = this.sizes.slice(-count);
    const median = quantile(ascending(sizes), 0.5);
    return medianDeviation(sizes, median) / median;
  }
}

export const bruteForce = defineRule({
  kind: 'brute_force',
  title: 'Password guessing',
  description:
    'One source opens many short connections of nearly the same size to one SSH, RDP, FTP, SMB or telnet service (by label ' +
    'or port). Many in a minute are guessing; as many over half an hour can also be a scheduled job, and are told with low ' +
    'severity. Connections in which no password can have been tried, of 10 s or more, or of 10,000 bytes or more do not count.',
  severity: 'high',
  confidence: 0.7,
  mitre: [{ technique: 'T1110', name: 'Brute Force', tactic: 'credential-access' }],
  enabled: true,
  cooldownSecs: 1800,
  decides: 'target',
  isolated: true,
  settings: {
    attempts: { value: 10, least: 2, most: MOST_ATTEMPTS, unit: 'attempts', description: 'Short connections in the window' },
    window_secs: { value: 60, least: 1, most: 3600, unit: 's', description: 'Sliding window' },
    slow_attempts: { value: 30, least: 2, most: MOST_ATTEMPTS, unit: 'attempts', description: 'More than this many in the slow window' },
    slow_window_secs: { value: 1800, least: 1, most: 86_400, unit: 's', description: 'Sliding window of patient guessing' },
    variation: {
      value: 0.1,
      least: 0,
      most: 1,
      unit: 'ratio',
      description: 'Sizes stray less than this (median absolute deviation over median)',
    },
  },
  create(context) {
    const { settings } = context;
    const { attempts, window_secs: windowSecs, slow_attempts: slowAttempts, slow_window_secs: slowWindowSecs, variation } = settings;
    const longestNs = Math.max(windowSecs, slowWindowSecs) * 1e9;
    const pairs = new BoundedMap<Attempts>(MOST_PAIRS);

    const report = (event: CloseEvent, service: Service, state: Attempts, count: number, isSlow: boolean, number: number) => {
      const source = context.text(event.source);
      const target = endpointText(context.text(event.target), event.targetPort);
      const secs = isSlow ? slowWindowSecs : windowSecs;
      context.raise(
        {
          at: event.at,
          firstAt: state.times[state.times.length - count],
          source,
          target,
          observed: { attempts: count, variation: Math.round(state.variation(count) * 1000) / 1000, service: service.name },
          threshold: { attempts: isSlow ? slowAttempts : attempts, variation },
          windowSecs: secs,
          description: `${source} made ${count} short ${service.name} connections of nearly the same size to ${target} within ${secs} s`,
          flows: state.flows.since(event.at - secs * 1e9),
          ...(isSlow ? { severity: 'low', confidence: 0.4, key: `${source} ${target} slow` } : {}),
        },
        number,
      );
    };

    const judge = (event: CloseEvent, service: Service, number: number) => {
      const state = pairs.obtain(`${event.targetPort} ${event.source}${event.target}`, () => new Attempts());
      state.add(event, longestNs);
      const count = state.within(windowSecs * 1e9);
      if (count >= attempts && state.variation(count) < variation) return report(event, service, state, count, false, number);
      const slow = state.within(slowWindowSecs * 1e9);
      if (slow > slowAttempts && state.variation(slow) < variation) report(event, service, state, slow, true, number);
    };

    return {
      closeFront: gateFront({
        protocols: [TCP],
        ports: { only: BY_PORT.keys() },
        labelled: true,
        belowNs: LONGEST_NS,
        belowBytes: LARGEST_BYTES,
      }),
      closeRow({ entries, offsets, times, numbers }, row) {
        const service = attemptedAt(entries, offsets[row]);
        if (service !== null) judge(entries.close(offsets[row], times[row]), service, numbers[row]);
      },
    };
  },
});
