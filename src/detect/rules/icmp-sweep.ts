/** ICMP requests to many hosts that do not answer. */
import type { FlowTuple, OpenEvent } from '../events.ts';
import { defineRule } from '../rule.ts';
import { followContacts } from '../state/contacts.ts';
import { Spread } from '../state/spread.ts';
import {
  ACTIVE_SCANNING,
  ANSWER_WAIT,
  FAILED_ONLY,
  FAILED_SHARE,
  NS_PER_SECOND,
  SYSTEM_DISCOVERY,
  windowSetting,
} from './scan-settings.ts';

const ICMP = 1;
const ICMPV6 = 58;
/** Requests of RFC 792, RFC 950 and RFC 4443 that ask whether a host is there: echo, timestamp, address mask. */
const REQUESTS: ReadonlyMap<number, readonly number[]> = new Map([
  [ICMP, [8, 13, 17]],
  [ICMPV6, [128]],
]);

function wantsRequest(flow: FlowTuple | OpenEvent): boolean {
  const requests = REQUESTS.get(flow.protocol);
  return requests !== undefined && (!('icmpType' in flow) || requests.includes(flow.icmpType));
}

export const icmpSweep = defineRule({
  kind: 'icmp_sweep',
  title: 'ICMP sweep',
  description: 'One source asks many hosts by ICMP whether they are there, and most do not answer.',
  severity: 'medium',
  confidence: 0.85,
  mitre: [SYSTEM_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 60,
  settings: {
    hosts: { value: 20, least: 2, most: 1024, unit: 'hosts', description: 'Different hosts' },
    window_secs: windowSetting(30),
    failed_only: FAILED_ONLY,
    failed_share: FAILED_SHARE,
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { hosts, window_secs: window, failed_only, failed_share, answer_wait_ms } = context.settings;
    const spread = new Spread({ windowNs: window * NS_PER_SECOND, members: hosts, failedShare: failed_share });
    return followContacts(answer_wait_ms, failed_only === 1, {
      wants: wantsRequest,
      failed(open) {
        const found = spread.failed(open.source, open.target, open.at, open);
        if (found === null) return;
        const source = context.text(open.source);
        context.raise({
          at: found.at,
          firstAt: found.firstAt,
          source,
          target: null,
          key: source,
          observed: { hosts: found.failed, answered: found.answered },
          threshold: { hosts },
          windowSecs: window,
          description: `${source} sent ICMP requests to ${found.failed} hosts within ${window} s${failed_only === 1 ? ' without an answer' : ''}, ${hosts} are the limit`,
          flows: found.flows,
        });
      },
      accepted: (open) => spread.accepted(open.source, open.target, open.at),
      expire: (now) => spread.expire(now),
    });
  },
});
