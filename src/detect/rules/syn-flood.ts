/**
 * Attempts at one service that are not answered: many from many sources (NetScope's thresholds), or very many from one.
 * Attempts are counted, not flows: those that the flow table refused and those that were told as a surge count alike.
 */
import { endpointText } from '../endpoint.ts';
import type { AnswerEvent, FlowTuple, HalfOpenEvent, OpenEvent, SurgeEvent } from '../events.ts';
import { defineRule, type Finding } from '../rule.ts';
import { BoundedMap } from '../state/bounded-map.ts';
import { ContactTracker, tupleKey } from '../state/contacts.ts';
import { type Attempt, type Debt, HalfOpen, ratePerSecond } from '../state/half-open.ts';
import { REPEAT_NS } from '../state/spread.ts';
import { ANSWER_WAIT, NS_PER_SECOND, TCP, windowSetting } from './scan-settings.ts';

const MOST_SERVICES = 4096;
/** Attempts that wait for an answer; what is beyond is counted without being known one by one. */
const MOST_WAITING = 32_768;

interface Limits {
  readonly unanswered: number;
  readonly sources: number;
  readonly single: number;
  readonly window: number;
  readonly waitNs: number;
  readonly countRefused: boolean;
}

interface Output {
  text(address: string): string;
  raise(finding: Finding): void;
}

/** Of a finding: behind those of all events, as attempts that wait may be shown late. */
const LAST = Number.MAX_SAFE_INTEGER;

/** Services whose answers beyond the attempts that were told are remembered until the surge of the tick. */
const MOST_CREDITS = 8192;

const serviceKey = ({ target, targetPort }: Pick<FlowTuple, 'target' | 'targetPort'>): string => target + String.fromCharCode(targetPort);

class FloodCounter {
  private readonly services = new BoundedMap<HalfOpen>(MOST_SERVICES);
  /** The only unanswered attempt at a service: a scan of many services costs no more than that, and pushes no other out. */
  private readonly only = new BoundedMap<{ open: Attempt }>(MOST_SERVICES);
  private readonly tracker: ContactTracker<OpenEvent>;
  /** In the order in which they were made. */
  private readonly debts = new Set<Debt>();
  /** Answers in this tick to attempts that were not told one by one: a surge comes after its answers. */
  private readonly credits = new Map<string, number>();
  private tickFrom = 0;
  private readonly limits: Limits;
  private readonly output: Output;

  constructor(limits: Limits, output: Output) {
    this.limits = limits;
    this.output = output;
    const outcomes = {
      failed: (open: OpenEvent, refused: boolean) => {
        if (!refused || limits.countRefused) this.fail(open);
      },
      accepted: () => {},
    };
    this.tracker = new ContactTracker(limits.waitNs, outcomes, { most: MOST_WAITING, mostPerGroup: MOST_WAITING });
  }

  /** No attempt waits. */
  get isIdle(): boolean {
    return this.tracker.size === 0;
  }

  open(event: OpenEvent): void {
    this.advance(event.at);
    if (this.tracker.open(tupleKey(event), '', event)) return;
    const service = this.services.peek(serviceKey(event));
    if (service !== undefined) this.owe(service, event.at, 1, null);
  }

  answer(event: AnswerEvent): void {
    this.advance(event.at);
    if (this.tracker.answer(tupleKey(event), event.outcome)) return;
    if (event.outcome === 'refused' && this.limits.countRefused) return;
    const key = serviceKey(event);
    const credit = 1 - (this.services.peek(key)?.pay(1) ?? 0);
    const before = this.credits.get(key);
    if (credit > 0 && (before !== undefined || this.credits.size < MOST_CREDITS)) this.credits.set(key, (before ?? 0) + credit);
  }

  /** Accepted, and never confirmed by the client: the server waits as it does for an answer to its own packet. */
  halfOpen(event: HalfOpenEvent): void {
    this.advance(event.at);
    const key = serviceKey(event);
    // Told late, and not to be counted before what was.
    const at = Math.max(event.firstAt, this.services.peek(key)?.lastAt ?? 0);
    this.fail({ ...event, at });
    this.services.peek(key)?.unconfirmed.add(at);
  }

  surge({ at, target, targetPort, opens, sources }: SurgeEvent): void {
    this.advance(at);
    const key = serviceKey({ target, targetPort });
    const service = this.service(key);
    this.owe(service, at, opens, sources);
    service.pay(this.credits.get(key) ?? 0);
  }

  /** Gives up what has waited for too long, attempts and debts; answers of the next tick may still settle a surge. */
  advance(now: number): void {
    const { waitNs } = this.limits;
    for (const debt of this.debts) {
      if (now - debt.at <= waitNs) break;
      // In the order of time, also when nothing came for long.
      this.tracker.advance(debt.at + waitNs);
      this.debts.delete(debt);
      this.giveUp(debt);
    }
    this.tracker.advance(now);
  }

  endTick(now: number): void {
    this.credits.clear();
    this.tickFrom = now;
    this.services.expire(({ lastAt }) => now - lastAt >= this.windowNs + this.limits.waitNs);
  }

  private get windowNs(): number {
    return this.limits.window * NS_PER_SECOND;
  }

  private owe(service: HalfOpen, at: number, amount: number, sources: Debt['sources']): void {
    const debt = service.owe(this.tickFrom, at, amount, sources);
    service.lastAt = Math.max(service.lastAt, at);
    if (debt !== null) this.debts.add(debt);
  }

  private service(key: string): HalfOpen {
    return this.services.obtain(key, () => new HalfOpen(key.slice(0, -1), key.charCodeAt(key.length - 1), this.windowNs));
  }

