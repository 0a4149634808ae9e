/** One port of many hosts, within seconds. */
import { defineRule } from '../rule.ts';
import { ACTIVE_SCANNING, SERVICE_DISCOVERY, TCP, windowSetting } from './scan-settings.ts';
import { followSpread, SPREAD_SETTINGS } from './spread-scan.ts';

export const horizontalScan = defineRule({
  kind: 'horizontal_scan',
  title: 'Horizontal scan',
  description: 'One source tries the same TCP port of many hosts in vain. One alert for each source, whatever ports follow.',
  severity: 'medium',
  confidence: 0.85,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 30,
  isolated: true,
  settings: {
    hosts: { value: 10, least: 2, most: 1024, unit: 'hosts', description: 'Different hosts on one port' },
    window_secs: windowSetting(10),
    ...SPREAD_SETTINGS,
  },
  create(context) {
    const { hosts, window_secs: window, failed_only } = context.settings;
    return followSpread(context, context.settings, {
      members: hosts,
      protocols: [TCP],
      group: (open) => open.source + String.fromCharCode(open.targetPort),
      member: (open) => open.target,
      among: ({ targetPort }) => ({ port: targetPort }),
      words: ({ targetPort }, { failed, answered }, source) => ({
        target: null,
        observed: { hosts: failed, answered, port: targetPort },
        threshold: { hosts },
        description: `${source} tried port ${targetPort} of ${failed} hosts within ${window} s${failed_only === 1 ? ' in vain' : ''}, ${hosts} are the limit`,
      }),
    });
  },
});
