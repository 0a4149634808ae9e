import { isRoutable } from '../address-class.ts';
import type { Address } from '../events.ts';
import { defineRule } from '../rule.ts';
import { learnSetting, Novelty } from '../state/novelty.ts';

const MOST_DEVICES = 65_536;

export const newDevice = defineRule({
  kind: 'new_device',
  title: 'Internal address never seen before',
  description:
    'An internal address speaks for the first time after a learning time: it claims itself by ARP, or takes part in a ' +
    'connection that was answered. Unanswered packets do not count, for their source can be invented.',
  severity: 'info',
  confidence: 0.8,
  mitre: [{ technique: 'T1200', name: 'Hardware Additions', tactic: 'initial-access' }],
  enabled: true,
  cooldownSecs: 86_400,
  settings: {
    learn_secs: learnSetting('address'),
  },
  create(context) {
    const { settings } = context;
    const novelty = new Novelty(MOST_DEVICES, settings.learn_secs);

    const meet = (address: Address, at: number, mac: string | null) => {
      if (!isRoutable(address) || !context.isInternal(address)) return;
      if (!novelty.meet(address, at)) return;
      const name = context.text(address);
      context.raise({
        at,
        firstAt: at,
        source: name,
        target: null,
        observed: { address: name, ...(mac === null ? {} : { mac }) },
        threshold: { learn_secs: settings.learn_secs },
        windowSecs: settings.learn_secs,
        description: `${name}${mac === null ? '' : ` (${mac})`} was seen for the first time, ${novelty.secondsAt(at)} s after the sensor began`,
        flows: [],
      });
    };

    return {
      tick({ at }) {
        novelty.begin(at);
      },
      arp({ at, senderAddress, senderMac }) {
        novelty.begin(at);
        meet(senderAddress, at, senderMac);
      },
      answer({ at, outcome, source, target }) {
        novelty.begin(at);
        if (outcome !== 'accepted') return;
        meet(source, at, null);
        meet(target, at, null);
      },
    };
  },
});
