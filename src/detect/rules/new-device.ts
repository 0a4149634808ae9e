import { classify, isOwnHost } from '../address-class.ts';
import { B_SOURCE, B_TARGET } from '../batch.ts';
import type { EntryReader } from '../entry-reader.ts';
import type { Address } from '../events.ts';
import { ADDRESS_WORDS, writeAddress } from '../flow-keys.ts';
import { newHostsFront } from '../row-front.ts';
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
    const novelty = new Novelty(ADDRESS_WORDS, MOST_DEVICES, settings.learn_secs);

    const raise = (address: Address, at: number, mac: string | null, number?: number) => {
      const name = context.text(address);
      context.raise(
        {
          at,
          firstAt: at,
          source: name,
          target: null,
          observed: { address: name, ...(mac === null ? {} : { mac }) },
          threshold: { learn_secs: settings.learn_secs },
          windowSecs: settings.learn_secs,
          description: `${name}${mac === null ? '' : ` (${mac})`} was seen for the first time, ${novelty.secondsAt(at)} s after the sensor began`,
          flows: [],
        },
        number,
      );
    };

    /** `end` is B_SOURCE or B_TARGET. */
    const meet = (entries: EntryReader, offset: number, end: number, at: number, number: number) => {
      entries.writeAddress(offset, end, novelty.key, 0);
      if (novelty.meet(at)) raise(entries.address(offset, end), at, null, number);
    };

    return {
      tick({ at }) {
        novelty.begin(at);
      },
      arp({ at, senderAddress, senderMac }) {
        novelty.begin(at);
        if (!isOwnHost(classify(senderAddress, context))) return;
        writeAddress(senderAddress, novelty.key, 0);
        if (novelty.meet(at)) raise(senderAddress, at, senderMac);
      },
      answerFront: newHostsFront(novelty),
      answerRow({ entries, offsets, times, numbers, sources, targets }, row) {
        const at = times[row];
        novelty.begin(at);
        const offset = offsets[row];
        if (!entries.isAccepted(offset)) return;
        if (isOwnHost(sources[row])) meet(entries, offset, B_SOURCE, at, numbers[row]);
        if (isOwnHost(targets[row])) meet(entries, offset, B_TARGET, at, numbers[row]);
      },
    };
  },
});
