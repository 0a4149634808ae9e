/** The native walk through a tick's entries against the one in TypeScript: rules are shown the same, in the same order. */
import { describe, expect, it } from 'vitest';
import { addressText } from '../../../src/detect/address-text.ts';
import { DetectEngine } from '../../../src/detect/engine.ts';
import type { Address } from '../../../src/detect/events.ts';
import type { CreateTickWalk } from '../../../src/detect/native-walk.ts';
import { Networks } from '../../../src/detect/networks.ts';
import type { Rule } from '../../../src/detect/rule.ts';
import type { SharedContacts } from '../../../src/detect/state/contact-follower.ts';
import type { ContactWants } from '../../../src/detect/state/contact-wants.ts';
import { countedWalk, createWalk, follower, nativeWith, OWN_NETWORKS, recorder, rule, SECOND, START, ticksOf, told } from './told-rules.ts';

const all = (log: string[]) => [recorder(log), follower(log, undefined, false), follower(log, [6], true)];

describe('the native walk', () => {
  it.each([
    ['usual traffic', 1, { moments: 400, failing: 1 }],
    ['usual traffic of three shards', 3, { moments: 200, failing: 1 }],
    ['a scan', 1, { moments: 400, failing: 8 }],
    ['nothing that fails', 2, { moments: 300, failing: 0 }],
    ['a few flows', 1, { moments: 3, failing: 2 }],
    ['too many attempts at one service', 2, { moments: 1500, failing: 1, crowd: true }],
  ])('shows rules the same of %s', (_, shards, shape) => {
    for (let seed = 1; seed <= 5; seed++) {
      const ticks = ticksOf(seed, 6, shards, shape);
      const log = told(ticks, createWalk, all);
      expect(log).toEqual(told(ticks, null, all));
      expect(log.length).toBeGreaterThan(shape.moments);
    }
  });

  it('stops for little of usual traffic', () => {
    const { walk, stops } = countedWalk();
    const ticks = ticksOf(13, 6, 1, { moments: 1000, failing: 0 });
    told(ticks, walk, (log) => [follower(log, undefined, false)]);
    // Late answers and ticks, of 6,000 attempts and as many answers.
    expect(stops()).toBeGreaterThan(6);
    expect(stops()).toBeLessThan(1000);
  });

  it('leaves events that somebody wants one by one to the other', () => {
    const ticks = ticksOf(11, 4, 1, { moments: 200, failing: 2 });
    const circumstances = { wantsEvents: true };
    expect(told(ticks, createWalk, all, circumstances)).toEqual(told(ticks, null, all, circumstances));
  });

  it('goes on without a rule that throws', () => {
    const ticks = ticksOf(12, 5, 1, { moments: 300, failing: 4 });
    const throwing = (log: string[]) => {
      let failed = 0;
      return [
        ...all(log),
        rule('throws', ({ contacts }) => {
          contacts?.follow(1000, {
            memoryNs: SECOND,
            failedOnly: true,
            failed: () => {
              if (++failed === 100) throw new Error('on purpose');
            },
            expire: () => {},
          });
          return {};
        }),
      ];
    };
    const log = told(ticks, createWalk, throwing);
    expect(log).toEqual(told(ticks, null, throwing));
    expect(log.filter((line) => line.includes('on purpose'))).toHaveLength(1);
  });
});

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const SCTP = 132;

/** More than the walk has room for. */
const MANY_RANGES: ContactWants[] = Array.from({ length: 9 }, (_, index) => ({ exceptPorts: { first: index * 100, last: 40_000 } }));
const typesOf = (...types: number[]): ContactWants => ({ icmpTypes: new Map([[ICMP, types]]) });
const isEven = (address: Address): boolean => address.charCodeAt(address.length - 1) % 2 === 0;

type Some = (log: string[]) => Rule[];

