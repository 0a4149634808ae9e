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
  /** The oldest of this many; at most 100,000. */
  limit: number;
}

export interface RecalledPackets {
  /** Oldest first. `frame` holds the first `recallSnaplen` bytes; `ordinal` is unique in the run. */
  packets: TapFrame[];
  /** False when packets of that time were no longer there, whether they would have matched or not. */
  complete: boolean;
  /** There were more than the limit. */
  more: boolean;
}

/** Beyond any stream time. */
const END_OF_TIME_NS = 9e18;
const NOTHING: RecallAnswer = { records: new Uint8Array(0), complete: false, more: false };

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

  matching({ fromNs = -END_OF_TIME_NS, toNs = END_OF_TIME_NS, clauses, limit }: PacketMatch): RecalledPackets {
    const anything = { address: null, port: null, peer: null, peerPort: null, protocol: null, arp: false };
    const match = { fromNs, toNs, limit, clauses: clauses.map((clause) => ({ ...anything, ...clause })) };
    const { records, complete, more } = this.#engine()?.recallMatching(match) ?? NOTHING;
    return { packets: framesFromRecords(records), complete, more };
  }
}
