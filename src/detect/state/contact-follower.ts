/**
 * What becomes of contacts, found out once for all rules that are about them. An attempt that was accepted before its tick
 * was over never waits; the others do, until they are answered or given up.
 */
import type { EntryReader } from '../entry-reader.ts';
import type { Address, AnswerEvent, OpenEvent, TickEvent } from '../events.ts';
import type { RuleContext, RuleHandlers } from '../rule.ts';
import { type AnsweredContacts, AnsweredSources, type AnsweredStore } from './answered-contacts.ts';
import { type ContactFlow, type ContactWants, isWanted, writeWants } from './contact-wants.ts';
import { ContactTracker, type Outcomes, tupleKey } from './contacts.ts';
import type { SourceMarks } from './source-marks.ts';

const NS_PER_MS = 1_000_000;
const PROTOCOLS = 256;

/** An attempt read from its entry when it is asked for. */
class EntryFlow implements ContactFlow {
  private entries: EntryReader | null = null;
  private offset = 0;

  show(entries: EntryReader, offset: number): void {
    this.entries = entries;
    this.offset = offset;
  }

  get protocol(): number {
    return this.shown.protocol(this.offset);
  }

  get source(): Address {
    return this.shown.source(this.offset);
  }

  get sourcePort(): number {
    return this.shown.sourcePort(this.offset);
  }

  get target(): Address {
    return this.shown.target(this.offset);
  }

  get targetPort(): number {
    return this.shown.targetPort(this.offset);
  }

  get icmpType(): number {
    return this.shown.icmpType(this.offset);
  }

  private get shown(): EntryReader {
    if (this.entries === null) throw new Error('no entry is shown');
    return this.entries;
  }
}

export interface ContactRule {
  /** The attempt failed. `answered`: contacts of its source, in the same protocol, that did not; undefined when there are none. */
  failed(attempt: OpenEvent, refused: boolean, answered: AnsweredContacts | undefined): void;
  /** For rules that must hear of each whose source they know; the sources that they know are marked in `SharedContacts.marks`. */
  accepted?(attempt: OpenEvent): void;
  knows?(source: Address): boolean;
  /** How long answered contacts are to be remembered, ns. */
  readonly memoryNs: number;
  /** Without it every attempt counts as failed, and at once. */
  readonly failedOnly: boolean;
  /** Protocols that it is about; any when absent. */
  readonly protocols?: readonly number[];
  /** Which flows of theirs it is about; all when absent. */
  readonly wants?: ContactWants;
  /** What cannot be described must hold as well; the native walk has to ask. */
  readonly within?: (flow: ContactFlow) => boolean;
  /** At the end of each tick, after what is decided by then. */
  expire(now: number): void;
}

/** Where rules with the same wait share one follower. */
export interface SharedContacts {
  readonly marks: SourceMarks;
  follow(answerWaitMs: number, rule: ContactRule): void;
}

interface Followed {
  readonly tracker: ContactTracker<OpenEvent>;
  readonly answered: AnsweredStore;
}

/** Who goes through entries for a follower, and must know which it may take. */
export interface ContactWalk {
  /** By protocol: flags of `ContactLane`. */
  readonly lanes: Uint8Array;
  /** Written by `writeWants`. */
  readonly wants: Uint32Array;
  /** By protocol: `ContactTracker.waitingSince`. */
  readonly waiting: Float64Array;
  answeredIn(protocol: number): AnsweredStore;
}

/** What becomes of an accepted attempt; a follower that cannot say in advance ASKS to be shown it. */
export const ContactLane = { FOLLOWED: 1, ASKS: 2, HEARS: 4, WANTS: 8 } as const;

/** Rules that are about flows of one protocol. */
interface Lane {
  readonly rules: readonly ContactRule[];
  /** Those that must hear of contacts that were accepted. */
  readonly hearing: readonly ContactRule[];
  /** One of them follows every flow of the protocol. */
  readonly followsAll: boolean;
}

