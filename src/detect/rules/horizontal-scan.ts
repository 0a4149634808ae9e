/** One port of many hosts, within seconds. */
import { defineRule } from '../rule.ts';
import { followContacts } from '../state/contacts.ts';
import { Spread } from '../state/spread.ts';
import {
  ACTIVE_SCANNING,
  ANSWER_WAIT,
  FAILED_ONLY,
  FAILED_SHARE,
  NS_PER_SECOND,
  SERVICE_DISCOVERY,
  wantsTcp,
  windowSetting,
} from './scan-settings.ts';

export const horizontalScan = defineRule({
  kind: 'horizontal_scan',
  title: 'Horizontal scan',
  description: 'One source tries the same TCP port of many hosts in vain. One alert for each source, whatever ports follow.',
  severity: 'medium',
  confidence: 0.85,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 30,
  settings: {
    hosts: { value: 10, least: 2, most: 1024, unit: 'hosts', description: 'Different hosts on one port' },
    window_secs: windowSetting(10),
    failed_only: FAILED_ONLY,
    failed_share: FAILED_SHARE,
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { hosts, window_secs: window, failed_only, failed_share, answer_wait_ms } = context.settings;
    const spread = new Spread({ windowNs: window * NS_PER_SECOND, members: hosts, failedShare: failed_share });
    return followContacts(answer_wait_ms, failed_only === 1, {
      wants: wantsTcp,
      failed(open) {
        const found = spread.failed(open.source + String.fromCharCode(open.targetPort), open.target, open.at, open);
        if (found === null) return;
        const source = context.text(open.source);
        context.raise({
          at: found.at,
          firstAt: found.firstAt,
          source,
          target: null,
          key: source,
          observed: { hosts: found.failed, answered: found.answered, port: open.targetPort },
          threshold: { hosts },
          windowSecs: window,
          description: `${source} tried port ${open.targetPort} of ${found.failed} hosts within ${window} s${failed_only === 1 ? ' in vain' : ''}, ${hosts} are the limit`,
          flows: found.flows,
        });
      },
      accepted: (open) => spread.accepted(open.source + String.fromCharCode(open.targetPort), open.target, open.at),
      expire: (now) => spread.expire(now),
    });
  },
});
