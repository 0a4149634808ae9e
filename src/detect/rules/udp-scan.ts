/**
 * Many UDP ports of one host, or one port of very many hosts. A minute, because scanners have to be slow: hosts limit how
 * many ICMP errors they send (RFC 1812 section 4.3.2.8).
 */
import type { OpenEvent } from '../events.ts';
import { defineRule, type Finding, type Severity } from '../rule.ts';
import { followContacts } from '../state/contact-follower.ts';
import type { ContactWants } from '../state/contact-wants.ts';
import { type AnsweredOf, Spread, type Spreading } from '../state/spread.ts';
import {
  ACTIVE_SCANNING,
  ANSWER_WAIT,
  FAILED_ONLY,
  FAILED_SHARE,
  NS_PER_SECOND,
  SERVICE_DISCOVERY,
  UDP,
  windowSetting,
} from './scan-settings.ts';

/** Where traceroute sends its probes, a port up for each. */
const TRACEROUTE_FIRST = 33_434;
const TRACEROUTE_LAST = 33_689;
const FIRST_FREE_PORT = 1024;

const PROBES: ContactWants = { noAnswers: true, noGroups: true, exceptPorts: { first: TRACEROUTE_FIRST, last: TRACEROUTE_LAST } };

export const udpScan = defineRule({
  kind: 'udp_scan',
  title: 'UDP scan',
  description:
    'One source sends to many UDP ports of one host, or to one UDP port of many hosts, and gets no answers. Traceroute, multicast and answers whose questions were not seen do not count; one high port of many outside hosts, as peer-to-peer programs try it, is of severity low.',
  severity: 'medium',
  confidence: 0.8,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 60,
  isolated: true,
  settings: {
    ports: { value: 25, least: 2, most: 1024, unit: 'ports', description: 'Different ports of one host' },
    hosts: {
      value: 50,
      least: 2,
      most: 1024,
      unit: 'hosts',
      description: 'Different hosts on one port; more than ports, because nodes of peer-to-peer networks are often gone',
    },
    host_failed_share: { ...FAILED_SHARE, value: 0.9, description: 'The same as failed_share, for hosts on one port' },
    window_secs: windowSetting(60),
    failed_only: FAILED_ONLY,
    failed_share: FAILED_SHARE,
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { ports, hosts, window_secs: window, failed_only, failed_share, host_failed_share, answer_wait_ms } = context.settings;
    const windowNs = window * NS_PER_SECOND;
    const portsOfHost = new Spread({ windowNs, members: ports, failedShare: failed_share });
    const hostsOnPort = new Spread({ windowNs, members: hosts, failedShare: host_failed_share });
    const hostKey = ({ source, target }: OpenEvent) => source + target;
    const portKey = ({ source, targetPort }: OpenEvent) => source + String.fromCharCode(targetPort);
    const finding = ({ source }: OpenEvent, found: Spreading, what: string): Omit<Finding, 'target' | 'observed' | 'threshold'> => ({
      at: found.at,
      firstAt: found.firstAt,
      source: context.text(source),
      key: context.text(source),
      windowSecs: window,
      description: `${context.text(source)} sent UDP to ${what} within ${window} s${failed_only === 1 ? ' without an answer' : ''}`,
      flows: found.flows,
    });
    return followContacts(context, answer_wait_ms, {
      failedOnly: failed_only === 1,
      protocols: [UDP],
      wants: PROBES,
      memoryNs: windowNs,
      failed(open, _, answered) {
        const ofHost: AnsweredOf = (window) => answered?.count({ ...window, target: open.target }) ?? 0;
        const ofPort: AnsweredOf = (window) => answered?.count({ ...window, port: open.targetPort }) ?? 0;
        const target = context.text(open.target);
        const byPort = portsOfHost.failed(hostKey(open), String(open.targetPort), open.at, ofHost, open);
        if (byPort !== null) {
          const observed = { ports: byPort.failed, answered: byPort.answered };
          context.raise({ ...finding(open, byPort, `${byPort.failed} ports of ${target}`), target, observed, threshold: { ports } });
        }
        const byHost = hostsOnPort.failed(portKey(open), open.target, open.at, ofPort, open);
        if (byHost !== null) {
          const observed = { hosts: byHost.failed, answered: byHost.answered, port: open.targetPort };
          const what = `port ${open.targetPort} of ${byHost.failed} hosts`;
          // From inside to many outside on a port of nobody's: far more often a peer-to-peer program than a scan.
          const isPeers = open.targetPort >= FIRST_FREE_PORT && context.isInternal(open.source) && !context.isInternal(open.target);
          const severity: Severity = isPeers ? 'low' : 'medium';
          context.raise({ ...finding(open, byHost, what), target: null, observed, threshold: { hosts }, severity });
        }
      },
      expire(now) {
        portsOfHost.expire(now);
        hostsOnPort.expire(now);
      },
    });
  },
});
