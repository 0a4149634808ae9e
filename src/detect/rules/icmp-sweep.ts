/** ICMP requests to many hosts that do not answer. */
import { defineRule } from '../rule.ts';
import { ACTIVE_SCANNING, SYSTEM_DISCOVERY, windowSetting } from './scan-settings.ts';
import { followSpread, SPREAD_SETTINGS } from './spread-scan.ts';

const ICMP = 1;
const ICMPV6 = 58;
/** Requests of RFC 792, RFC 950 and RFC 4443 that ask whether a host is there: echo, timestamp, address mask. */
const REQUESTS: ReadonlyMap<number, readonly number[]> = new Map([
  [ICMP, [8, 13, 17]],
  [ICMPV6, [128]],
]);

export const icmpSweep = defineRule({
  kind: 'icmp_sweep',
  title: 'ICMP sweep',
  description: 'One source asks many hosts by ICMP whether they are there, and most do not answer.',
  severity: 'medium',
  confidence: 0.85,
  mitre: [SYSTEM_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 60,
  isolated: true,
  settings: {
    hosts: { value: 20, least: 2, most: 1024, unit: 'hosts', description: 'Different hosts' },
    window_secs: windowSetting(30),
    ...SPREAD_SETTINGS,
  },
  create(context) {
    const { hosts, window_secs: window, failed_only } = context.settings;
    return followSpread(context, context.settings, {
      members: hosts,
      protocols: [...REQUESTS.keys()],
      wants: { icmpTypes: REQUESTS },
      group: (open) => open.source,
      member: (open) => open.target,
      among: () => ({}),
      words: (_, { failed, answered }, source) => ({
        target: null,
        observed: { hosts: failed, answered },
        threshold: { hosts },
        description: `${source} sent ICMP requests to ${failed} hosts within ${window} s${failed_only === 1 ? ' without an answer' : ''}, ${hosts} are the limit`,
      }),
    });
  },
});
