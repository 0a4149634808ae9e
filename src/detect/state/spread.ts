/**
 * How many different members (ports, hosts) the failed contacts of one group (a source, a source and a host) reached
 * within a window, beside those that answered. Contacts of whom most succeed are work: a browser, a monitoring poll.
 */
import type { FlowTuple } from '../events.ts';
import { RecentFlows } from './recent-flows.ts';
import { SlidingSet } from './sliding-set.ts';
import { Suspects } from './suspects.ts';

const MOST_GROUPS = 4096;
/** A finding of a group is repeated at most this often: what is folded into one alert need not be told a thousand times a second. */
export const REPEAT_NS = 100_000_000;

export interface SpreadLimits {
  readonly windowNs: number;
  /** Different failed members that make a finding. */
  readonly members: number;
  /** Part of all members in the window that must have failed, 0 to 1. */
  readonly failedShare: number;
}

/** How many members of a group were answered in a window, at most `most`. */
export type AnsweredOf = (window: { readonly at: number; readonly windowNs: number; readonly most: number }) => number;

/** A group over its threshold. */
export interface Spreading {
  readonly at: number;
  readonly firstAt: number;
  /** Different members that failed, exact up to twice the threshold, and that answered, up to four times. */
  readonly failed: number;
  readonly answered: number;
  readonly flows: readonly FlowTuple[];
}

class Group {
  readonly failed: SlidingSet;
  readonly recent = new RecentFlows();
  lastAt = 0;
  raisedAt = Number.NEGATIVE_INFINITY;

  constructor(windowNs: number, members: number) {
    this.failed = new SlidingSet(windowNs, 2 * members);
  }
}

export class Spread {
  private readonly groups: Suspects<Group>;
  private readonly limits: SpreadLimits;

  constructor(limits: SpreadLimits) {
    this.limits = limits;
    this.groups = new Suspects(MOST_GROUPS, () => new Group(limits.windowNs, limits.members));
  }

  /**
   * Counts a failed contact; a finding when the threshold is reached. `answeredOf` says how many members of the group were
   * answered in the window, at most `most`. `flow` is evidence, absent where there are no flows.
   */
  failed(key: string, member: string, at: number, answeredOf: AnsweredOf, flow?: FlowTuple): Spreading | null {
    const group = this.groups.obtain(key);
    group.lastAt = at;
    if (flow !== undefined) group.recent.add(flow);
    const failed = group.failed.add(member, at);
    if (failed === 2) this.groups.promote(key);
    if (failed < this.limits.members || at - group.raisedAt < REPEAT_NS) return null;
    const { windowNs, members } = this.limits;
    const answered = answeredOf({ at, windowNs, most: 4 * members });
    if (failed < this.limits.failedShare * (failed + answered)) return null;
    group.raisedAt = at;
    return { at, firstAt: group.failed.firstAt, failed, answered, flows: group.recent.list() };
  }

  expire(now: number): void {
    this.groups.expire(({ lastAt }) => now - lastAt >= this.limits.windowNs);
  }
}