describe('contacts of which rules want some', () => {
  it.each<[string, Some]>([
    ['by nobody but the rules that there are', () => []],
    ['by protocol', (log) => [follower(log, [SCTP], false, { wants: typesOf(8) })]],
    [
      'by type',
      (log) => [follower(log, [ICMP], false, { wants: typesOf(0, 13, 3, 255) }), follower(log, [ICMP], false, { wants: typesOf(17) })],
    ],
    ['by ports', (log) => [follower(log, [UDP, SCTP], false, { wants: { exceptPorts: { first: 80, last: 443 } } })]],
    ['by both ports', (log) => [follower(log, [SCTP, ICMPV6], false, { wants: { noAnswers: true } })]],
    ['by target', (log) => [follower(log, [UDP, SCTP, ICMPV6], false, { wants: { noGroups: true } })]],
    ['by all of these', (log) => [follower(log, [ICMP], false, { wants: { ...typesOf(8, 17), noGroups: true, noAnswers: true } })]],
    ['whatever they are', (log) => [follower(log, [UDP], false, { wants: {} })]],
    ['where another wants all', (log) => [follower(log, [UDP], false, { wants: { noGroups: true } }), follower(log, [UDP], false)]],
    [
      'by sources',
      (log) => [follower(log, [UDP], true, { wants: { noAnswers: true } }), follower(log, [SCTP], true, { wants: typesOf(8) })],
    ],
  ])('are remembered natively: %s', (_, some) => {
    const rules: Some = (log) => [recorder(log), ...some(log)];
    for (let seed = 1; seed <= 4; seed++) {
      const ticks = ticksOf(seed, 6, 1, { moments: 400, failing: 2 });
      expect(told(ticks, createWalk, rules)).toEqual(told(ticks, null, rules));
    }
    const { walk, stops } = countedWalk();
    told(ticksOf(13, 6, 1, { moments: 1000, failing: 0 }), walk, rules);
    expect(stops()).toBeLessThan(1000);
  });

  it.each<[string, Some]>([
    [
      'something that cannot be described',
      (log) => [follower(log, [UDP], false, { wants: { noGroups: true }, within: ({ source }) => isEven(source) })],
    ],
    ['too much', (log) => MANY_RANGES.map((wants) => follower(log, [UDP], false, { wants }))],
    ['too many types', (log) => [follower(log, [ICMP], false, { wants: typesOf(8, 13, 17, 0, 3) })]],
  ])('are asked about when rules want %s', (_, some) => {
    const rules: Some = (log) => [recorder(log), ...some(log)];
    for (let seed = 1; seed <= 2; seed++) {
      const ticks = ticksOf(seed, 6, 1, { moments: 400, failing: 2 });
      expect(told(ticks, createWalk, rules)).toEqual(told(ticks, null, rules));
    }
    const { walk, stops } = countedWalk();
    told(ticksOf(13, 6, 1, { moments: 1000, failing: 0 }), walk, rules);
    expect(stops()).toBeGreaterThan(1000);
  });

  it('are those of the others when a rule was given up', () => {
    const ticks = ticksOf(5, 6, 1, { moments: 300, failing: 3 });
    const rules: Some = (log) => {
      const inner = follower(log, [SCTP], false, { wants: { noGroups: true } });
      const throwing = rule('throws', (context) => {
        let failed = 0;
        const follow: SharedContacts['follow'] = (waitMs, followed) => {
          const failing = () => {
            if (++failed === 30) throw new Error('on purpose');
          };
          context.contacts?.follow(waitMs, { ...followed, failed: failing });
        };
        return inner.create(context.contacts === undefined ? context : { ...context, contacts: { ...context.contacts, follow } });
      });
      return [recorder(log), follower(log, [SCTP, TCP], false, { wants: { noAnswers: true } }), throwing];
    };
    const log = told(ticks, createWalk, rules);
    expect(log).toEqual(told(ticks, null, rules));
    expect(log.filter((line) => line.includes('on purpose'))).toHaveLength(1);
  });
});

describe('what addresses are', () => {
  const rules: Some = (log) => [recorder(log)];

  it.each([
    ['of some networks', OWN_NETWORKS],
    ['of networks of IPv4', ['0.0.0.0/1', '198.51.100.7', '169.254.0.0/16']],
    [
      'of networks of IPv6, mapped addresses with them',
      ['::ffff:0:0/96', '::/128', '::1', 'fe80::/10', '64:ff9b::/96', '2001:db8:6:7::/64'],
    ],
    ['of a long list', [...OWN_NETWORKS, ...Array.from({ length: 20 }, (_, number) => `192.0.2.${number}`)]],
    ['where all are internal', ['0.0.0.0/0', '::/0']],
    ['where all of IPv6 are internal', ['::/0']],
    ['where none is internal', []],
  ])('shows rules the same %s', (_, internal) => {
    for (let seed = 1; seed <= 3; seed++) {
      const ticks = ticksOf(seed, 4, 2, { moments: 300, failing: 1 });
      const expected = told(ticks, null, rules, { internal });
      expect(told(ticks, createWalk, rules, { internal })).toEqual(expected);
      expect(told(ticks, createWalk, rules, { internal, tellsNetworks: false })).toEqual(expected);
    }
  });

  it('finds it out without asking', () => {
    const log: string[] = [];
    const isInternal = () => {
      throw new Error('asked');
    };
    const networks = Networks.parse(OWN_NETWORKS);
    const active = rules(log).map((own) => ({ rule: own, settings: {} }));
    const engine = new DetectEngine(active, { isInternal, text: addressText, networks }, () => {}, nativeWith(createWalk));
    const sums = { at: START + SECOND, ordinal: 0, packets: 1, bytes: 1, dropped: 0, clockSteps: 0, final: true };
    engine.tick(ticksOf(3, 1, 1, { moments: 500, failing: 1 })[0], sums);
    const classes = new Set(log.filter((line) => line.startsWith('answer')).map((line) => line.split(' ').at(-1)));
    expect(classes).toEqual(new Set(['1', '3', '5', '7']));
  });

  it('refuses networks that are none', () => {
    const odd = { v4: new Uint32Array(3), v6: new Uint32Array(0) };
    const walk: CreateTickWalk = (memory) => createWalk({ ...memory, networks: odd });
    expect(() => new DetectEngine([], { isInternal: () => false, text: addressText }, () => {}, nativeWith(walk))).toThrow(
      'wrong networks',
    );
  });
});
