/** Attempts that the native walk holds back until they are accepted or over: what rules make of them stays the same. */
import { describe, expect, it } from 'vitest';
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_AT,
  B_FLAGS,
  B_KIND,
  B_ORDINAL,
  B_PORTS,
  B_PROTOCOL,
  B_SOURCE,
  B_TARGET,
  type DetectBatch,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
} from '../../../src/detect/batch.ts';
import type { EventRows } from '../../../src/detect/event-rows.ts';
import type { OpenEvent } from '../../../src/detect/events.ts';
import type { Rule } from '../../../src/detect/rule.ts';
import { ContactTracker, tupleKey } from '../../../src/detect/state/contacts.ts';
import { Random } from './random-batches.ts';
import { countedWalk, createWalk, follower, rule, SECOND, START, ticksOf, told } from './told-rules.ts';

const TCP = 6;
const FLAGS_KEPT = EntryFlag.IPV6;
/** So that single attempts are found, too. */
const SHY = { syn_flood: { unanswered: 3, sources: 2, single: 2 }, slow_scan: { contacts: 4 }, port_scan: { ports: 2 } };

/** Without the rules that follow contacts over TCP. */
const ALONE = Object.fromEntries(['port_scan', 'vertical_scan', 'horizontal_scan', 'slow_scan'].map((kind) => [kind, { enabled: false }]));

const LIMITS = { most: 32_768, mostPerGroup: 32_768 };

/** Follows attempts as `syn_flood` does, and writes down what becomes of them. */
function watcher(log: string[], waitNs = SECOND, isHolding = true): Rule {
  return rule('watcher', () => {
    const tell = (what: string) => (attempt: OpenEvent) => void log.push(`${what} ${JSON.stringify(attempt)}`);
    const tracker = new ContactTracker<OpenEvent>(waitNs, { failed: tell('not answered'), accepted: () => {} }, LIMITS);
    const attempts = {
      waitNs,
      get isIdle() {
        return tracker.size === 0;
      },
    };
    return {
      ...(isHolding ? { attempts } : {}),
      pending(event) {
        if (event.protocol !== TCP) return;
        tracker.advance(event.at);
        tracker.open(tupleKey(event), '', event);
      },
      settled(event) {
        if (event.protocol !== TCP) return;
        tracker.advance(event.at);
        tracker.answer(tupleKey(event), event.outcome);
      },
      tick({ at, final }) {
        tracker.advance(final ? Number.POSITIVE_INFINITY : at);
      },
      answerRow: ({ offsets, times, numbers }: EventRows, row) =>
        void log.push(`answer ${[offsets[row], times[row], numbers[row]].join(' ')}`),
    };
  });
}

/** What each of them writes down, apart: one may hear of something later than another does. */
type Watching = (log: string[]) => Rule[];
const scans: Watching = (log) => [follower(log, undefined, false), follower(log, [TCP], true)];
const all: Watching = (log) => [...scans(log), watcher(log)];
const apart = (log: readonly string[]) => [log.filter((line) => !line.startsWith('not ')), log.filter((line) => line.startsWith('not '))];

/** Behind the moments of a batch, answers to those before it: nearly all of them, some too late, some twice, some refused. */
function withLateAnswers(ticks: readonly DetectBatch[][], seed: number, refused = 0, withinNs = SECOND): DetectBatch[][] {
  const random = new Random(seed);
  return ticks.map((batches, tick) =>
    batches.map((batch, shard) => {
      const before = ticks[tick - 1]?.[shard];
      const late = before === undefined ? [] : unanswered(before).filter(() => random.below(10) > 0);
      return withAnswers(batch, late, random, refused, () => START + tick * SECOND + random.below(withinNs / 4096) * 4096);
    }),
  );
}

function unanswered({ moments }: DetectBatch): Uint8Array[] {
  return Array.from({ length: moments.length / MOMENT_BYTES }, (_, entry) =>
    moments.subarray(entry * MOMENT_BYTES, (entry + 1) * MOMENT_BYTES),
  ).filter((bytes) => bytes[B_KIND] === EntryKind.OPEN && (bytes[B_FLAGS] & (EntryFlag.ACCEPTED | EntryFlag.REFUSED)) === 0);
}

