/**
 * Has the addon go through a tick's entries, and does what it leaves: attempts that were not accepted at once, answers that
 * some rule wants to hear of, and whatever is no entry. Both ways show rules the same, so who goes changes nothing but the
 * time that it takes.
 */
import { randomBytes } from 'node:crypto';
import type { NetworkWords, TickWalk, TickWalkMemory } from '../native/tick-walk.ts';
import type { AddressCache } from './address-cache.ts';
import { MOMENT_BYTES } from './batch.ts';
import { EntryReader } from './entry-reader.ts';
import type { EventRows } from './event-rows.ts';
import { type DetectEvent, OPENS_TOLD, type OpenEvent } from './events.ts';
import type { TickSums } from './merge-batches.ts';
import type { AnsweredStore } from './state/answered-contacts.ts';
import type { ContactFollower, ContactWalk } from './state/contact-follower.ts';
import { WANTS_MEMORY_WORDS } from './state/contact-wants.ts';
import { NativeAnswered } from './state/native-answered.ts';
import type { SourceMarks } from './state/source-marks.ts';

export type CreateTickWalk = (memory: TickWalkMemory) => TickWalk;

/** Numbers of the cursor, in the order of `WalkCursor` in `native/detect/tick_walk.h`. */
const Cursor = {
  OFFSET: 0,
  AT: 1,
  /** NaN when the attempt was not told in this tick. */
  ATTEMPT_AT: 2,
  /** Events so far. */
  INDEX: 3,
  /** Rows so far. */
  ANSWERS: 4,
  VOLUMES: 5,
  CLOSES: 6,
  MISSED_BYTES: 7,
  PAYLOAD_BYTES: 8,
  HOLDING: 9,
  COUNT: 10,
} as const;

/** Why the walk has stopped. */
const WalkStop = { DONE: 0, OBJECT: 1, OPENED: 2, ANSWERED: 3, HALF_OPEN: 4, HELD: 5, OVER: 6 } as const;

/** Whether rules let attempts be held back. `IDLE`: they do, and none waits with a rule that follows no contacts. */
export const Holding = { NONE: 0, SOME: 1, IDLE: 2 } as const;
export type Holding = (typeof Holding)[keyof typeof Holding];

const PROTOCOLS = 256;
const SECRET_BYTES = 8;

/** Who hears of what the walk leaves. */
export interface WalkVisitor {
  /** Events so far in this tick. */
  index: number;
  readonly answers: EventRows;
  readonly volumes: EventRows;
  readonly closes: EventRows;
  /** Whether the walk may hold attempts back until they are accepted or over. */
  readonly holding: Holding;
  event(event: DetectEvent): void;
  /** An attempt that was held back; it has its number already. */
  meetHeld(attempt: OpenEvent): void;
  /** Time has come to `at` for attempts of the entry's protocol. */
  meetTime(offset: number, at: number): void;
  /** An attempt that counts as `at`; it has its number already. */
  meetOpen(offset: number, at: number): void;
  /** An answer; it has its number and its row already. */
  meetAnswer(offset: number, at: number, attemptAt: number): void;
}

export class NativeWalk implements ContactWalk {
  readonly lanes = new Uint8Array(PROTOCOLS);
  readonly wants = new Uint32Array(WANTS_MEMORY_WORDS);
  readonly waiting = new Float64Array(PROTOCOLS).fill(Number.POSITIVE_INFINITY);
  private readonly cursor = new Float64Array(Cursor.COUNT);
  /** The attempt that was held back. */
  private readonly held: EntryReader;
  private readonly walk: TickWalk;
  private readonly visitor: WalkVisitor;
  private readonly classifies: boolean;

  /** `marks`: of the sources that rules of the follower know; without `networks` rows find out themselves what addresses are. */
  constructor(
    create: CreateTickWalk,
    visitor: WalkVisitor,
    addresses: AddressCache,
    marks: SourceMarks,
    follower: ContactFollower | undefined,
    networks: NetworkWords | null,
  ) {
    const { cursor, lanes, wants, waiting } = this;
    const { words, classes } = addresses;
    const held = new Float64Array(MOMENT_BYTES / 8);
    this.held = new EntryReader(new Uint8Array(held.buffer), MOMENT_BYTES, addresses);
    this.visitor = visitor;
    const secret = randomBytes(SECRET_BYTES);
    const wait = follower?.waitNs ?? 0;
    this.walk = create({ cursor, lanes, wants, waiting, marks: marks.counts, held, places: words, classes, networks, secret, wait });
    this.classifies = networks !== null;
    follower?.walkWith(this);
  }

