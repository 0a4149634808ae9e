/**
 * Patient scans by sequential hypothesis testing (threshold random walk: Jung, Paxson, Berger, Balakrishnan 2004) over the
 * first contacts of each source. A contact is a (host, port) here, not a host, so that one host scanned slowly counts.
 * Four straight failures decide the test with the paper's numbers; a laptop away from its office has as many, so that a
 * number of failed contacts within the memory is asked for as well. Zeek's port scans of old began at 15 ports.
 */
import type { OpenEvent } from '../events.ts';
import { defineRule, type Setting } from '../rule.ts';
import { type AnsweredContacts, contactOf } from '../state/answered-contacts.ts';
import { followContacts } from '../state/contact-follower.ts';
import { RecentFlows } from '../state/recent-flows.ts';
import { SlidingSet } from '../state/sliding-set.ts';
import { Suspects } from '../state/suspects.ts';
import { ACTIVE_SCANNING, ANSWER_WAIT, counted, NS_PER_SECOND, SERVICE_DISCOVERY, TCP, windowSetting } from './scan-settings.ts';

const MOST_SOURCES = 4096;

interface Limits {
  readonly memoryNs: number;
  readonly contacts: number;
  readonly paceNs: number;
  readonly fastPorts: number;
  readonly fastHosts: number;
  /** Steps and bounds of the walk, as logarithms of likelihoods. */
  readonly onFailure: number;
  readonly onSuccess: number;
  readonly scanner: number;
  readonly benign: number;
}

class Source {
  readonly failed: SlidingSet;
  readonly answered: SlidingSet;
  readonly recent = new RecentFlows();
  walk = 0;
  /** The attempt from which on the memory was never empty. */
  private beganAt = 0;
  lastAt = Number.NEGATIVE_INFINITY;
  private readonly paceHosts: SlidingSet;
  private readonly pacePorts: SlidingSet;
  private readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
    this.failed = new SlidingSet(limits.memoryNs, 2 * limits.contacts);
    this.answered = new SlidingSet(limits.memoryNs, 2 * limits.contacts);
    this.paceHosts = new SlidingSet(limits.paceNs, limits.fastHosts);
    this.pacePorts = new SlidingSet(limits.paceNs, limits.fastPorts);
  }

  /** Takes a failed contact; different ones within the memory, 0 while the source is fast enough for the other rules. */
  fail(open: OpenEvent): number {
    const { limits } = this;
    const { at, target, targetPort } = open;
    const isFast = this.paceHosts.add(target, at) >= limits.fastHosts || this.pacePorts.add(String(targetPort), at) >= limits.fastPorts;
    if (isFast || at - this.lastAt >= limits.memoryNs) this.forget();
    this.lastAt = at;
    if (isFast) return 0;
    this.recent.add(open);
    if (this.failed.count(at) === 0) this.beganAt = at;
    if (addsFirst(this.failed, contactOf(open), at, 2 * limits.contacts)) this.walk += limits.onFailure;
    return this.failed.count(at);
  }

  succeed(open: OpenEvent): void {
    const { limits } = this;
    this.lastAt = Math.max(this.lastAt, open.at);
    if (!addsFirst(this.answered, contactOf(open), open.at, 2 * limits.contacts)) return;
    this.walk = Math.max(this.walk + limits.onSuccess, limits.benign);
  }

  /** What was answered before the source first failed: until then nobody has to keep count. */
  learn(answered: AnsweredContacts, at: number): void {
    const { limits } = this;
    const known = answered.latest(at, limits.memoryNs, 2 * limits.contacts);
    for (const [contact, time] of known) this.answered.add(contact, time);
    this.walk = Math.max(known.length * limits.onSuccess, limits.benign);
    this.lastAt = answered.lastAt;
  }

  /** When the contacts in the memory began, those counted that a full set has pushed out. */
  get firstAt(): number {
    return Math.min(this.failed.firstAt, Math.max(this.beganAt, this.lastAt - this.limits.memoryNs));
  }

  /** Different hosts and ports of the failed contacts. */
  shape(): { hosts: number; ports: number } {
    const contacts = [...this.failed.keys()];
    return { hosts: new Set(contacts.map((key) => key.slice(0, -1))).size, ports: new Set(contacts.map((key) => key.at(-1))).size };
  }

  private forget(): void {
    this.failed.clear();
    this.answered.clear();
    this.walk = 0;
  }
}

