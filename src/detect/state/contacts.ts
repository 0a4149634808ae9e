/**
 * Attempts that wait for their answer. An attempt has failed when it was refused or when nothing came within the wait;
 * failures of a group (a source) are told in the order of its attempts, not of the refusals, so that a sliding window
 * over them is exact. Groups do not wait for each other. Driven by events alone: `advance` with the time of each.
 */
import type { FlowTuple } from '../events.ts';

/** What became of attempts. `accepted` is told at the moment of the answer, `failed` when all earlier ones of the group are decided. */
export interface Outcomes<T> {
  failed(attempt: T, refused: boolean): void;
  accepted(attempt: T): void;
}

export interface ContactLimits {
  /** Attempts that may wait at once. */
  readonly most: number;
  /** Of them, those of one group: no scanner can fill the table for others. */
  readonly mostPerGroup: number;
}

/** A source that has 256 attempts open is known well enough by those; 16,384 are about 4 MiB. */
const SCAN_LIMITS: ContactLimits = { most: 16_384, mostPerGroup: 256 };

interface Waiting<T> {
  readonly attempt: T;
  readonly key: string;
  readonly group: Group<T>;
  outcome: 'none' | 'unanswered' | 'refused' | 'accepted';
}

/** The attempts of one group, oldest first; those before `head` have been told. */
interface Group<T> {
  readonly key: string;
  queue: Waiting<T>[];
  head: number;
  /** Attempts that are not accepted and not told: these count for the limit. */
  undecided: number;
}

/** A queue is compacted when it is at least this long. */
const LEAST_COMPACTED = 1024;

export class ContactTracker<T extends { readonly at: number }> {
  /** All attempts in the order in which their wait ends. */
  private queue: Waiting<T>[] = [];
  private head = 0;
  private undecided = 0;
  private readonly byKey = new Map<string, Waiting<T>>();
  private readonly groups = new Map<string, Group<T>>();
  private readonly waitNs: number;
  private readonly limits: ContactLimits;
  private readonly outcomes: Outcomes<T>;

  constructor(waitNs: number, outcomes: Outcomes<T>, limits: ContactLimits = SCAN_LIMITS) {
    this.waitNs = waitNs;
    this.outcomes = outcomes;
    this.limits = limits;
  }

  /** When the attempt that waits longest was made; Infinity when none waits, -Infinity when `advance` has something to do. */
  get waitingSince(): number {
    if (this.head === this.queue.length) return Number.POSITIVE_INFINITY;
    const { outcome, attempt } = this.queue[this.head];
    return outcome === 'none' ? attempt.at : Number.NEGATIVE_INFINITY;
  }

  /** Attempts that wait. */
  get size(): number {
    return this.undecided;
  }

  /** False when there is no room: nothing will be told of this attempt. Those that wait already keep their place. */
  open(key: string, groupKey: string, attempt: T): boolean {
    if (this.undecided >= this.limits.most) return false;
    let group = this.groups.get(groupKey);
    if (group === undefined) {
      group = { key: groupKey, queue: [], head: 0, undecided: 0 };
      this.groups.set(groupKey, group);
    } else if (group.undecided >= this.limits.mostPerGroup) return false;
    const entry: Waiting<T> = { attempt, key, group, outcome: 'none' };
    this.queue.push(entry);
    group.queue.push(entry);
    this.byKey.set(key, entry);
    group.undecided++;
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
      this.leave(entry.group);
      this.outcomes.accepted(entry.attempt);
    }
    this.settle(entry.group);
    this.compact();
    return true;
  }

  /** Decides what waited longer than the wait; an answer that comes exactly at its end is in time. */
  advance(now: number): void {
    while (this.head < this.queue.length) {
      const entry = this.queue[this.head];
      if (entry.outcome === 'none') {
        if (now - entry.attempt.at <= this.waitNs) break;
        entry.outcome = 'unanswered';
        // A later attempt with the same key keeps its entry.
        if (this.byKey.get(entry.key) === entry) this.byKey.delete(entry.key);
        this.head++;
        this.settle(entry.group);
      } else this.head++;
    }
    this.compact();
  }

  /** Decides everything: no more events will come. */
  finish(): void {
    this.advance(Number.POSITIVE_INFINITY);
  }

  /** Tells the failures of a group up to the first attempt that waits. */
  private settle(group: Group<T>): void {
    while (group.head < group.queue.length) {
      const { attempt, outcome } = group.queue[group.head];
      if (outcome === 'none') break;
      group.head++;
      if (outcome === 'accepted') continue;
      this.leave(group);
      this.outcomes.failed(attempt, outcome === 'refused');
    }
    if (group.head === group.queue.length) this.groups.delete(group.key);
    else if (group.queue.length >= LEAST_COMPACTED && group.queue.length >= 2 * group.undecided) {
      group.queue = group.queue.slice(group.head).filter(({ outcome }) => outcome !== 'accepted');
      group.head = 0;
    }
  }

  private leave(group: Group<T>): void {
    this.undecided--;
    group.undecided--;
  }

  /** Drops what is decided once it is most of the queue: constant work per attempt on average. */
  private compact(): void {
    const isOver = this.head > 0 && this.head === this.queue.length;
    if (!isOver && (this.queue.length < LEAST_COMPACTED || this.queue.length < 2 * this.undecided)) return;
    this.queue = this.queue.slice(this.head).filter(({ outcome }) => outcome === 'none');
    this.head = 0;
  }
}

/** A flow as a key. */
export function tupleKey({ protocol, source, sourcePort, target, targetPort }: FlowTuple): string {
  return source + target + String.fromCharCode(sourcePort, targetPort, protocol);
}