export class ContactFollower {
  /** Some rule counts every attempt. */
  countsAll = false;
  private rules: readonly ContactRule[] = [];
  /** By protocol, as they come. */
  private lanes: (Lane | undefined)[] = [];
  /** By protocol: each has a room of its own, so that one of them cannot fill it for the others. */
  private readonly rooms = new Array<Followed | undefined>(PROTOCOLS).fill(undefined);
  private readonly flow = new EntryFlow();
  readonly waitNs: number;
  private walk: ContactWalk | null = null;
  private readonly onThrow: (rule: ContactRule, error: unknown) => void;

  /** `onThrow` hears of a rule that threw; it is given up. */
  constructor(answerWaitMs: number, onThrow: (rule: ContactRule, error: unknown) => void) {
    this.waitNs = answerWaitMs * NS_PER_MS;
    this.onThrow = onThrow;
    this.use([]);
  }

  add(rule: ContactRule): void {
    this.use([...this.rules, rule]);
  }

  remove(rule: ContactRule): void {
    this.use(this.rules.filter((other) => other !== rule));
  }

  /** Before the first event. */
  walkWith(walk: ContactWalk): void {
    this.walk = walk;
    this.tellLanes();
  }

  /** Time has come to this moment, for the contacts of one protocol. */
  advance(protocol: number, at: number): void {
    const room = this.rooms[protocol];
    if (room === undefined) return;
    room.tracker.advance(at);
    this.tellWaiting(protocol, room);
  }

  /** Attempts that the flow table refused are left out: their answers are not told, and a full table must not make a scanner of everybody. */
  open(event: OpenEvent): void {
    this.advance(event.protocol, event.at);
    if (!event.tracked) return;
    let waits = false;
    for (const rule of this.lane(event.protocol).rules) {
      if (!isAbout(rule, event)) continue;
      if (rule.failedOnly) waits = true;
      else this.call(rule, () => rule.failed(event, false, undefined));
    }
    if (!waits || event.outcome === 'accepted') return;
    const room = this.room(event.protocol);
    room.tracker.open(tupleKey(event), event.source, event);
    this.tellWaiting(event.protocol, room);
  }

  /** `attempt`: what the answer is for, when it was told in the same tick. */
  answer(event: AnswerEvent, attempt: OpenEvent | null): void {
    this.advance(event.protocol, event.at);
    if (attempt?.outcome === 'accepted') {
      if (attempt.tracked) this.accepted(attempt);
      return;
    }
    const room = this.rooms[event.protocol];
    if (room === undefined) return;
    room.tracker.answer(tupleKey(event), event.outcome);
    this.tellWaiting(event.protocol, room);
  }

  /** An answer at `at` that accepted the attempt of the same entry and tick, made at `attemptAt`. */
  acceptedEntry(entries: EntryReader, offset: number, at: number, attemptAt: number): void {
    const protocol = entries.protocol(offset);
    this.advance(protocol, at);
    if (!entries.isTracked(offset)) return;
    const { rules, hearing, followsAll } = this.lane(protocol);
    if (rules.length === 0) return;
    const { flow } = this;
    flow.show(entries, offset);
    for (let i = 0; i < hearing.length; i++) {
      if (!isHeard(hearing[i], flow)) continue;
      this.accepted(entries.open(offset, attemptAt));
      return;
    }
    const isFollowed = followsAll || isFollowedBy(rules, flow);
    if (isFollowed) this.room(protocol).answered.addEntry(entries, offset, attemptAt);
  }

  tick({ at, final }: TickEvent): void {
    const memoryNs = Math.max(0, ...this.rules.map((rule) => rule.memoryNs));
    for (const [protocol, room] of this.rooms.entries()) {
      if (room === undefined) continue;
      const { tracker, answered } = room;
      tracker.advance(at);
      if (final) tracker.finish();
      answered.expire(at, memoryNs);
      this.tellWaiting(protocol, room);
    }
    for (const rule of this.rules) this.call(rule, () => rule.expire(at));
  }