  private fail(open: Attempt): void {
    const key = serviceKey(open);
    if (this.services.peek(key) === undefined) {
      const only = this.only.peek(key);
      if (only === undefined || open.at - only.open.at >= this.windowNs) {
        this.only.obtain(key, () => ({ open })).open = open;
        return;
      }
      this.only.delete(key);
      this.count(this.service(key), only.open);
    }
    this.count(this.service(key), open);
  }

  private count(service: HalfOpen, open: Attempt): void {
    const unanswered = service.fail(open);
    if (service.toldSources(open.at) < this.limits.sources) this.judgeSource(service, open.source, open.at, 1);
    if (open.at - service.raisedAt >= REPEAT_NS) this.judge(service, open.at, unanswered);
  }

  private giveUp(debt: Debt): void {
    const { service, at, sources } = debt;
    service.forgetDebt(debt);
    const { left, unanswered } = service.giveUp(debt);
    if (left === 0) return;
    const source = sources === null ? null : service.onlySource(at);
    if (source !== null) this.judgeSource(service, source, at, left);
    if (sources !== null || at - service.raisedAt >= REPEAT_NS) this.judge(service, at, unanswered);
  }

  private judge(service: HalfOpen, at: number, unanswered: number): void {
    const { limits, output } = this;
    if (unanswered < limits.unanswered) return;
    const sources = service.sourceCount(at);
    if (sources < limits.sources) return;
    service.raisedAt = at;
    const firstAt = service.unanswered.firstAt;
    const rate = ratePerSecond(unanswered, firstAt, at);
    const target = this.nameOf(service);
    output.raise({
      at,
      firstAt,
      source: null,
      target,
      observed: { unanswered, sources, per_sec: rate, ...unconfirmedOf(service, at) },
      threshold: { unanswered: limits.unanswered, sources: limits.sources },
      windowSecs: limits.window,
      description: `${unanswered} unanswered SYNs from ${sources} sources to ${target} within ${limits.window} s (${rate} a second), ${limits.unanswered} from ${limits.sources} are the limit`,
      flows: service.recent.list(),
    });
  }

  private judgeSource(service: HalfOpen, source: string, at: number, amount: number): void {
    const { limits, output } = this;
    const state = service.ofSource(source, at, amount);
    const unanswered = state.count.count(at);
    if (unanswered < limits.single || at - state.raisedAt < REPEAT_NS) return;
    state.raisedAt = at;
    const firstAt = state.count.firstAt;
    const rate = ratePerSecond(unanswered, firstAt, at);
    const [from, target] = [output.text(source), this.nameOf(service)];
    output.raise({
      at,
      firstAt,
      source: from,
      target,
      observed: { unanswered, sources: 1, per_sec: rate, ...unconfirmedOf(service, at) },
      threshold: { unanswered: limits.single, sources: 1 },
      windowSecs: limits.window,
      description: `${unanswered} unanswered SYNs from ${from} to ${target} within ${limits.window} s (${rate} a second), ${limits.single} are the limit for one source`,
      flows: service.recent.list().filter((flow) => flow.source === source),
    });
  }

  private nameOf({ target, targetPort }: HalfOpen): string {
    return endpointText(this.output.text(target), targetPort);
  }
}

/** Where the server answered: attempts that it accepted and that nobody confirmed. */
function unconfirmedOf({ unconfirmed }: HalfOpen, at: number): { unconfirmed?: number } {
  const count = unconfirmed.count(at);
  return count === 0 ? {} : { unconfirmed: count };
}

export const synFlood = defineRule({
  kind: 'syn_flood',
  title: 'SYN flood',
  description:
    'Many connection attempts at one address and port are not answered, or are accepted and never confirmed: from many sources, or very many from one.',
  severity: 'high',
  confidence: 0.9,
  mitre: [
    { technique: 'T1498.001', name: 'Network Denial of Service: Direct Network Flood', tactic: 'Impact' },
    { technique: 'T1499.001', name: 'Endpoint Denial of Service: OS Exhaustion Flood', tactic: 'Impact' },
  ],
  enabled: true,
  cooldownSecs: 10,
  decides: 'target',
  isolated: true,
  settings: {
    unanswered: { value: 200, least: 2, most: 1e6, unit: 'SYNs', description: 'Unanswered SYNs from many sources' },
    sources: { value: 50, least: 2, most: 1000, unit: 'sources', description: 'Sources that are many' },
    single: { value: 200, least: 2, most: 1e6, unit: 'SYNs', description: 'Unanswered SYNs from one source' },
    window_secs: windowSetting(5, 600),
    count_refused: { value: 1, least: 0, most: 1, unit: '1 or 0', description: '1 counts SYNs that were answered with a reset as well' },
    answer_wait_ms: ANSWER_WAIT,
  },
  create(context) {
    const { unanswered, sources, single, window_secs: window, count_refused, answer_wait_ms } = context.settings;
    const waitNs = answer_wait_ms * 1_000_000;
    const output: Output = {
      text: (address) => context.text(address),
      raise: (finding) => context.raise(finding, LAST),
    };
    const counter = new FloodCounter({ unanswered, sources, single, window, waitNs, countRefused: count_refused === 1 }, output);
    return {
      attempts: {
        waitNs,
        get isIdle() {
          return counter.isIdle;
        },
      },
      pending(event) {
        if (event.protocol === TCP) counter.open(event);
      },
      settled(event) {
        if (event.protocol === TCP) counter.answer(event);
      },
      halfOpen(event) {
        counter.halfOpen(event);
      },
      surge(event) {
        if (event.protocol === TCP) counter.surge(event);
      },
      tick({ at, final }) {
        counter.advance(final ? Number.POSITIVE_INFINITY : at);
        counter.endTick(at);
      },
    };
  },
});
