/** The native walk through a tick's entries: what detection and the addon say to each other. */

/** Rows of one kind of event, as `src/detect/event-rows.ts` has them. */
export interface WalkRows {
  readonly offsets: Int32Array;
  readonly times: Float64Array;
  readonly numbers: Int32Array;
  readonly sources: Uint8Array;
  readonly targets: Uint8Array;
}

/** For each network its words, then its masks, as `Network` in `src/detect/networks.ts` has them. */
export interface NetworkWords {
  readonly v4: Uint32Array;
  readonly v6: Uint32Array;
}

/** What the walk through a tick's entries shares with detection; `src/detect/native-walk.ts` names the numbers. */
export interface TickWalkMemory {
  readonly cursor: Float64Array;
  /** By protocol: what becomes of an accepted attempt. */
  readonly lanes: Uint8Array;
  /** By protocol: when the attempt that waits longest was made; Infinity = none waits, -Infinity = ask. */
  readonly waiting: Float64Array;
  /** By protocol: flows that rules want, as `src/detect/state/contact-wants.ts` writes them down. */
  readonly wants: Uint32Array;
  /** By place of an address: not 0 = somebody may want to hear of this source. */
  readonly marks: Uint8Array;
  /** The entry of an attempt that was held, when it is to be shown: 72 bytes. */
  readonly held: Float64Array;
  /** Words and class of the address in each place. */
  readonly places: Int32Array;
  readonly classes: Uint8Array;
  /** The internal networks; without them rows say of no address what it is unless its place does. */
  readonly networks: NetworkWords | null;
  /** 8 bytes that nobody else knows. */
  readonly secret: Uint8Array;
  /** How long an attempt waits for its answer, ns. */
  readonly wait: number;
}

/**
 * Goes through the entries of one tick after the other (`native/detect/tick_walk.h`) and remembers which contacts were
 * answered. Entries and rows must not be used otherwise between `begin` and the last `next`. Throws TypeError for memory of
 * another kind, and for a source that is none.
 */
export interface TickWalk {
  /** `objects`: time and ordinal of each; `untilNs`: the tick's end. The most attempts at services of one bucket. */
  beginMoments(moments: Uint8Array, answers: Uint32Array, objects: Float64Array, afterNs: number, untilNs: number, rows: WalkRows): number;
  /** A `WalkStop`; what it is about stands in the cursor. */
  nextMoment(): number;
  /** The same of the next attempt that is held. */
  release(): number;
  beginEnds(ends: Uint8Array, now: number, volumes: WalkRows, closes: WalkRows): void;
  nextEnd(): number;
  /** `pair`: words of source and target and their version. */
  addAnswered(protocol: number, pair: Int32Array, port: number, at: number): void;
  /** -1 when nothing is known of the source. */
  findAnswered(protocol: number, source: Int32Array): number;
  answeredSize(protocol: number, source: number): number;
  answeredLastAt(protocol: number, source: number): number;
  /** `host` null and `port` -1: of any. */
  countAnswered(
    protocol: number,
    source: number,
    at: number,
    windowNs: number,
    most: number,
    host: Int32Array | null,
    port: number,
  ): number;
  /** Of each contact, oldest first: five words of its host, port, time. */
  latestAnswered(protocol: number, source: number, at: number, windowNs: number, most: number): Float64Array;
  expireAnswered(protocol: number, now: number, memoryNs: number): void;
}
