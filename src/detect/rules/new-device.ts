import { isRoutable } from '../address-class.ts';
import type { Address } from '../events.ts';
import { defineRule } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';

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
    learn_secs: {
      value: 3600,
      least: 0,
      most: 2_592_000,
      unit: 's',
      description: 'Capture time during which every address is taken as known',
    },
  },
  create(context) {
    const { settings } = context;
    const learnNs = settings.learn_secs * 1e9;
    const known = new BoundedMap<true>(MOST_DEVICES);
    let startedAt = Number.NaN;

    const meet = (address: Address, at: number, mac: string | null) => {
      if (!isRoutable(address) || !context.isInternal(address)) return;
      const isKnown = known.peek(address) === true;
      known.obtain(address, () => true);
      if (isKnown || at - startedAt < learnNs) return;
      const name = context.text(address);
      context.raise({
        at,
        firstAt: at,
        source: name,
        target: null,
        observed: { address: name, ...(mac === null ? {} : { mac }) },
        threshold: { learn_secs: settings.learn_secs },
        windowSecs: settings.learn_secs,
        description: `${name}${mac === null ? '' : ` (${mac})`} was seen for the first time, ${Math.floor((at - startedAt) / 1e9)} s after the sensor began`,
        flows: [],
      });
    };
    const begin = (at: number) => {
      if (Number.isNaN(startedAt)) startedAt = at;
    };

    return {
      tick({ at }) {
        begin(at);
      },
      arp({ at, senderAddress, senderMac }) {
        begin(at);
        meet(senderAddress, at, senderMac);
      },
      answer({ at, outcome, source, target }) {
        begin(at);
        if (outcome !== 'accepted') return;
        meet(source, at, null);
        meet(target, at, null);
      },
    };
  },
});