/** Whether a contact is a first one; beyond the bound of the set that is not known, and taken to be so. */
function addsFirst(set: SlidingSet, key: string, at: number, most: number): boolean {
  const before = set.count(at);
  return set.add(key, at) > before || before === most;
}

const ratio = (value: number, description: string): Setting => ({ value, least: 0.01, most: 0.99, unit: 'ratio', description });

const SETTINGS = {
  contacts: { value: 15, least: 4, most: 1024, unit: 'contacts', description: 'Different failed (host, port) within the memory' },
  likelihood: { value: 99, least: 2, most: 1e9, unit: 'ratio', description: 'How much likelier a scanner must be than a benign source' },
  success_benign: ratio(0.8, 'Part of first contacts that succeed for benign sources'),
  success_scanner: ratio(0.2, 'Part of first contacts that succeed for scanners'),
  memory: { ...windowSetting(1800, 86_400), description: 'How long a contact is remembered, in packet time' },
  least_span: {
    value: 60,
    least: 0,
    most: 86_400,
    unit: 's',
    description: 'How long a scan must last; shorter ones are for the other rules',
  },
  fast_ports: { value: 25, least: 2, most: 1024, unit: 'ports', description: 'Different ports within fast_window that are no slow scan' },
  fast_hosts: { value: 10, least: 2, most: 1024, unit: 'hosts', description: 'Different hosts within fast_window that are no slow scan' },
  fast_window: windowSetting(10),
  answer_wait_ms: ANSWER_WAIT,
} as const;

function limitsOf(settings: Readonly<Record<keyof typeof SETTINGS, number>>): Limits {
  const { success_benign: benign, success_scanner: scanner, likelihood } = settings;
  return {
    memoryNs: settings.memory * NS_PER_SECOND,
    contacts: settings.contacts,
    paceNs: settings.fast_window * NS_PER_SECOND,
    fastPorts: settings.fast_ports,
    fastHosts: settings.fast_hosts,
    onFailure: Math.log((1 - scanner) / (1 - benign)),
    onSuccess: Math.log(scanner / benign),
    scanner: Math.log(likelihood),
    benign: -Math.log(likelihood),
  };
}

export const slowScan = defineRule({
  kind: 'slow_scan',
  title: 'Slow scan',
  description:
    'One source goes from contact to contact too slowly for the other rules, and nearly all fail (threshold random walk over the first contacts of host and port).',
  severity: 'medium',
  confidence: 0.75,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 1800,
  isolated: true,
  settings: SETTINGS,
  create(context) {
    const limits = limitsOf(context.settings);
    const { contacts, memory, likelihood } = context.settings;
    const sources = new Suspects(MOST_SOURCES, () => new Source(limits), context.contacts?.marks);
    return followContacts(context, context.settings.answer_wait_ms, {
      failedOnly: true,
      protocols: [TCP],
      memoryNs: limits.memoryNs,
      failed(open, _, answeredContacts) {
        const known = sources.peek(open.source) !== undefined;
        const state = sources.obtain(open.source);
        if (!known && answeredContacts !== undefined) state.learn(answeredContacts, open.at);
        const failed = state.fail(open);
        if (failed === 2) sources.promote(open.source);
        const { firstAt } = state;
        if (failed < contacts || state.walk < limits.scanner || open.at - firstAt < context.settings.least_span * NS_PER_SECOND) return;
        const { hosts, ports } = state.shape();
        const answered = state.answered.count(open.at);
        // Nothing repeats and some answer: peers of a peer-to-peer client.
        if (answered > 0 && failed < 2 * Math.min(hosts, ports)) return;
        const source = context.text(open.source);
        context.raise({
          at: open.at,
          firstAt,
          source,
          target: hosts === 1 ? context.text(open.target) : null,
          key: source,
          observed: { contacts: failed, hosts, ports, answered, likelihood: Math.round(Math.exp(Math.min(state.walk, 20))) },
          threshold: { contacts, likelihood },
          windowSecs: memory,
          description: `${source} tried ${counted(ports, 'port')} of ${counted(hosts, 'host')} in vain over ${Math.round((open.at - firstAt) / NS_PER_SECOND)} s, ${contacts} failed contacts are the limit`,
          flows: state.recent.list(),
        });
      },
      accepted: (open) => sources.peek(open.source)?.succeed(open),
      knows: (source) => sources.size > 0 && sources.peek(source) !== undefined,
      expire: (now) => sources.expire(({ lastAt }) => now - lastAt >= limits.memoryNs),
    });
  },
});
