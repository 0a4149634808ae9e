import { endpointText } from '../endpoint.ts';
import { defineRule } from '../rule.ts';
import { learnSetting, Novelty } from '../state/novelty.ts';
import { tupleOf } from '../state/timed-flows.ts';

const MOST_SERVICES = 65_536;
const TCP = 6;
const UDP = 17;
/** Ports from here on are handed out to clients (RFC 6335): nobody is known by them. */
const DYNAMIC_PORTS = 49_152;

export const newService = defineRule({
  kind: 'new_service',
  title: 'Internal service never seen before',
  description:
    'An internal host accepts connections on a TCP or UDP port on which it never did before, after a learning time. Ports ' +
    'from 49152 on are for clients and do not count.',
  severity: 'info',
  confidence: 0.7,
  mitre: [{ technique: 'T1543', name: 'Create or Modify System Process', tactic: 'persistence' }],
  enabled: true,
  cooldownSecs: 86_400,
  decides: 'target',
  settings: {
    learn_secs: learnSetting('service'),
  },
  create(context) {
    const { settings } = context;
    const novelty = new Novelty(MOST_SERVICES, settings.learn_secs);
    return {
      tick({ at }) {
        novelty.begin(at);
      },
      answer(event) {
        const { at, outcome, protocol, target, targetPort } = event;
        novelty.begin(at);
        if (outcome !== 'accepted' || (protocol !== TCP && protocol !== UDP)) return;
        if (targetPort === 0 || targetPort >= DYNAMIC_PORTS || !context.isInternal(target)) return;
        if (!novelty.meet(`${protocol} ${targetPort} ${target}`, at)) return;
        const service = endpointText(context.text(target), targetPort);
        const transport = protocol === TCP ? 'TCP' : 'UDP';
        context.raise({
          at,
          firstAt: at,
          source: context.text(event.source),
          target: service,
          key: `${transport} ${service}`,
          observed: { port: targetPort, transport },
          threshold: { learn_secs: settings.learn_secs },
          windowSecs: settings.learn_secs,
          description: `${service} (${transport}) accepted a connection for the first time, ${novelty.secondsAt(at)} s after the sensor began`,
          flows: [tupleOf(event)],
        });
      },
    };
  },
});
