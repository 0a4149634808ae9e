/** What rules are shown and find over ticks, with the native walk and without. */
import { addressText } from '../../../src/detect/address-text.ts';
import type { DetectBatch } from '../../../src/detect/batch.ts';
import { DetectEngine, type NativeDetect } from '../../../src/detect/engine.ts';
import type { EventRows } from '../../../src/detect/event-rows.ts';
import type { Address, DetectEvent } from '../../../src/detect/events.ts';
import type { CreateTickWalk } from '../../../src/detect/native-walk.ts';
import { Networks } from '../../../src/detect/networks.ts';
import type { CreateRowFronts } from '../../../src/detect/row-show.ts';
import { defineRule, type Rule } from '../../../src/detect/rule.ts';
import type { RuleOptions } from '../../../src/detect/rule-settings.ts';
import { RULES, resolveRules } from '../../../src/detect/rules.ts';
import type { AnsweredContacts } from '../../../src/detect/state/answered-contacts.ts';
import type { ContactRule } from '../../../src/detect/state/contact-follower.ts';
import { Suspects } from '../../../src/detect/state/suspects.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { Random, randomBatch, type TrafficShape } from './random-batches.ts';

export const SECOND = 1_000_000_000;
export const START = 1_700_000_000 * SECOND;
export const OWN_NETWORKS = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '198.51.100.8/29',
  '198.51.100.255',
  'fd00::/8',
  '2001:db8:5::/48',
  '2001:db8:6:7:8000::/65',
];
export const createWalk: CreateTickWalk = (memory) => new (loadAddon().TickWalk)(memory);
const createFronts: CreateRowFronts = (fronts, areEnds, mask) => new (loadAddon().RowFronts)(fronts, areEnds, mask);
export const nativeWith = (walk: CreateTickWalk | null): NativeDetect | null => (walk === null ? null : { createWalk: walk, createFronts });

export const rule = (kind: string, create: Rule['create']): Rule =>
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
export function recorder(log: string[]): Rule {
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
    dhcp: single,
    tick: single,
    answerRow: row('answer'),
    volumeRow: row('volume'),
    closeRow: row('close'),
  }));
}

/** Follows contacts as the scan rules do, and asks all that can be asked of those that were answered; `some`: but not all of them. */
export function follower(
  log: string[],
  protocols: readonly number[] | undefined,
  isKnowing: boolean,
  some: Pick<ContactRule, 'wants' | 'within'> = {},
): Rule {
  return rule(`follower ${protocols?.join() ?? 'of all'}`, ({ contacts }) => {
    const known = new Suspects(4, () => ({ failed: 0 }), contacts?.marks);
    const tell = (what: string, flow: object) => void log.push(`${what} ${JSON.stringify(flow)}`);
    contacts?.follow(1000, {
      memoryNs: 3 * SECOND,
      failedOnly: true,
      ...(protocols === undefined ? {} : { protocols }),
      ...some,
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

export interface Circumstances {
  /** In every tick, or in some. */
  readonly wantsEvents?: boolean | ((tick: number) => boolean);
  /** Of the rules that there are. */
  readonly settings?: RuleOptions['rules'];
  readonly internal?: readonly string[];
  /** The walk knows the networks. */
  readonly tellsNetworks?: boolean;
}

/** What rules were shown and found in these ticks. */
export function told(
  ticks: readonly DetectBatch[][],
  walk: CreateTickWalk | null,
  rules: (log: string[]) => Rule[],
  { wantsEvents = false, settings = {}, internal = OWN_NETWORKS, tellsNetworks = true }: Circumstances = {},
): string[] {
  const networks = Networks.parse(internal);
  const isInternal = (address: Address) => networks.contains(address);
  const tools = { isInternal, text: addressText, ...(tellsNetworks ? { networks } : {}) };
  const log: string[] = [];
  const builtIn = resolveRules({ rules: settings, networks: {}, places: {} }, RULES).filter(({ enabled }) => enabled);
  const active = [...builtIn, ...rules(log).map((own) => ({ rule: own, settings: {} }))];
  const engine = new DetectEngine(active, tools, (broken, error) => log.push(`${broken.kind}: ${String(error)}`), nativeWith(walk));
  for (const [index, batches] of ticks.entries()) {
    const sums = { at: START + (index + 1) * SECOND, ordinal: 0, packets: 1, bytes: 1, dropped: 0, clockSteps: 0 };
    const isWanted = typeof wantsEvents === 'function' ? wantsEvents(index) : wantsEvents;
    const onEvent = isWanted ? (event: DetectEvent) => void log.push(JSON.stringify(event)) : null;
    const found = engine.tick(batches, { ...sums, final: index === ticks.length - 1 }, onEvent);
    log.push(...found.map(({ rule: by, finding }) => `${by.kind} ${JSON.stringify(finding)}`));
  }
  return log;
}

export function ticksOf(seed: number, count: number, shards: number, shape: TrafficShape): DetectBatch[][] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, tick) =>
    Array.from({ length: shards }, () => randomBatch(random, START + (tick + 1) * SECOND, shape)),
  );
}

/** The walk, and how often it stopped among attempts and answers. */
export function countedWalk(): { walk: CreateTickWalk; stops: () => number } {
  let stops = 0;
  const walk: CreateTickWalk = (memory) => {
    const created = createWalk(memory);
    const nextMoment = created.nextMoment.bind(created);
    const value = () => {
      stops++;
      return nextMoment();
    };
    return Object.defineProperty(created, 'nextMoment', { value });
  };
  return { walk, stops: () => stops };
}
