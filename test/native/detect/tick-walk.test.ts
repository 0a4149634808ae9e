/** The native walk through a tick's entries against the one in TypeScript: rules are shown the same, in the same order. */
import { describe, expect, it } from 'vitest';
import { addressText } from '../../../src/detect/address-text.ts';
import type { DetectBatch } from '../../../src/detect/batch.ts';
import { DetectEngine, type NativeDetect } from '../../../src/detect/engine.ts';
import type { EventRows } from '../../../src/detect/event-rows.ts';
import type { Address, DetectEvent } from '../../../src/detect/events.ts';
import { defineRule, type Rule } from '../../../src/detect/rule.ts';
import { RULES, resolveRules } from '../../../src/detect/rules.ts';
import type { AnsweredContacts } from '../../../src/detect/state/answered-contacts.ts';
import { Suspects } from '../../../src/detect/state/suspects.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { Random, randomBatch, type TrafficShape } from './random-batches.ts';

const SECOND = 1_000_000_000;
const START = 1_700_000_000 * SECOND;
const tools = { isInternal: (address: Address) => [10, 0xfd].includes(address.charCodeAt(0)), text: addressText };
const NATIVE: NativeDetect = {
  createWalk: (memory) => new (loadAddon().TickWalk)(memory),
  createFronts: (fronts, areEnds, mask) => new (loadAddon().RowFronts)(fronts, areEnds, mask),
};

const rule = (kind: string, create: Rule['create']): Rule =>
  defineRule({
    kind,
    title: kind,
    description: kind,
    severity: 'info',
    confidence: 1,
    mitre: [],
    enabled: true,
    cooldownSecs: 1,
    settings: {},
    create,
  });

/** Writes down whatever it is shown, with the number of the event. */
function recorder(log: string[]): Rule {
  const single = (event: DetectEvent) => void log.push(JSON.stringify(event));
  const row =
    (type: string) =>
    ({ offsets, times, numbers, sources, targets }: EventRows, at: number) =>
      void log.push([type, offsets[at], times[at], numbers[at], sources[at], targets[at]].join(' '));
  return rule('recorder', () => ({
    pending: single,
    settled: single,
    halfOpen: single,
    dns: single,
    arp: single,
    tick: single,
    answerRow: row('answer'),
    volumeRow: row('volume'),
    closeRow: row('close'),
  }));
}

/** Follows contacts as the scan rules do, and asks all that can be asked of those that were answered. */
function follower(log: string[], protocols: readonly number[] | undefined, isKnowing: boolean): Rule {
  return rule(`follower ${protocols}`, ({ contacts }) => {
    const known = new Suspects(4, () => ({ failed: 0 }), contacts?.marks);
    const tell = (what: string, flow: object) => void log.push(`${what} ${JSON.stringify(flow)}`);
    contacts?.follow(1000, {
      memoryNs: 3 * SECOND,
      failedOnly: true,
      ...(protocols === undefined ? {} : { protocols }),
      failed: (attempt, refused, answered) => {
        known.obtain(attempt.source).failed++;
        if (known.peek(attempt.source)?.failed === 2) known.promote(attempt.source);
        tell(`failed ${refused} ${answered === undefined ? '' : about(answered, attempt.at, attempt)}`, attempt);
      },
      ...(isKnowing ? { accepted: (attempt) => tell('accepted', attempt), knows: (source) => known.peek(source) !== undefined } : {}),
      expire: () => known.expire(({ failed }) => failed > 5),
    });
    return {};
  });
}

function about(answered: AnsweredContacts, at: number, { target, targetPort }: { target: Address; targetPort: number }): string {
  const windowNs = 2 * SECOND;
  const counts = [
    answered.count({ at, windowNs, most: 1000 }),
    answered.count({ at, windowNs, most: 3 }),
    answered.count({ at, windowNs, most: 1000, target }),
    answered.count({ at, windowNs, most: 1000, port: targetPort }),
  ];
  return JSON.stringify([answered.size, answered.lastAt, counts, answered.latest(at, windowNs, 4)]);
}

/** What rules were shown and found in these ticks. */
function told(
  ticks: readonly DetectBatch[][],
  native: NativeDetect | null,
  rules: (log: string[]) => Rule[],
  wantsEvents = false,
): string[] {
  const log: string[] = [];
  const settings = resolveRules({ rules: {}, networks: {}, places: {} }, RULES).filter(({ enabled }) => enabled);
  const active = [...settings, ...rules(log).map((own) => ({ rule: own, settings: {} }))];
  const engine = new DetectEngine(active, tools, (broken, error) => log.push(`${broken.kind}: ${error}`), native);
  for (const [index, batches] of ticks.entries()) {
    const sums = { at: START + (index + 1) * SECOND, ordinal: 0, packets: 1, bytes: 1, dropped: 0, clockSteps: 0 };
    const onEvent = wantsEvents ? (event: DetectEvent) => void log.push(JSON.stringify(event)) : null;
    const found = engine.tick(batches, { ...sums, final: index === ticks.length - 1 }, onEvent);
    log.push(...found.map(({ rule: by, finding }) => `${by.kind} ${JSON.stringify(finding)}`));
  }
  return log;
}

function ticksOf(seed: number, count: number, shards: number, shape: TrafficShape): DetectBatch[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, tick) =>
    Array.from({ length: shards }, () => randomBatch(random, START + (tick + 1) * SECOND, shape)),
  );
}

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
      const log = told(ticks, NATIVE, all);
      expect(log).toEqual(told(ticks, null, all));
      expect(log.length).toBeGreaterThan(shape.moments);
    }
  });

  it('stops for little of usual traffic', () => {
    let stops = 0;
    const counted: NativeDetect['createWalk'] = (memory) => {
      const walk = NATIVE.createWalk(memory);
      const nextMoment = walk.nextMoment.bind(walk);
      const value = () => {
        stops++;
        return nextMoment();
      };
      return Object.defineProperty(walk, 'nextMoment', { value });
    };
    const ticks = ticksOf(13, 6, 1, { moments: 1000, failing: 0 });
    told(ticks, { ...NATIVE, createWalk: counted }, (log) => [follower(log, undefined, false)]);
    // Late answers and ticks, of 6,000 attempts and as many answers.
    expect(stops).toBeGreaterThan(6);
    expect(stops).toBeLessThan(1000);
  });

  it('shows the same to rules that must be asked about each contact', () => {
    const ticks = ticksOf(9, 6, 1, { moments: 400, failing: 2 });
    const asking = (log: string[]) => [...all(log), follower(log, [17], false)];
    expect(told(ticks, NATIVE, asking)).toEqual(told(ticks, null, asking));
  });

  it('leaves events that somebody wants one by one to the other', () => {
    const ticks = ticksOf(11, 4, 1, { moments: 200, failing: 2 });
    expect(told(ticks, NATIVE, all, true)).toEqual(told(ticks, null, all, true));
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
    const log = told(ticks, NATIVE, throwing);
    expect(log).toEqual(told(ticks, null, throwing));
    expect(log.filter((line) => line.includes('on purpose'))).toHaveLength(1);
  });
});
