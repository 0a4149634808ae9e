/** Many ports of one host, within seconds. */
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

export const verticalScan = defineRule({
  kind: 'vertical_scan',
  title: 'Vertical port scan',
  description: 'One source tries many TCP ports of one host in vain. One alert for each source, whatever hosts follow.',
  severity: 'medium',
  confidence: 0.9,
  mitre: [SERVICE_DISCOVERY, ACTIVE_SCANNING],
  enabled: true,
  cooldownSecs: 30,
  settings: {
    ports: { value: 25, least: 2, most: 1024, unit: 'ports', description: 'Different ports of one host' },
    window_secs: windowSetting(10),
    failed_only: FAILED_ONLY,
    failed_share: FAILED_SHARE,
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { ports, window_secs: window, failed_only, failed_share, answer_wait_ms } = context.settings;
    const spread = new Spread({ windowNs: window * NS_PER_SECOND, members: ports, failedShare: failed_share });
    return followContacts(answer_wait_ms, failed_only === 1, {
      wants: wantsTcp,
      failed(open) {
        const found = spread.failed(open.source + open.target, String(open.targetPort), open.at, open);
        if (found === null) return;
        const [source, target] = [context.text(open.source), context.text(open.target)];
        context.raise({
          at: found.at,
          firstAt: found.firstAt,
          source,
          target,
          key: source,
          observed: { ports: found.failed, answered: found.answered },
          threshold: { ports },
          windowSecs: window,
          description: `${source} tried ${found.failed} ports of ${target} within ${window} s${failed_only === 1 ? ' in vain' : ''}, ${ports} are the limit`,
          flows: found.flows,
        });
      },
      accepted: (open) => spread.accepted(open.source + open.target, String(open.targetPort), open.at),
      expire: (now) => spread.expire(now),
    });
  },
});
