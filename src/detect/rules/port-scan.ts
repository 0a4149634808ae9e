/**
 * NetScope's rule: many ports or many hosts from one source, whatever the shape. By default of failed contacts only.
 * Peer-to-peer clients fail often too, but nothing repeats in what they try: every peer has its own host and port, and
 * some answer. A scan repeats the host or the port.
 */
import type { OpenEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { contactOf } from '../state/answered-contacts.ts';
import { followContacts } from '../state/contact-follower.ts';
import { RecentFlows } from '../state/recent-flows.ts';
import { SlidingSet } from '../state/sliding-set.ts';
import { REPEAT_NS } from '../state/spread.ts';
import { Suspects } from '../state/suspects.ts';
import {
  ACTIVE_SCANNING,
  ANSWER_WAIT,
  counted,
  FAILED_ONLY,
  FAILED_SHARE,
  NS_PER_SECOND,
  SERVICE_DISCOVERY,
  TCP,
  windowSetting,
} from './scan-settings.ts';

const MOST_SOURCES = 4096;

class Source {
  readonly ports: SlidingSet;
  readonly hosts: SlidingSet;
  /** Different (host, port). */
  readonly failed: SlidingSet;
  readonly recent = new RecentFlows();
  lastAt = 0;
  raisedAt = Number.NEGATIVE_INFINITY;

  constructor(windowNs: number, most: number) {
    // One bound for all, or the sets could not be compared once they are full.
    this.ports = new SlidingSet(windowNs, most);
    this.hosts = new SlidingSet(windowNs, most);
    this.failed = new SlidingSet(windowNs, most);
  }

  /** Adds a contact; numbers of the window behind it. */
  add(open: OpenEvent) {
    const { at } = open;
    this.lastAt = at;
    return {
      ports: this.ports.add(String(open.targetPort), at),
      hosts: this.hosts.add(open.target, at),
      failed: this.failed.add(contactOf(open), at),
    };
  }
}

type Numbers = ReturnType<Source['add']>;

/** Work that partly fails rather than a scan. */
function isWork({ ports, hosts, failed }: Numbers, answered: number, failedShare: number): boolean {
  const scattered = hosts > 1 && ports > 1 && failed < 2 * Math.min(hosts, ports);
  return (scattered && answered > 0) || failed < failedShare * (failed + answered);
}

export const portScan = defineRule({
  kind: 'port_scan',
  title: 'Port scan',
  description: 'One source tries many TCP ports, or the ports of many hosts, and is refused or not answered.',
  severity: 'medium',
  confidence: 0.8,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 30,
  isolated: true,
  settings: {
    ports: { value: 25, least: 2, most: 1024, unit: 'ports', description: 'Different ports, of any hosts' },
    hosts: { value: 10, least: 2, most: 1024, unit: 'hosts', description: 'Different hosts, on any ports' },
    window_secs: windowSetting(10),
    failed_only: FAILED_ONLY,
    failed_share: FAILED_SHARE,
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { ports, hosts, window_secs: window, failed_only, failed_share, answer_wait_ms } = context.settings;
    const windowNs = window * NS_PER_SECOND;
    const failedOnly = failed_only === 1;
    const most = 2 * Math.max(ports, hosts);
    const sources = new Suspects(MOST_SOURCES, () => new Source(windowNs, most));
    return followContacts(context, answer_wait_ms, {
      failedOnly,
      protocols: [TCP],
      memoryNs: windowNs,
      failed(open, _, answeredContacts) {
        const state = sources.obtain(open.source);
        const seen = state.add(open);
        state.recent.add(open);
        if (seen.failed === 2) sources.promote(open.source);
        if ((seen.ports < ports && seen.hosts < hosts) || open.at - state.raisedAt < REPEAT_NS) return;
        const answered = answeredContacts?.count({ at: open.at, windowNs, most: 2 * most }) ?? 0;
        if (failedOnly && isWork(seen, answered, failed_share)) return;
        state.raisedAt = open.at;
        const source = context.text(open.source);
        context.raise({
          at: open.at,
          firstAt: Math.min(state.ports.firstAt, state.hosts.firstAt),
          source,
          target: seen.hosts === 1 ? context.text(open.target) : null,
          key: source,
          observed: { ports: seen.ports, hosts: seen.hosts, answered },
          threshold: { ports, hosts },
          windowSecs: window,
          description: `${source} tried ${counted(seen.ports, 'port')} of ${counted(seen.hosts, 'host')} within ${window} s${failedOnly ? ' in vain' : ''}, ${ports} ports or ${hosts} hosts are the limit`,
          flows: state.recent.list(),
        });
      },
      expire: (now) => sources.expire(({ lastAt }) => now - lastAt >= windowNs),
    });
  },
});
