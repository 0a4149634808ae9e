/** Many ports of one host, within seconds. */
import { defineRule } from '../rule.ts';
import { ACTIVE_SCANNING, SERVICE_DISCOVERY, TCP, windowSetting } from './scan-settings.ts';
import { followSpread, SPREAD_SETTINGS } from './spread-scan.ts';

export const verticalScan = defineRule({
  kind: 'vertical_scan',
  title: 'Vertical port scan',
  description: 'One source tries many TCP ports of one host in vain. One alert for each source, whatever hosts follow.',
  severity: 'medium',
  confidence: 0.9,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 30,
  isolated: true,
  settings: {
    ports: { value: 25, least: 2, most: 1024, unit: 'ports', description: 'Different ports of one host' },
    window_secs: windowSetting(10),
    ...SPREAD_SETTINGS,
  },
  create(context) {
    const { ports, window_secs: window, failed_only } = context.settings;
    return followSpread(context, context.settings, {
      members: ports,
      protocols: [TCP],
      group: (open) => open.source + open.target,
      member: (open) => String(open.targetPort),
      among: ({ target }) => ({ target }),
      words(open, { failed, answered }, source) {
        const target = context.text(open.target);
        return {
          target,
          observed: { ports: failed, answered },
          threshold: { ports },
          description: `${source} tried ${failed} ports of ${target} within ${window} s${failed_only === 1 ? ' in vain' : ''}, ${ports} are the limit`,
        };
      },
    });
  },
});
