/** Unanswered attempts at one service within a window: how many, from how many sources, and from which source most. */
import { type Address, type FlowTuple, OPENS_TOLD } from '../events.ts';
import { BoundedMap } from './bounded-map.ts';
import { HyperLogLog } from './hyperloglog.ts';
import { RecentFlows } from './recent-flows.ts';
import { SlidingCount } from './sliding-count.ts';
import { SlidingSet } from './sliding-set.ts';

/** Sources that are counted one by one; more have to share sketches, one for each of so many parts of the window. */
const MOST_SOURCES = 1024;
const SKETCHES = 32;
/** Sources of which the attempts are counted, per service. More are a flood of many sources. */
const MOST_COUNTED = 64;
/** Debts that are kept apart; further ones join the last. */
const MOST_DEBTS = 64;

/** What is counted of an attempt. */
export interface Attempt extends FlowTuple {
  readonly at: number;
}

/** Attempts that were not told one by one and wait to be answered or given up. */
export interface Debt {
  readonly at: number;
  /** Where the tick began whose surge it is. */
  readonly from: number;
  readonly service: HalfOpen;
  /** Null for attempts that are no surge. */
  readonly sources: HyperLogLog | null;
  opens: number;
  left: number;
}

export class HalfOpen {
  readonly target: Address;
  readonly targetPort: number;
  readonly unanswered: SlidingCount;
  /** Of these, attempts that were accepted and not confirmed. */
  readonly unconfirmed: SlidingCount;
  readonly recent = new RecentFlows();
  lastAt = 0;
  raisedAt = Number.NEGATIVE_INFINITY;
  private readonly sources: SlidingSet;
  private readonly bySource = new BoundedMap<{ count: SlidingCount; raisedAt: number }>(MOST_COUNTED);
  private readonly debts: Debt[] = [];
  /** Attempts that were counted although answers had settled them: later debts hold them. */
  private ahead = 0;
  /** Of sources that were told one by one, while there are too many of them. */
  private parts: { at: number; sketch: HyperLogLog }[] = [];
  private sketches: { at: number; sketch: HyperLogLog }[] = [];
  private readonly windowNs: number;

  constructor(target: Address, targetPort: number, windowNs: number) {
    this.target = target;
    this.targetPort = targetPort;
    this.windowNs = windowNs;
    this.unanswered = new SlidingCount(windowNs);
    this.unconfirmed = new SlidingCount(windowNs);
    this.sources = new SlidingSet(windowNs, MOST_SOURCES);
  }

  /** Counts one attempt that was given up; unanswered attempts in the window. */
  fail(open: Attempt): number {
    this.lastAt = open.at;
    this.recent.add(open);
    if (this.sources.add(open.source, open.at) >= MOST_SOURCES) this.sketchSource(open.source, open.at);
    return this.unanswered.add(open.at);
  }

  /** The set is full: what it is about to forget is counted together. */
  private sketchSource(source: Address, at: number): void {
    const last = this.parts.at(-1);
    if (last === undefined || at - last.at >= this.windowNs) {
      this.parts = [];
      for (const [known, knownAt] of this.sources.entries()) this.partAt(knownAt).add(known);
    }
    this.partAt(at).add(source);
  }

  /** The sketch of the part of the window that a moment is in; moments do not fall by more than a part. */
  private partAt(at: number): HyperLogLog {
    const last = this.parts.at(-1);
    if (last !== undefined && at - last.at < this.windowNs / SKETCHES) return last.sketch;
    const part = { at, sketch: new HyperLogLog() };
    this.parts = [...this.parts.filter((earlier) => at - earlier.at < this.windowNs), part];
    return part.sketch;
  }

  /** Counts the attempt for its source too, `amount` of them when a surge was all of one source. */
  ofSource(source: Address, at: number, amount = 1) {
    const state = this.bySource.obtain(source, () => ({
      count: new SlidingCount(this.windowNs),
      raisedAt: Number.NEGATIVE_INFINITY,
    }));
    state.count.add(at, amount);
    return state;
  }

  /**
   * Counts a debt: what its answers left of it, or, where that is more, the part of a surge that was given up among the
   * attempts of its tick that were told. Answers settle older attempts than they are to, so that by them alone a flood at
   * a busy service would show late; what the share has counted ahead of them is not counted again.
   */
  giveUp({ at, from, left, opens, sources }: Debt): { left: number; unanswered: number } {
    this.lastAt = Math.max(this.lastAt, at);
    const share = sources === null ? 0 : Math.min(1, this.unanswered.since(from) / OPENS_TOLD);
    const sampled = Math.round(share * opens);
    const counted = sampled + Math.max(0, left - sampled - this.ahead);
    this.ahead = Math.max(0, this.ahead + sampled - left);
    if (sources !== null && counted > 0) this.sketches.push({ at, sketch: sources });
    return { left: counted, unanswered: counted > 0 ? this.unanswered.add(at, counted) : this.unanswered.count(at) };
  }

  /** A new debt, or null when it joined one that waits already. */
  owe(from: number, at: number, opens: number, sources: HyperLogLog | null): Debt | null {
    const last = this.debts.at(-1);
    if (last !== undefined && this.debts.length >= MOST_DEBTS) {
      if (sources !== null) last.sources?.merge(sources);
      last.opens += opens;
      last.left += opens;
      return null;
    }
    const debt: Debt = { at, from, service: this, sources, opens, left: opens };
    this.debts.push(debt);
    return debt;
  }

  /** Answers to attempts that were not told: they settle the oldest debts first. How many found a debt. */
  pay(answers: number): number {
    let left = answers;
    for (const debt of this.debts) {
      const paid = Math.min(left, debt.left);
      debt.left -= paid;
      left -= paid;
      if (left === 0) break;
    }
    return answers - left;
  }

  forgetDebt(debt: Debt): void {
    if (this.debts[0] === debt) this.debts.shift();
  }

  /** Different sources in the window; an estimate (3 %) beyond those that were told one by one. */
  sourceCount(at: number): number {
    const told = this.sources.count(at);
    this.sketches = this.sketches.filter((entry) => at - entry.at < this.windowNs);
    this.parts = this.parts.filter((entry) => at - entry.at < this.windowNs);
    if (this.sketches.length + this.parts.length === 0) return told;
    const all = new HyperLogLog();
    for (const source of this.sources.keys()) all.add(source);
    for (const { sketch } of this.sketches) all.merge(sketch);
    for (const { sketch } of this.parts) all.merge(sketch);
    // An estimate, but there are never more sources than attempts.
    return Math.max(told, Math.min(all.count(), this.unanswered.count(at)));
  }

  /** Sources that were told one by one, in the window. */
  toldSources(at: number): number {
    return this.sources.count(at);
  }

  /** The only source of the window, null when there are several. */
  onlySource(at: number): Address | null {
    if (this.sourceCount(at) !== 1) return null;
    for (const source of this.sources.keys()) return source;
    return null;
  }
}

/** Attempts in a second, from those since `firstAt`: the rate between the first and the last, at least over a millisecond. */
export function ratePerSecond(count: number, firstAt: number, at: number): number {
  return Math.round(count / (Math.max(at - firstAt, 1_000_000) / 1e9));
}
