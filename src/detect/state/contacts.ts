/**
 * Attempts that wait for their answer. An attempt has failed when it was refused or when nothing came within the wait;
 * failures are told in the order of the attempts, not of the refusals, so that a sliding window over them is exact.
 * Driven by events alone: `advance` with the time of each.
 */
import type { AnswerEvent, FlowTuple, OpenEvent } from '../events.ts';
import type { RuleHandlers } from '../rule.ts';

/** What became of attempts. `accepted` is told at the moment of the answer, `failed` when all earlier attempts are decided. */
export interface Outcomes<T> {
  failed(attempt: T, refused: boolean): void;
  accepted(attempt: T): void;
}

export interface ContactLimits {
  /** Attempts that may wait at once. */
  readonly most: number;
  /** Of them, those of one group (a source): no scanner can fill the table for others. */
  readonly mostPerGroup: number;
}

/** A source that has 256 attempts open is known well enough by those; 16,384 are about 4 MiB. */
const SCAN_LIMITS: ContactLimits = { most: 16_384, mostPerGroup: 256 };

const NS_PER_MS = 1_000_000;

interface Waiting<T> {
  readonly attempt: T;
  readonly key: string;
  readonly group: string;
  outcome: 'none' | 'refused' | 'accepted';
}

export class ContactTracker<T extends { readonly at: number }> {
  private queue: Waiting<T>[] = [];
  private head = 0;
  /** Entries of the queue that are not accepted: these count for the limit. */
  private undecided = 0;
  private readonly byKey = new Map<string, Waiting<T>>();
  private readonly perGroup = new Map<string, number>();
  private readonly waitNs: number;
  private readonly limits: ContactLimits;
  private readonly outcomes: Outcomes<T>;

  constructor(waitNs: number, outcomes: Outcomes<T>, limits: ContactLimits = SCAN_LIMITS) {
    this.waitNs = waitNs;
    this.outcomes = outcomes;
    this.limits = limits;
  }

  /** Attempts that wait. */
  get size(): number {
    return this.undecided;
  }

  /** False when there is no room: nothing will be told of this attempt. Those that wait already keep their place. */
  open(key: string, group: string, attempt: T): boolean {
    const ofGroup = this.perGroup.get(group) ?? 0;
    if (this.undecided >= this.limits.most || ofGroup >= this.limits.mostPerGroup) return false;
    const entry: Waiting<T> = { attempt, key, group, outcome: 'none' };
    this.queue.push(entry);
    this.byKey.set(key, entry);
    this.perGroup.set(group, ofGroup + 1);
    this.undecided++;
    return true;
  }

  /** False when no attempt with this key waits. */
  answer(key: string, outcome: 'accepted' | 'refused'): boolean {
    const entry = this.byKey.get(key);
    if (entry === undefined) return false;
    this.byKey.delete(key);
    entry.outcome = outcome;
    if (outcome === 'accepted') {
      this.leave(entry);
      this.outcomes.accepted(entry.attempt);
      this.compact();
    }
    // What waited behind this one may be decided now.
    this.advance(Number.NEGATIVE_INFINITY);
    return true;
  }

  /** Decides what waited longer than the wait; an answer that comes exactly at its end is in time. */
  advance(now: number): void {
    while (this.head < this.queue.length) {
      const entry = this.queue[this.head];
      if (entry.outcome === 'none' && now - entry.attempt.at <= this.waitNs) return;
      this.decide(entry);
    }
  }

  /** Decides everything: no more events will come. */
  finish(): void {
    this.advance(Number.POSITIVE_INFINITY);
  }

  private decide(entry: Waiting<T>): void {
    this.head++;
    if (entry.outcome !== 'accepted') {
      this.leave(entry);
      // A later attempt with the same key keeps its entry.
      if (this.byKey.get(entry.key) === entry) this.byKey.delete(entry.key);
      this.outcomes.failed(entry.attempt, entry.outcome === 'refused');
    }
    if (this.head === this.queue.length) {
      this.queue = [];
      this.head = 0;
    } else this.compact();
  }

  private leave(entry: Waiting<T>): void {
    this.undecided--;
    const left = this.perGroup.get(entry.group)! - 1;
    if (left === 0) this.perGroup.delete(entry.group);
    else this.perGroup.set(entry.group, left);
  }

  /** Drops what is decided once it is most of the queue: constant work per attempt on average. */
  private compact(): void {
    if (this.queue.length < 1024 || this.queue.length < 2 * this.undecided) return;
    this.queue = this.queue.slice(this.head).filter(({ outcome }) => outcome !== 'accepted');
    this.head = 0;
  }
}

/** A flow as a key. */
export function tupleKey({ protocol, source, sourcePort, target, targetPort }: FlowTuple): string {
  return source + target + String.fromCharCode(sourcePort, targetPort, protocol);
}

export interface ContactRule extends Outcomes<OpenEvent> {
  /** Whether the rule is about such flows. */
  wants(flow: FlowTuple | OpenEvent): boolean;
  /** At the end of each tick, after what is decided by then. */
  expire(now: number): void;
}

/**
 * Handlers of a rule about failed contacts. Attempts that the flow table refused are left out: their answers are not told,
 * and a full table must not make a scanner of everybody. Without `failedOnly` every attempt counts, and at once.
 */
export function followContacts(answerWaitMs: number, failedOnly: boolean, rule: ContactRule) {
  const tracker = new ContactTracker<OpenEvent>(answerWaitMs * NS_PER_MS, rule);
  return {
    open(event) {
      if (!event.tracked || !rule.wants(event)) return;
      tracker.advance(event.at);
      if (failedOnly) tracker.open(tupleKey(event), event.source, event);
      else rule.failed(event, false);
    },
    answer(event: AnswerEvent) {
      if (!failedOnly || !rule.wants(event)) return;
      tracker.advance(event.at);
      tracker.answer(tupleKey(event), event.outcome);
    },
    tick({ at, final }) {
      tracker.advance(at);
      if (final) tracker.finish();
      rule.expire(at);
    },
  } satisfies RuleHandlers;
}
