/** The newest packets, out of the memory of the capture threads. */
import type { Engine, RecallAnswer, RecallClause } from './native/engine.ts';
import { framesFromRecords, type TapFrame } from './packet/tap-record.ts';

/** An end or both of what is looked for; what is left out may be anything. */
export type PacketClause = Partial<RecallClause>;

/** Frames that one of the clauses fits, by their own tuple, by one around it in a tunnel, or by one that they quote. */
export interface PacketMatch {
  /** Stream time in ns, both included; left out, the range has no end there. */
  fromNs?: number;
  toNs?: number;
  /** At most 256; none, no packet. */
  clauses: readonly PacketClause[];
  /** At most so many, up to 100,000: the oldest, or the newest. */
  limit: number;
  newest?: boolean;
}

export interface RecalledPackets {
  /** Oldest first. `frame` holds the first `recallSnaplen` bytes; `ordinal` is unique in the run. */
  packets: TapFrame[];
  /** False when packets of that time were no longer there, whether they would have matched or not. */
  complete: boolean;
  /** Up to this stream time packets may be missing; -Infinity when none is, Infinity when nothing is kept. */
  lostUntilNs: number;
  /** There were more than the limit. */
  more: boolean;
}

/** Beyond any stream time. */
const END_OF_TIME_NS = 9e18;
const NOTHING: RecallAnswer = { records: new Uint8Array(0), lostUntilNs: Number.POSITIVE_INFINITY, more: false };

export class Recall {
  readonly #engine: () => Engine | null;

  /** `engine` is asked each time: null before the run has one. */
  constructor(engine: () => Engine | null) {
    this.#engine = engine;
  }

  /** Newest first; `before`: those older than the packet of that ordinal, none when it has gone. */
  recent(limit: number, before: number | null): TapFrame[] {
    return framesFromRecords((this.#engine()?.recallRecent(limit, before) ?? NOTHING).records);
  }

  one(ordinal: number): TapFrame | null {
    return framesFromRecords((this.#engine()?.recallOne(ordinal) ?? NOTHING).records)[0] ?? null;
  }

  matching({ fromNs = -END_OF_TIME_NS, toNs = END_OF_TIME_NS, clauses, limit, newest = false }: PacketMatch): RecalledPackets {
    const anything = { address: null, port: null, peer: null, peerPort: null, protocol: null, arp: false };
    const match = { fromNs, toNs, limit, newest, clauses: clauses.map((clause) => ({ ...anything, ...clause })) };
    const { records, lostUntilNs, more } = this.#engine()?.recallMatching(match) ?? NOTHING;
    return { packets: framesFromRecords(records), complete: lostUntilNs === Number.NEGATIVE_INFINITY, lostUntilNs, more };
  }
}

/** For a sensor that was not started. */
export const NOTHING_KEPT = new Recall(() => null);
