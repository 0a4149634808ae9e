/**
 * Runs the rules over one tick after the other. The events of all shards are put into one order, so that what rules find
 * depends on the packets and not on how flows were spread. A rule that throws is given up; the others go on.
 */
import { AddressCache } from './address-cache.ts';
import type { DetectBatch } from './batch.ts';
import type { Address, DetectEvent, EventType, OpenEvent } from './events.ts';
import { mergeBatches, type TickSums } from './merge-batches.ts';
import type { Finding, Rule, RuleContext, RuleHandlers } from './rule.ts';
import { ContactFollower, type ContactRule } from './state/contact-follower.ts';

/** A rule with the settings that are in force. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly settings: Readonly<Record<string, number>>;
}

export interface Found {
  readonly rule: Rule;
  readonly finding: Finding;
}

interface Running {
  readonly rule: Rule;
  readonly handlers: RuleHandlers;
}

const TYPES: readonly EventType[] = ['open', 'answer', 'volume', 'close', 'halfOpen', 'dns', 'arp', 'surge', 'tick'];
/** Addresses of which it is known whether they are internal. */
const MOST_CLASSIFIED = 65_536;

export type RuleTools = Pick<RuleContext, 'isInternal' | 'text'>;

export class DetectEngine {
  private readonly onBroken: (rule: Rule, error: unknown) => void;
  private readonly addresses = new AddressCache();
  /** Who gets the events of a type, in the order of the rules. */
  private readonly wanting: Record<EventType, Running[]> = {
    open: [],
    answer: [],
    volume: [],
    close: [],
    halfOpen: [],
    dns: [],
    arp: [],
    surge: [],
    tick: [],
  };
  private readonly broken = new Set<Rule>();
  /** By the time that they wait for an answer, ms. */
  private readonly followers = new Map<number, ContactFollower>();
  private readonly owners = new Map<ContactRule, Rule>();
  private found: (Found & { index: number; rank: number })[] = [];
  private index = 0;
  private lastNs = 0;

  /** `onBroken` hears of a rule that threw, once. */
  constructor(rules: readonly ActiveRule[], tools: RuleTools, onBroken: (rule: Rule, error: unknown) => void) {
    this.onBroken = onBroken;
    const isInternal = remembered(tools.isInternal);
    for (const [rank, { rule, settings }] of rules.entries()) {
      const raise = (finding: Finding) => void this.found.push({ rule, finding, index: this.index, rank });
      const contacts = {
        follow: (answerWaitMs: number, contactRule: ContactRule) => {
          this.owners.set(contactRule, rule);
          this.followerOf(answerWaitMs).add(contactRule);
        },
      };
      const handlers = rule.create({ settings, raise, isInternal, text: tools.text, contacts });
      for (const type of TYPES) if (handlers[type] !== undefined) this.wanting[type].push({ rule, handlers });
    }
  }

  /** What the rules found in one tick, in the order of the events; `batches` are those of its shards. `onEvent` sees each event. */
  tick(batches: readonly DetectBatch[], tick: TickSums, onEvent: ((event: DetectEvent) => void) | null = null): Found[] {
    this.found = [];
    this.index = 0;
    mergeBatches(batches, tick, this.lastNs, this.addresses, (event, attempt) => {
      this.index++;
      onEvent?.(event);
      this.tell(event, attempt);
    });
    this.lastNs = tick.at;
    return this.found.sort((a, b) => a.index - b.index || a.rank - b.rank);
  }

  private tell(event: DetectEvent, attempt: OpenEvent | null): void {
    if (event.type === 'open') for (const follower of this.followers.values()) follower.open(event);
    else if (event.type === 'answer') for (const follower of this.followers.values()) follower.answer(event, attempt);
    else if (event.type === 'tick') for (const follower of this.followers.values()) follower.tick(event);
    const running = this.wanting[event.type];
    for (let i = 0; i < running.length; i++) {
      const { rule, handlers } = running[i];
      try {
        dispatch(handlers, event);
      } catch (error) {
        this.giveUp(rule, error);
      }
    }
  }

  private followerOf(answerWaitMs: number): ContactFollower {
    let follower = this.followers.get(answerWaitMs);
    if (follower === undefined) {
      follower = new ContactFollower(answerWaitMs, (contactRule, error) => {
        const rule = this.owners.get(contactRule);
        if (rule !== undefined) this.giveUp(rule, error);
      });
      this.followers.set(answerWaitMs, follower);
    }
    return follower;
  }

  private giveUp(rule: Rule, error: unknown): void {
    if (this.broken.has(rule)) return;
    this.broken.add(rule);
    for (const [contactRule, owner] of this.owners) {
      if (owner === rule) for (const follower of this.followers.values()) follower.remove(contactRule);
    }
    for (const type of TYPES) this.wanting[type] = this.wanting[type].filter((running) => running.rule !== rule);
    this.onBroken(rule, error);
  }
}

/** The same question about the same address is asked once. */
function remembered(isInternal: (address: Address) => boolean): (address: Address) => boolean {
  const known = new Map<Address, boolean>();
  return (address) => {
    let answer = known.get(address);
    if (answer === undefined) {
      answer = isInternal(address);
      if (known.size >= MOST_CLASSIFIED) known.clear();
      known.set(address, answer);
    }
    return answer;
  };
}

export function dispatch(handlers: RuleHandlers, event: DetectEvent): void {
  switch (event.type) {
    case 'open':
      handlers.open?.(event);
      break;
    case 'answer':
      handlers.answer?.(event);
      break;
    case 'volume':
      handlers.volume?.(event);
      break;
    case 'close':
      handlers.close?.(event);
      break;
    case 'halfOpen':
      handlers.halfOpen?.(event);
      break;
    case 'dns':
      handlers.dns?.(event);
      break;
    case 'arp':
      handlers.arp?.(event);
      break;
    case 'surge':
      handlers.surge?.(event);
      break;
    case 'tick':
      handlers.tick?.(event);
      break;
  }
}