function withAnswers(batch: DetectBatch, late: readonly Uint8Array[], random: Random, refused: number, when: () => number): DetectBatch {
  const count = batch.moments.length / MOMENT_BYTES;
  const moments = new Uint8Array(batch.moments.length + late.length * MOMENT_BYTES);
  moments.set(batch.moments);
  const view = new DataView(moments.buffer);
  const places = [...batch.answers];
  for (const [index, attempt] of late.entries()) {
    const at = (count + index) * MOMENT_BYTES;
    moments.set(attempt, at);
    const answeredAt = when();
    const outcome = random.below(100) < refused ? EntryFlag.REFUSED : EntryFlag.ACCEPTED;
    view.setUint8(at + B_KIND, EntryKind.ANSWER);
    view.setUint8(at + B_FLAGS, (attempt[B_FLAGS] & FLAGS_KEPT) | outcome);
    view.setFloat64(at + B_AT, answeredAt, true);
    view.setFloat64(at + B_ANSWERED_AT, answeredAt, true);
    view.setFloat64(at + B_ANSWER_ORDINAL, answeredAt / 4096 + 1, true);
    places.push(count + index);
  }
  return { ...batch, moments, answers: Uint32Array.from(places) };
}

type Flow = (index: number, tick: number) => { source: number; port: number; target?: number };

/** Attempts in the second half of a tick that nobody answered within it: of the source and port that `flow` gives. */
function attempts(tick: number, count: number, flow: Flow): Uint8Array {
  const moments = new Uint8Array(count * MOMENT_BYTES);
  const view = new DataView(moments.buffer);
  for (let index = 0; index < count; index++) {
    const at = index * MOMENT_BYTES;
    const { source, port, target = index } = flow(index, tick);
    const moment = START + tick * SECOND + SECOND / 2 + Math.floor((index * 400_000) / count) * 1024;
    view.setFloat64(at + B_AT, moment, true);
    view.setFloat64(at + B_ORDINAL, moment / 4096, true);
    view.setUint8(at + B_KIND, EntryKind.OPEN);
    view.setUint8(at + B_PROTOCOL, TCP);
    view.setUint16(at + B_PORTS, port, true);
    view.setUint16(at + B_PORTS + 2, 1 + (target % 500), true);
    view.setUint32(at + B_SOURCE, 10 | (source << 8), true);
    view.setUint32(at + B_TARGET, 198 | ((target % 200) << 24), true);
  }
  return moments;
}

const batchOf = (moments: Uint8Array): DetectBatch => ({
  moments,
  answers: new Uint32Array(0),
  ends: new Uint8Array(0),
  texts: [],
  arp: [],
  dhcp: [],
  dns: [],
  surges: [],
  untold: 0,
});