  private failed(open: OpenEvent, refused: boolean, sources: AnsweredStore): void {
    const answered = sources.peek(open.source);
    for (const rule of this.lane(open.protocol).rules) {
      if (rule.failedOnly && isAbout(rule, open)) this.call(rule, () => rule.failed(open, refused, answered));
    }
  }

  private accepted(open: OpenEvent): void {
    let isFollowed = false;
    for (const rule of this.lane(open.protocol).rules) {
      if (!rule.failedOnly || !isAbout(rule, open)) continue;
      isFollowed = true;
      if (rule.accepted !== undefined && isHeard(rule, open)) this.call(rule, () => rule.accepted?.(open));
    }
    if (isFollowed) this.room(open.protocol).answered.add(open, open.at);
  }

  private call(rule: ContactRule, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.remove(rule);
      this.onThrow(rule, error);
    }
  }

  private use(rules: readonly ContactRule[]): void {
    this.rules = rules;
    this.countsAll = rules.some(({ failedOnly }) => !failedOnly);
    this.lanes = new Array<Lane | undefined>(PROTOCOLS).fill(undefined);
    this.tellLanes();
  }

  private tellLanes(): void {
    const { walk } = this;
    if (walk === null) return;
    for (let protocol = 0; protocol < PROTOCOLS; protocol++) {
      walk.lanes[protocol] = flagsOf(this.lane(protocol), (wants) => writeWants(walk.wants, protocol, wants));
    }
  }

  private tellWaiting(protocol: number, { tracker }: Followed): void {
    if (this.walk !== null) this.walk.waiting[protocol] = tracker.waitingSince;
  }

  private lane(protocol: number): Lane {
    let lane = this.lanes[protocol];
    if (lane === undefined) {
      const rules = this.rules.filter(({ protocols }) => protocols === undefined || protocols.includes(protocol));
      lane = {
        rules,
        hearing: rules.filter((rule) => rule.accepted !== undefined),
        followsAll: rules.some((rule) => rule.failedOnly && isAboutAll(rule)),
      };
      this.lanes[protocol] = lane;
    }
    return lane;
  }

  private room(protocol: number): Followed {
    let room = this.rooms[protocol];
    if (room === undefined) {
      const answered = this.walk?.answeredIn(protocol) ?? new AnsweredSources();
      const outcomes: Outcomes<OpenEvent> = {
        failed: (open, refused) => this.failed(open, refused, answered),
        accepted: (open) => this.accepted(open),
      };
      room = { tracker: new ContactTracker(this.waitNs, outcomes), answered };
      this.rooms[protocol] = room;
    }
    return room;
  }
}

/** `write`: what rules want, for the walk; false when there is no room for that. */
function flagsOf({ rules, hearing, followsAll }: Lane, write: (wants: readonly ContactWants[]) => boolean): number {
  const { FOLLOWED, ASKS, HEARS, WANTS } = ContactLane;
  if (hearing.some((rule) => rule.knows === undefined)) return ASKS;
  const hears = hearing.length > 0 ? HEARS : 0;
  if (followsAll) return FOLLOWED | hears;
  const following = rules.filter(({ failedOnly }) => failedOnly);
  if (following.length === 0) return hears;
  const isDescribed = following.every(({ within }) => within === undefined) && write(following.map(({ wants = {} }) => wants));
  return isDescribed ? WANTS | hears : ASKS;
}

const isAboutAll = ({ wants, within }: ContactRule): boolean => wants === undefined && within === undefined;
const isAbout = ({ wants, within }: ContactRule, flow: ContactFlow): boolean =>
  (wants === undefined || isWanted(wants, flow)) && (within === undefined || within(flow));
const isFollowedBy = (rules: readonly ContactRule[], flow: ContactFlow): boolean =>
  rules.some((rule) => rule.failedOnly && isAbout(rule, flow));
const isHeard = (rule: ContactRule, { source }: ContactFlow): boolean => rule.knows === undefined || rule.knows(source);

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
