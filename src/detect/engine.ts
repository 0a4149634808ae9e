/**
 * Runs the rules over one tick after the other. The events of all shards are put into one order, so that what rules find
 * depends on the packets and not on how flows were spread. A rule that throws is given up; the others go on.
 */
import { AddressCache } from './address-cache.ts';
import { type DetectBatch, MOMENT_BYTES } from './batch.ts';
import { handle, type SingleType } from './dispatch.ts';
import { EntryReader } from './entry-reader.ts';
import { EventRows, ignoreRow } from './event-rows.ts';
import type { Address, DetectEvent, OpenEvent } from './events.ts';
import { mergeBatches, type TickSums, type TickVisitor } from './merge-batches.ts';
import { type CreateTickWalk, Holding, NativeWalk, type WalkVisitor } from './native-walk.ts';
import type { Networks } from './networks.ts';
import { type CreateRowFronts, RowShow } from './row-show.ts';
import type { Finding, RowHandlers, Rule, RuleContext, RuleHandlers } from './rule.ts';
import { Scratch } from './scratch.ts';
import { ContactFollower, type ContactRule } from './state/contact-follower.ts';
import { SourceMarks } from './state/source-marks.ts';

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
  readonly handlers: RuleHandlers & RowHandlers;
}

type OnEvent = (event: DetectEvent) => void;
type RowType = 'answer' | 'volume' | 'close';
/** Whoever wants these as single events is shown each of them. */
const SINGLE = ['open', 'answer', 'volume', 'close'] as const;
/** Whoever gets these has attempts that wait. */
const WAITING = ['pending', 'settled'] as const;
type Wanting = Record<SingleType, Running[]>;
/** Addresses of which it is known whether they are internal. */
const MOST_CLASSIFIED = 65_536;

/** What is done natively, where there is an addon. */
export interface NativeDetect {
  readonly createWalk: CreateTickWalk;
  readonly createFronts: CreateRowFronts;
}

export interface RuleTools extends Pick<RuleContext, 'isInternal' | 'text'> {
  /** What `isInternal` asks, for who asks natively. */
  readonly networks?: Networks;
}

export class DetectEngine implements TickVisitor, WalkVisitor {
  private readonly onBroken: (rule: Rule, error: unknown) => void;
  private readonly addresses: AddressCache;
  private running: readonly Running[] = [];
  /** Who gets what, in the order of the rules. */
  private wanting: Wanting;
  private readonly broken = new Set<Rule>();
  /** By the time that they wait for an answer, ms. */
  private readonly followers = new Map<number, ContactFollower>();
  private followed: readonly ContactFollower[] = [];
  private readonly owners = new Map<ContactRule, Rule>();
  private found: (Found & { index: number; rank: number })[] = [];
  /** Events so far in this tick. */
  index = 0;
  /** Of the last tick. No small whole number at first: code that takes it for one is thrown away after two seconds. */
  private lastNs = Number.NEGATIVE_INFINITY;
  private onEvent: OnEvent | null = null;
  private moments!: EntryReader;
  private ends!: EntryReader;
  readonly answers: EventRows;
  readonly volumes: EventRows;
  readonly closes: EventRows;
  private readonly scratch = new Scratch();
  private readonly walk: NativeWalk | null;
  private readonly createFronts: CreateRowFronts | null;
  private shows: Record<RowType, RowShow>;

  /** `onBroken` hears of a rule that threw, once. Without `native` nothing is gone through natively. */
  constructor(
    rules: readonly ActiveRule[],
    tools: RuleTools,
    onBroken: (rule: Rule, error: unknown) => void,
    native: NativeDetect | null = null,
  ) {
    this.onBroken = onBroken;
    this.addresses = new AddressCache(tools);
    const none = new EntryReader(new Uint8Array(0), MOMENT_BYTES, this.addresses);
    [this.answers, this.volumes, this.closes] = [new EventRows(none, 0), new EventRows(none, 0), new EventRows(none, 0)];
    const isInternal = remembered(tools.isInternal);
    const running: Running[] = [];
    const marks = new SourceMarks();
    for (const [rank, { rule, settings }] of rules.entries()) {
      const raise = (finding: Finding, number = this.index) => void this.found.push({ rule, finding, index: number, rank });
      const contacts = {
        marks,
        follow: (answerWaitMs: number, contactRule: ContactRule) => {
          this.owners.set(contactRule, rule);
          this.followerOf(answerWaitMs).add(contactRule);
        },
      };
      running.push({ rule, handlers: rule.create({ settings, raise, isInternal, text: tools.text, contacts }) });
    }
    this.running = running;
    this.wanting = wantingOf(running);
    this.createFronts = native?.createFronts ?? null;
    this.shows = this.showsOf(running);
    this.followed = [...this.followers.values()];
    // It goes with one follower, and leaves those that count every attempt to themselves.
    const isWalked = native !== null && this.followed.length <= 1 && !this.followed.some(({ countsAll }) => countsAll);
    this.walk = isWalked
      ? new NativeWalk(native.createWalk, this, this.addresses, marks, this.followed[0], tools.networks?.words() ?? null)
      : null;
  }

  /** What the rules found in one tick, in the order of the events; `batches` are those of its shards. `onEvent` sees each event. */
  tick(batches: readonly DetectBatch[], tick: TickSums, onEvent: OnEvent | null = null): Found[] {
    this.found = [];
    this.index = 0;
    this.onEvent = onEvent;
    const isWalked = onEvent === null && SINGLE.every((type) => this.wanting[type].length === 0);
    if (!isWalked) this.walk?.release();
    mergeBatches(batches, tick, this.lastNs, this.addresses, this, this.scratch, isWalked ? this.walk : null);
    this.lastNs = tick.at;
    return this.found.sort((a, b) => a.index - b.index || a.rank - b.rank);
  }

