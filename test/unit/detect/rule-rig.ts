/** Drives one rule with events made from a few words, and keeps what it finds. Times are seconds, addresses readable. */
import { AddressCache } from '../../../src/detect/address-cache.ts';
import { dispatch } from '../../../src/detect/dispatch.ts';
import type {
  Address,
  AnswerEvent,
  ArpEvent,
  CloseEvent,
  DetectEvent,
  DhcpEvent,
  DnsEvent,
  FlowTuple,
  OpenEvent,
  SurgeEvent,
  TickEvent,
  VolumeEvent,
} from '../../../src/detect/events.ts';
import type { Finding, RowHandlers, Rule, RuleHandlers } from '../../../src/detect/rule.ts';
import { HyperLogLog } from '../../../src/detect/state/hyperloglog.ts';

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const SECOND = 1_000_000_000;

/** `10.0.0.1` or `fe80::1` as the bytes that events carry. */
export function addressOf(text: string): Address {
  if (!text.includes(':')) return String.fromCharCode(...text.split('.').map(Number));
  const [head, tail] = text.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const gap = tail === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill('0');
  const groups = [...head, ...gap, ...(tail ?? [])].map((group) => Number.parseInt(group, 16));
  return String.fromCharCode(...groups.flatMap((group) => [group >> 8, group & 0xff]));
}

export function textOf(address: Address): string {
  const bytes = Array.from(address, (char) => char.charCodeAt(0));
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  return groups.join(':').replace(/(?:^|:)0(?::0)+(?:$|:)/, '::');
}