describe('attempts that are answered in the tick after', () => {
  it.each([
    ['usual traffic', 1, { moments: 400, failing: 1 }, 0],
    ['usual traffic of three shards', 3, { moments: 150, failing: 1 }, 0],
    ['traffic of which some is refused', 1, { moments: 400, failing: 1 }, 3],
    ['a scan that is refused', 1, { moments: 300, failing: 8 }, 60],
    ['very few flows', 1, { moments: 4, failing: 5 }, 20],
    ['too many attempts at one service, by turns', 1, { moments: 1200, failing: 2, crowd: true }, 5],
  ])('are the same to rules in %s', (_, shards, shape, refused) => {
    for (let seed = 1; seed <= 6; seed++) {
      const ticks = withLateAnswers(ticksOf(seed, 8, shards, shape), seed, refused);
      const log = told(ticks, createWalk, all, { settings: SHY });
      expect(apart(log)).toEqual(apart(told(ticks, null, all, { settings: SHY })));
      expect(log.length).toBeGreaterThan(shape.moments);
    }
  });

  it('reach rules in time when somebody wants events one by one, from some tick on or in some', () => {
    for (const wantsEvents of [(tick: number) => tick > 2, (tick: number) => tick % 2 === 1]) {
      const ticks = withLateAnswers(ticksOf(3, 8, 1, { moments: 300, failing: 1 }), 3, 2);
      const circumstances = { wantsEvents, settings: SHY };
      expect(apart(told(ticks, createWalk, all, circumstances))).toEqual(apart(told(ticks, null, all, circumstances)));
    }
  });

  it('are told in order when some are refused behind others that wait', () => {
    const opened = (tick: number) => [batchOf(attempts(tick, 60, (index) => ({ source: index % 7, port: 40_000 + 100 * tick + index })))];
    const ticks = Array.from({ length: 8 }, (_, tick) => opened(tick));
    for (let seed = 1; seed <= 8; seed++) {
      const answered = withLateAnswers(ticks, seed, 30, SECOND / 2);
      const log = told(answered, createWalk, all, { settings: SHY });
      expect(apart(log)).toEqual(apart(told(answered, null, all, { settings: SHY })));
      expect(log.some((line) => line.startsWith('failed true'))).toBe(true);
    }
  });

  it.each([
    ['that rules follow', {}, false],
    ['that only a rule by itself follows', ALONE, false],
    ['of which every other tick is gone through otherwise', ALONE, (tick: number) => tick % 2 === 0],
  ])('leave those of the same flow that came before: flows %s', (_, settings, wantsEvents) => {
    const opened = (tick: number) => [
      batchOf(attempts(tick, 60, (index) => ({ source: 1, port: 40_000 + (tick >> 1), target: Math.floor(index / 3) }))),
    ];
    const ticks = Array.from({ length: 8 }, (_, tick) => opened(tick));
    for (let seed = 1; seed <= 8; seed++) {
      const answered = withLateAnswers(ticks, seed, 0, SECOND / 2);
      const circumstances = { settings, wantsEvents };
      const rules: Watching = settings === ALONE ? (log) => [watcher(log)] : all;
      expect(apart(told(answered, createWalk, rules, circumstances))).toEqual(apart(told(answered, null, rules, circumstances)));
    }
  });

  it('are not shown', () => {
    const opened = (tick: number) => [batchOf(attempts(tick, 400, (index) => ({ source: 400 * tick + index, port: 40_000 })))];
    const ticks = withLateAnswers(
      Array.from({ length: 10 }, (_, tick) => opened(tick)),
      5,
      0,
      SECOND / 4,
    );
    const stopsOf = (rules: Watching) => {
      const { walk, stops } = countedWalk();
      told(ticks, walk, rules);
      return stops();
    };
    // Of 4,000, and 3,600 answers: the tenth that nobody answers is, and those of the last tick.
    expect(stopsOf(all)).toBeLessThan(1400);
    // Without saying that it need not be, or waiting for longer than the others, the rule is shown each of them, and its answer.
    for (const rules of [watcher([], SECOND, false), watcher([], 2 * SECOND)]) expect(stopsOf(() => [rules])).toBeGreaterThan(7000);
  });
});

describe('attempts that nobody answers', () => {
  it.each<[string, number, Flow]>([
    ['are of many sources', 900, (index) => ({ source: index, port: 40_000 })],
    ['are of one source, more than may wait', 600, (index) => ({ source: 1, port: 20_000 + index })],
    ['are of one source, others in each tick', 600, (index, tick) => ({ source: 1, port: 20_000 + 600 * tick + index })],
    ['are more than may be held', 9000, (index) => ({ source: index, port: 40_000 })],
    ['are more than rules let wait', 40_000, (index) => ({ source: index % 20_000, port: 1000 + Math.floor(index / 20_000) })],
    ['are of the same flow again', 300, (index) => ({ source: index % 3, port: 40_000 + (index % 2) })],
  ])('fail the same when they %s', (_, count, flow) => {
    const none = batchOf(new Uint8Array(0));
    const attempt = (tick: number) => batchOf(attempts(tick, count, flow));
    for (const ticks of [[[attempt(0)], [none], [none]], [[attempt(0)]], [[attempt(0)], [attempt(1)], [attempt(2)], [none]]]) {
      const log = told(ticks, createWalk, all);
      expect(apart(log)).toEqual(apart(told(ticks, null, all)));
      expect(log.filter((line) => line.startsWith('not ')).length).toBeGreaterThan(Math.min(count, 250));
    }
  });

  it('fail the same when more than may wait were shown in a tick that was gone through otherwise', () => {
    const ticks = [5, 0, 0, 300, 300, 0].map((count, tick) => [
      batchOf(attempts(tick, count, (index) => ({ source: 1, port: 20_000 + 300 * tick + index }))),
    ]);
    const circumstances = { wantsEvents: (tick: number) => tick === 3 };
    expect(apart(told(ticks, createWalk, all, circumstances))).toEqual(apart(told(ticks, null, all, circumstances)));
  });
});