  begin(moments: EntryReader, ends: EntryReader): void {
    this.moments = moments;
    this.ends = ends;
    this.answers.begin(moments);
    this.volumes.begin(ends);
    this.closes.begin(ends);
  }

  opened(offset: number, at: number): void {
    this.index++;
    this.meetOpen(offset, at);
  }

  meetOpen(offset: number, at: number): void {
    const { moments, onEvent, followed } = this;
    const isAccepted = moments.isAccepted(offset);
    for (let i = 0; i < followed.length; i++) if (isAccepted && !followed[i].countsAll) followed[i].advance(moments.protocol(offset), at);
    if (isAccepted && onEvent === null && this.wanting.open.length === 0) return;
    const event = moments.open(offset, at);
    onEvent?.(event);
    for (const follower of followed) if (!isAccepted || follower.countsAll) follower.open(event);
    if (!isAccepted) this.tell('pending', event);
    this.tell('open', event);
  }

  get holding(): Holding {
    if (this.followed.length === 0) return Holding.NONE;
    const { waitNs } = this.followed[0];
    let holding: Holding = Holding.IDLE;
    for (const type of WAITING) {
      for (const { handlers } of this.wanting[type]) {
        const { attempts } = handlers;
        if (attempts === undefined || attempts.waitNs !== waitNs) return Holding.NONE;
        if (!attempts.isIdle) holding = Holding.SOME;
      }
    }
    return holding;
  }

  meetHeld(attempt: OpenEvent): void {
    for (const follower of this.followed) follower.open(attempt);
    this.tell('pending', attempt);
  }

  meetTime(offset: number, at: number): void {
    for (const follower of this.followed) follower.advance(this.moments.protocol(offset), at);
  }

  answered(offset: number, at: number, attemptAt: number): void {
    this.index++;
    this.answers.push(offset, at, this.index);
    this.meetAnswer(offset, at, attemptAt);
  }

  meetAnswer(offset: number, at: number, attemptAt: number): void {
    const { moments, onEvent, followed } = this;
    const isQuick = moments.isAccepted(offset) && !Number.isNaN(attemptAt);
    if (isQuick) for (let i = 0; i < followed.length; i++) followed[i].acceptedEntry(moments, offset, at, attemptAt);
    if (isQuick && onEvent === null && this.wanting.answer.length === 0) return;
    const event = moments.answer(offset, at, Number.isNaN(attemptAt) ? null : attemptAt);
    onEvent?.(event);
    if (!isQuick) {
      for (const follower of followed) follower.answer(event, null);
      this.tell('settled', event);
    }
    this.tell('answer', event);
  }

  grown(offset: number, at: number): void {
    this.index++;
    this.volumes.push(offset, at, this.index);
    if (this.onEvent === null && this.wanting.volume.length === 0) return;
    const event = this.ends.volume(offset, at);
    this.onEvent?.(event);
    this.tell('volume', event);
  }

  closed(offset: number, at: number): void {
    this.index++;
    this.closes.pushBeside(this.volumes, offset, at, this.index);
    if (this.onEvent === null && this.wanting.close.length === 0) return;
    const event = this.ends.close(offset, at);
    this.onEvent?.(event);
    this.tell('close', event);
  }

  event(event: DetectEvent): void {
    if (event.type === 'arp') this.tellRows('answer', this.answers);
    else if (event.type === 'tick') this.tellAllRows();
    this.index++;
    this.onEvent?.(event);
    if (event.type === 'tick') for (const follower of this.followed) follower.tick(event);
    this.tell(event.type, event);
  }

  private tellAllRows(): void {
    this.tellRows('answer', this.answers);
    this.tellRows('volume', this.volumes);
    this.tellRows('close', this.closes);
  }

  /** Shows what has gathered, and begins anew. */
  private tellRows(type: RowType, rows: EventRows): void {
    if (rows.count === 0) return;
    rows.classify();
    this.shows[type].show(rows);
    rows.count = 0;
  }

  private tell(type: SingleType, event: DetectEvent): void {
    for (const { rule, handlers } of this.wanting[type]) {
      try {
        handle(handlers, type, event);
      } catch (error) {
        this.giveUp(rule, error);
      }
    }
  }

  private showsOf(running: readonly Running[]): Record<RowType, RowShow> {
    const showOf = (type: RowType, areEnds: boolean) => {
      const having = running.filter(({ handlers }) => handlers[`${type}Row`] !== undefined);
      const listeners = having.map(({ rule, handlers }) => ({
        handler: handlers[`${type}Row`] ?? ignoreRow,
        front: handlers[`${type}Front`] ?? null,
        giveUp: (error: unknown) => this.giveUp(rule, error),
      }));
      return new RowShow(listeners, areEnds, this.createFronts);
    };
    return { answer: showOf('answer', false), volume: showOf('volume', true), close: showOf('close', true) };
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
      if (owner === rule) for (const follower of this.followed) follower.remove(contactRule);
    }
    this.running = this.running.filter((running) => running.rule !== rule);
    this.wanting = wantingOf(this.running);
    this.shows = this.showsOf(this.running);
    this.onBroken(rule, error);
  }
}

function wantingOf(running: readonly Running[]): Wanting {
  const having = (type: SingleType) => running.filter(({ handlers }) => handlers[type] !== undefined);
  return {
    open: having('open'),
    pending: having('pending'),
    answer: having('answer'),
    settled: having('settled'),
    volume: having('volume'),
    close: having('close'),
    halfOpen: having('halfOpen'),
    dns: having('dns'),
    arp: having('arp'),
    dhcp: having('dhcp'),
    surge: having('surge'),
    tick: having('tick'),
  };
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
