/**
 * Which findings are not to become alerts (`[[detect.allow]]`), and which alerts are to disturb nobody
 * (`[[detect.suppress]]`): by rule, source, target and, for suppressions, time. An entry matches when everything that it
 * names matches.
 */
import type { AlertMatch, Suppression } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import { addressOf, Networks } from './networks.ts';
import { placed, unknownRule } from './place.ts';

type Matcher = (text: string) => boolean;

interface Entry {
  readonly rule: string | undefined;
  readonly source: Matcher | null;
  readonly target: Matcher | null;
  /** Seconds since the epoch; `until` is the first that is no longer covered. */
  readonly from: number;
  readonly until: number;
}

/** Host names and link addresses, with a port or without. */
const NAME = /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*\.?(?::\d{1,5})?$/;
const LINK_ADDRESS = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/** The part of `10.0.0.1:80`, `[2001:db8::1]:80` or `host:80` before the port. */
function hostOf(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  if (bracketed !== null) return bracketed[1];
  return /^[^:]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
}

function inNetwork(networks: Networks): Matcher {
  return (text) => {
    const address = addressOf(hostOf(text));
    return address !== null && networks.contains(address);
  };
}

/** A network or address matches with any port; `*.example.com` every name below example.com; other texts as they are. */
function matcherOf(pattern: string): Matcher | null {
  const wanted = pattern.trim().toLowerCase();
  const network = Networks.of(wanted);
  if (network !== null) return inNetwork(network);
  const host = hostOf(wanted);
  if (host !== wanted && addressOf(host) !== null) return (text) => text.toLowerCase() === wanted;
  // Four numbers between dots are a mistyped address, no name.
  if ((!NAME.test(wanted) || /^[\d.]+$/.test(host)) && !LINK_ADDRESS.test(wanted)) return null;
  if (wanted.startsWith('*.')) return (text) => hostOf(text.toLowerCase()).replace(/\.$/, '').endsWith(wanted.slice(1));
  return (text) => text.toLowerCase() === wanted || hostOf(text.toLowerCase()) === wanted;
}

function endpointMatcher(pattern: string | undefined, path: string, places: Places): Matcher | null {
  if (pattern === undefined) return null;
  const matcher = matcherOf(pattern);
  if (matcher !== null) return matcher;
  throw placed(places, path, `is ${JSON.stringify(pattern)}, which is no address, network or host name`, {
    hint: 'write 10.0.0.1, 10.0.0.1:443, 10.0.0.0/8, host.example.com or *.example.com',
  });
}

/** By dotted path under `detect`, where in a file something stands. */
type Places = Readonly<Record<string, string>>;

type OnUnknown = (problem: SensorError) => void;

const refuse = (problem: SensorError): never => {
  throw problem;
};

export class AllowList {
  readonly #entries: readonly Entry[];

  private constructor(entries: readonly Entry[]) {
    this.#entries = entries;
  }

  /**
   * `table` is `allow` or `suppress`, under which `places` knows the entries; `kinds` are the rules that there are,
   * `onUnknown` is told of others.
   * @throws SensorError CONFIG for an unknown rule, for what cannot match anything and for what would match everything
   */
  static parse(
    entries: readonly (AlertMatch | Suppression)[],
    table: 'allow' | 'suppress',
    kinds: readonly string[],
    places: Places,
    onUnknown: OnUnknown = refuse,
  ): AllowList {
    return new AllowList(entries.map((entry, index) => parseEntry(entry, `${table}.${index}`, kinds, places, onUnknown)));
  }

  /** `at` in seconds since the epoch. */
  matches(kind: string, source: string | null, target: string | null, at: number): boolean {
    for (const entry of this.#entries) {
      if (entry.rule !== undefined && entry.rule !== kind) continue;
      if (entry.source !== null && (source === null || !entry.source(source))) continue;
      if (entry.target !== null && (target === null || !entry.target(target))) continue;
      if (at >= entry.from && at < entry.until) return true;
    }
    return false;
  }
}

function parseEntry(entry: AlertMatch | Suppression, path: string, kinds: readonly string[], places: Places, onUnknown: OnUnknown): Entry {
  const { rule, source, target } = entry;
  if (rule !== undefined && !kinds.includes(rule)) onUnknown(unknownRule(places, `${path}.rule`, rule, kinds));
  const from = ('from' in entry ? entry.from : undefined) ?? Number.NEGATIVE_INFINITY;
  const until = ('until' in entry ? entry.until : undefined) ?? Number.POSITIVE_INFINITY;
  const timeless = from === Number.NEGATIVE_INFINITY && until === Number.POSITIVE_INFINITY;
  if (rule === undefined && source === undefined && target === undefined && timeless)
    throw placed(places, path, 'matches everything', { hint: 'name a rule, a source or a target; --no-anomalies switches detection off' });
  if (!(from < until)) throw placed(places, path, 'ends before it begins');
  return {
    rule,
    source: endpointMatcher(source, `${path}.source`, places),
    target: endpointMatcher(target, `${path}.target`, places),
    from,
    until,
  };
}
