import { INSIDE, isInside } from '../address-class.ts';
import { B_TARGET } from '../batch.ts';
import { endpointText } from '../endpoint.ts';
import type { AnswerEvent } from '../events.ts';
import { ADDRESS_WORDS } from '../flow-keys.ts';
import { newServicesFront } from '../row-front.ts';
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
    const novelty = new Novelty(ADDRESS_WORDS + 1, MOST_SERVICES, settings.learn_secs);
    const report = (event: AnswerEvent, number: number) => {
      const { at, target, targetPort } = event;
      const service = endpointText(context.text(target), targetPort);
      const transport = event.protocol === TCP ? 'TCP' : 'UDP';
      context.raise(
        {
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
        },
        number,
      );
    };
    return {
      answerFront: newServicesFront(
        { accepted: true, protocols: [TCP, UDP], ports: { below: DYNAMIC_PORTS, except: [0] }, target: INSIDE },
        novelty,
      ),
      tick({ at }) {
        novelty.begin(at);
      },
      answerRow({ entries, offsets, times, numbers, targets }, row) {
        const at = times[row];
        novelty.begin(at);
        const offset = offsets[row];
        const protocol = entries.protocol(offset);
        const port = entries.targetPort(offset);
        if (!entries.isAccepted(offset) || (protocol !== TCP && protocol !== UDP) || port === 0 || port >= DYNAMIC_PORTS) return;
        if (!isInside(targets[row])) return;
        entries.writeAddress(offset, B_TARGET, novelty.key, 0);
        novelty.key[ADDRESS_WORDS] = (protocol << 16) | port;
        if (novelty.meet(at)) report(entries.answer(offset, at, null), numbers[row]);
      },
    };
  },
});
