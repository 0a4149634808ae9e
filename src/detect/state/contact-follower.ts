/**
 * What becomes of contacts, found out once for all rules that are about them. An attempt that was accepted before its tick
 * was over never waits; the others do, until they are answered or given up.
 */
import type { AnswerEvent, FlowTuple, OpenEvent, TickEvent } from '../events.ts';
import type { RuleContext, RuleHandlers } from '../rule.ts';
import { type AnsweredContacts, AnsweredSources, contactOf } from './answered-contacts.ts';
import { ContactTracker, type Outcomes, tupleKey } from './contacts.ts';

const NS_PER_MS = 1_000_000;

export interface ContactRule {
  /** The attempt failed. `answered`: contacts of its source, in the same protocol, that did not; undefined when there are none. */
  failed(attempt: OpenEvent, refused: boolean, answered: AnsweredContacts | undefined): void;
  /** For rules that must hear of each. */
  accepted?(attempt: OpenEvent): void;
  /** How long answered contacts are to be remembered, ns. */
  readonly memoryNs: number;
  /** Without it every attempt counts as failed, and at once. */
  readonly failedOnly: boolean;
  /** Whether the rule is about such flows. */
  wants(flow: FlowTuple | OpenEvent): boolean;
  /** At the end of each tick, after what is decided by then. */
  expire(now: number): void;
}

/** Where rules with the same wait share one follower. */
export interface SharedContacts {
  follow(answerWaitMs: number, rule: ContactRule): void;
}

interface Followed {
  readonly tracker: ContactTracker<OpenEvent>;
  readonly answered: AnsweredSources;
}

export class ContactFollower {
  private rules: readonly ContactRule[] = [];
  /** By protocol: each has a room of its own, so that one of them cannot fill it for the others. */
  private readonly trackers = new Map<number, Followed>();
  private readonly waitNs: number;
  private readonly onThrow: (rule: ContactRule, error: unknown) => void;

  /** `onThrow` hears of a rule that threw; it is given up. */
  constructor(answerWaitMs: number, onThrow: (rule: ContactRule, error: unknown) => void) {
    this.waitNs = answerWaitMs * NS_PER_MS;
    this.onThrow = onThrow;
  }

  add(rule: ContactRule): void {
    this.rules = [...this.rules, rule];
  }

  remove(rule: ContactRule): void {
    this.rules = this.rules.filter((other) => other !== rule);
  }

  /** Attempts that the flow table refused are left out: their answers are not told, and a full table must not make a scanner of everybody. */
  open(event: OpenEvent): void {
    if (!event.tracked) return;
    this.trackers.get(event.protocol)?.tracker.advance(event.at);
    let waits = false;
    for (const rule of this.rules) {
      if (!rule.wants(event)) continue;
      if (rule.failedOnly) waits = true;
      else this.call(rule, () => rule.failed(event, false, undefined));
    }
    if (waits && event.outcome !== 'accepted') this.followed(event.protocol).tracker.open(tupleKey(event), event.source, event);
  }

  /** `attempt`: what the answer is for, when it was told in the same tick. */
  answer(event: AnswerEvent, attempt: OpenEvent | null): void {
    const tracker = this.trackers.get(event.protocol)?.tracker;
    tracker?.advance(event.at);
    if (attempt?.outcome === 'accepted') {
      if (attempt.tracked) this.accepted(attempt);
    } else tracker?.answer(tupleKey(event), event.outcome);
  }

  tick({ at, final }: TickEvent): void {
    const memoryNs = Math.max(0, ...this.rules.map((rule) => rule.memoryNs));
    for (const { tracker, answered } of this.trackers.values()) {
      tracker.advance(at);
      if (final) tracker.finish();
      answered.expire(at, memoryNs);
    }
    for (const rule of this.rules) this.call(rule, () => rule.expire(at));
  }

  private failed(open: OpenEvent, refused: boolean, sources: AnsweredSources): void {
    const answered = sources.peek(open.source);
    for (const rule of this.rules) if (rule.failedOnly && rule.wants(open)) this.call(rule, () => rule.failed(open, refused, answered));
  }

  private accepted(open: OpenEvent): void {
    let isWanted = false;
    for (const rule of this.rules) {
      if (!rule.failedOnly || !rule.wants(open)) continue;
      isWanted = true;
      if (rule.accepted !== undefined) this.call(rule, () => rule.accepted?.(open));
    }
    if (isWanted) this.followed(open.protocol).answered.add(open.source, contactOf(open), open.at);
  }

  private call(rule: ContactRule, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.giveUp(rule, error);
    }
  }

  private giveUp(rule: ContactRule, error: unknown): void {
    this.remove(rule);
    this.onThrow(rule, error);
  }

  private followed(protocol: number): Followed {
    let followed = this.trackers.get(protocol);
    if (followed === undefined) {
      const answered = new AnsweredSources();
      const outcomes: Outcomes<OpenEvent> = {
        failed: (open, refused) => this.failed(open, refused, answered),
        accepted: (open) => this.accepted(open),
      };
      followed = { tracker: new ContactTracker(this.waitNs, outcomes), answered };
      this.trackers.set(protocol, followed);
    }
    return followed;
  }
}

/** Handlers of a rule about contacts: none where there is a follower for all, else those of one of its own. */
export function followContacts(context: Pick<RuleContext, 'contacts'>, answerWaitMs: number, rule: ContactRule): RuleHandlers {
  if (context.contacts !== undefined) {
    context.contacts.follow(answerWaitMs, rule);
    return {};
  }
  const follower = new ContactFollower(answerWaitMs, (_, error) => {
    throw error;
  });
  follower.add(rule);
  return {
    open: (event) => follower.open(event),
    answer: (event) => follower.answer(event, null),
    tick: (event) => follower.tick(event),
  };
}