export const isPrivate = (address: Address): boolean => /^(?:10|127|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.|^f[cd]/.test(textOf(address));

/** When: `t` in seconds, or `at` in nanoseconds where an edge is meant. */
interface When {
  readonly t?: number;
  readonly at?: number;
  readonly ordinal?: number;
}

/** A flow in words; TCP from port 40000 unless told otherwise. */
interface Words extends When {
  readonly source: string;
  readonly target: string;
  readonly port?: number;
  readonly sourcePort?: number;
  readonly protocol?: number;
}

type Given<E> = Partial<Omit<E, 'type' | 'at' | 'ordinal' | keyof FlowTuple>>;

const moment = ({ t = 0, at = Math.round(t * SECOND), ordinal = 0 }: When) => ({ at, ordinal });

function tuple({ source, target, port = 0, sourcePort = 40_000, protocol = TCP }: Words): FlowTuple {
  return { protocol, source: addressOf(source), sourcePort, target: addressOf(target), targetPort: port };
}

/** What `given` says beyond the words of the flow. */
function rest(given: object): object {
  const words = new Set(['t', 'at', 'ordinal', 'source', 'target', 'port', 'sourcePort', 'protocol']);
  return Object.fromEntries(Object.entries(given).filter(([name]) => !words.has(name)));
}

export function open(given: Words & Given<OpenEvent>): OpenEvent {
  return { type: 'open', icmpType: 0, tracked: true, outcome: null, ...moment(given), ...tuple(given), ...rest(given) };
}

export function answer(given: Words & Given<AnswerEvent>): AnswerEvent {
  return { type: 'answer', outcome: 'accepted', attemptAt: null, ...moment(given), ...tuple(given), ...rest(given) };
}

export function volume(given: Words & Given<VolumeEvent>): VolumeEvent {
  const sums = { bytesUp: 0, bytesDown: 0, packetsUp: 0, packetsDown: 0 };
  const when = moment(given);
  return { type: 'volume', ...sums, firstAt: when.at, lastAt: when.at, ...when, ...tuple(given), ...rest(given) };
}

export function close(given: Words & Given<CloseEvent>): CloseEvent {
  const sums = { bytesUp: 0, bytesDown: 0, payloadUp: 0, payloadDown: 0, packetsUp: 0, packetsDown: 0 };
  const names = { state: null, service: null, host: null };
  const when = moment(given);
  return { type: 'close', ...sums, ...names, firstAt: when.at, lastAt: when.at, ...when, ...tuple(given), ...rest(given) };
}

export function dns(given: When & { client: string; server?: string; query: string; qtype?: string; rcode?: string | null }): DnsEvent {
  const { client, server = '10.0.0.53', query, qtype = 'A', rcode = 'NOERROR' } = given;
  return { type: 'dns', ...moment(given), client: addressOf(client), server: addressOf(server), query, qtype, rcode };
}

/** A claim or question of `mac` at `sender`; the frame agrees with it unless told otherwise. */
export function arp(given: When & { operation?: number; mac: string; sender: string; target?: string } & Given<ArpEvent>): ArpEvent {
  const { operation = 1, mac, sender, target = sender, targetMac = '00:00:00:00:00:00' } = given;
  const { frameSource = mac, frameTarget = operation === 1 ? 'ff:ff:ff:ff:ff:ff' : targetMac } = given;
  const addresses = { senderMac: mac, senderAddress: addressOf(sender), targetMac, targetAddress: addressOf(target) };
  return { type: 'arp', ...moment(given), operation, frameSource, frameTarget, ...addresses };
}

/** A client's message to a server, as a broadcast unless told otherwise; `mac`: of the frame. */
export function dhcp(given: When & { mac: string | null; source?: string; target?: string; port?: number }): DhcpEvent {
  const { mac, source = '0.0.0.0', target = '255.255.255.255', port = 67 } = given;
  return { type: 'dhcp', ...moment(given), station: mac, ...tuple({ source, target, port, sourcePort: port + 1, protocol: UDP }) };
}

/** `sources` are readable addresses, or how many there were. */
export function surge(
  given: When & { target: string; port?: number; protocol?: number; opens: number; sources: number | readonly string[] },
): SurgeEvent {
  const { target, port = 80, protocol = TCP, opens, sources } = given;
  const sketch = new HyperLogLog();
  if (typeof sources === 'number') for (let i = 0; i < sources; i++) sketch.add(`source ${i}`);
  else for (const source of sources) sketch.add(addressOf(source));
  return { type: 'surge', ...moment(given), protocol, target: addressOf(target), targetPort: port, opens, sources: sketch };
}

export function tick(given: When & Partial<Omit<TickEvent, 'type' | 'at' | 'ordinal'>>): TickEvent {
  const sums = { packets: 0, bytes: 0, dropped: 0, missedBytes: 0, payloadBytes: 0, clockSteps: 0 };
  return { type: 'tick', final: false, ...sums, ...moment(given), ...rest(given) };
}

export class RuleRig {
  readonly findings: Finding[] = [];
  private readonly handlers: RuleHandlers & RowHandlers;
  private readonly addresses: AddressCache;

  /** `settings` in place of the rule's own values, `isInternal` in place of RFC 1918 and ULA. */
  constructor(rule: Rule, settings: Readonly<Record<string, number>> = {}, isInternal: (address: Address) => boolean = isPrivate) {
    for (const name of Object.keys(settings)) if (!(name in rule.settings)) throw new RangeError(`${rule.kind} has no setting ${name}`);
    const own = Object.fromEntries(Object.entries(rule.settings).map(([name, { value }]) => [name, value]));
    const raise = (finding: Finding) => void this.findings.push(finding);
    this.addresses = new AddressCache({ isInternal });
    this.handlers = rule.create({ settings: { ...own, ...settings }, isInternal, text: textOf, raise });
  }

  feed(...events: readonly DetectEvent[]): this {
    for (const event of events) dispatch(this.handlers, event, this.addresses);
    return this;
  }

  /** Findings folded by key, as alerts would be within one cooldown. */
  get alerts(): string[] {
    return [...new Set(this.findings.map(({ key, source, target }) => key ?? `${source} ${target}`))];
  }
}
