/**
 * One tick's events of all shards in one order: first what happened at a moment, by time and place in the capture, then
 * what is known at the tick's end, volumes and ends by the first packet of their flow, surges, the tick itself.
 */
import type { AddressCache } from './address-cache.ts';
import { ascendingPlaces } from './ascending-places.ts';
import { type DetectBatch, END_BYTES, EntryKind, MOMENT_BYTES } from './batch.ts';
import { EntryReader } from './entry-reader.ts';
import type { DetectEvent, TickEvent } from './events.ts';
import { answersOf, joined, opensOf } from './joined-entries.ts';
import type { NativeWalk } from './native-walk.ts';
import { Scratch } from './scratch.ts';
import { objectsOf, TickMoments } from './tick-moments.ts';
import { TickSurges } from './tick-surges.ts';

export type TickSums = Omit<TickEvent, 'type' | 'missedBytes' | 'payloadBytes'>;

/** Gets one event after the other. `offset` is an entry's, `at` the stream time as which the event counts. */
export interface TickVisitor {
  /** What the offsets are in: attempts and answers, volumes and ends. Comes first. */
  begin(moments: EntryReader, ends: EntryReader): void;
  opened(offset: number, at: number): void;
  /** `attemptAt`: when the attempt was made, NaN when that was not told in this tick. */
  answered(offset: number, at: number, attemptAt: number): void;
  grown(offset: number, at: number): void;
  closed(offset: number, at: number): void;
  event(event: DetectEvent): void;
}

const TCP = 6;
const NONE = new Uint32Array(0);

/**
 * Shows the events of a tick; none of them counts before `afterNs`. `scratch`: kept by whoever has many ticks. `walk` goes
 * through the entries where there is one.
 */
export function mergeBatches(
  batches: readonly DetectBatch[],
  tick: TickSums,
  afterNs: number,
  addresses: AddressCache,
  visitor: TickVisitor,
  scratch = new Scratch(),
  walk: NativeWalk | null = null,
): void {
  const texts = batches.map((batch) => batch.texts);
  const ends = new EntryReader(
    ...joined(
      batches.map((batch) => batch.ends),
      END_BYTES,
      addresses,
      texts,
    ),
  );
  const moments = new EntryReader(
    ...joined(
      batches.map((batch) => batch.moments),
      MOMENT_BYTES,
      addresses,
      [],
    ),
  );
  visitor.begin(moments, ends);
  const objects = objectsOf(batches);
  const isTold = walk?.tellMoments(moments, answersOf(batches), objects, afterNs, tick) ?? false;
  const opens = isTold ? NONE : opensOf(moments, scratch);
  const surges = new TickSurges(batches, tick.at, moments, opens);
  if (!isTold) new TickMoments(batches, moments, opens, objects, surges, afterNs, visitor, scratch).tell();
  const sums = walk?.tellEnds(ends, tick.at) ?? tellEnds(ends, tick.at, visitor, scratch);
  for (const surge of surges.inOrder()) visitor.event(surge);
  visitor.event({ type: 'tick', ...tick, ...sums });
}

/** Volumes and ends of all shards; what is summed over them. */
function tellEnds(ends: EntryReader, now: number, visitor: TickVisitor, scratch: Scratch): { missedBytes: number; payloadBytes: number } {
  const order = ascendingPlaces(ordinalsOf(ends, scratch), scratch);
  const sums = { missedBytes: 0, payloadBytes: 0 };
  for (let i = 0; i < order.length; i++) tellEnd(ends, ends.offset(order[i]), now, visitor, sums);
  return sums;
}

// Loops stand alone: what follows one in its function has never run when V8 compiles it, and the code is thrown away there.
function ordinalsOf(ends: EntryReader, scratch: Scratch): Float64Array {
  const ordinals = scratch.numbers('ordinals of ends', ends.count);
  for (let entry = 0; entry < ends.count; entry++) ordinals[entry] = ends.ordinal(ends.offset(entry));
  return ordinals;
}

function tellEnd(ends: EntryReader, at: number, now: number, visitor: TickVisitor, sums: { missedBytes: number; payloadBytes: number }) {
  if (ends.hasGrown(at)) visitor.grown(at, now);
  const kind = ends.kind(at);
  if (kind === EntryKind.HALF_OPEN) visitor.event(ends.halfOpen(at, now));
  if (kind !== EntryKind.CLOSE) return;
  if (ends.protocol(at) === TCP) {
    sums.missedBytes += ends.missed(at);
    sums.payloadBytes += ends.payloadOf(at, 0) + ends.payloadOf(at, 1);
  }
  visitor.closed(at, now);
}