  answeredIn(protocol: number): AnsweredStore {
    return new NativeAnswered(this.walk, protocol);
  }

  /**
   * Attempts, answers, and the questions and claims in `objects`; nothing counts before `afterNs`. False, and nothing of the
   * tick was told, when there may be too many attempts at one service to tell them one by one.
   */
  tellMoments(
    moments: EntryReader,
    answers: Uint32Array,
    objects: readonly DetectEvent[],
    afterNs: number,
    { at: tickAt, final }: Pick<TickSums, 'at' | 'final'>,
  ): boolean {
    const { walk, cursor, visitor } = this;
    const places = Float64Array.from(objects.flatMap(({ at, ordinal }) => [at, ordinal]));
    const untilNs = final ? Number.POSITIVE_INFINITY : tickAt;
    if (walk.beginMoments(moments.u8, answers, places, afterNs, untilNs, visitor.answers) > OPENS_TOLD) {
      this.release();
      return false;
    }
    let object = 0;
    for (;;) {
      const stop = this.next(false);
      if (stop === WalkStop.DONE) return true;
      const offset = cursor[Cursor.OFFSET];
      const at = cursor[Cursor.AT];
      if (stop === WalkStop.OPENED) visitor.meetOpen(offset, at);
      else if (stop === WalkStop.ANSWERED) visitor.meetAnswer(offset, at, cursor[Cursor.ATTEMPT_AT]);
      else if (stop === WalkStop.HELD) this.showHeld();
      else if (stop === WalkStop.OVER) visitor.meetTime(offset, at);
      else {
        const event = objects[object++];
        // What was learned late, as a question that was never answered, must not make time fall.
        visitor.event(event.at < afterNs ? { ...event, at: afterNs } : event);
      }
    }
  }

  /** Shows what is held back, in a tick that somebody else goes through. */
  release(): void {
    while (this.walk.release() === WalkStop.HELD) this.showHeld();
  }

  /** Volumes and ends, which count as `now`; what is summed over them. */
  tellEnds(ends: EntryReader, now: number): { missedBytes: number; payloadBytes: number } {
    const { walk, cursor, visitor } = this;
    cursor[Cursor.MISSED_BYTES] = 0;
    cursor[Cursor.PAYLOAD_BYTES] = 0;
    walk.beginEnds(ends.u8, now, visitor.volumes, visitor.closes);
    while (this.next(true) !== WalkStop.DONE) visitor.event(ends.halfOpen(cursor[Cursor.OFFSET], now));
    return { missedBytes: cursor[Cursor.MISSED_BYTES], payloadBytes: cursor[Cursor.PAYLOAD_BYTES] };
  }

  private showHeld(): void {
    this.visitor.meetHeld(this.held.open(0, this.cursor[Cursor.ATTEMPT_AT]));
  }

  /** Goes on, from where the visitor is to where it is to go on. */
  private next(isEnds: boolean): number {
    const { walk, cursor, visitor } = this;
    const { answers, volumes, closes } = visitor;
    cursor[Cursor.INDEX] = visitor.index;
    cursor[Cursor.ANSWERS] = answers.count;
    cursor[Cursor.VOLUMES] = volumes.count;
    cursor[Cursor.CLOSES] = closes.count;
    cursor[Cursor.HOLDING] = visitor.holding;
    const stop = isEnds ? walk.nextEnd() : walk.nextMoment();
    visitor.index = cursor[Cursor.INDEX];
    answers.count = cursor[Cursor.ANSWERS];
    volumes.count = cursor[Cursor.VOLUMES];
    closes.count = cursor[Cursor.CLOSES];
    if (!this.classifies) for (const rows of [answers, volumes, closes]) rows.hasUnknown = true;
    return stop;
  }
}
