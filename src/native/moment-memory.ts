/** Memory that a shard's moments and the native fast path share; `src/shard/moment-words.ts` names words and bounds. */
export interface MomentMemory {
  /** Words of `MomentWord`. */
  readonly words: Int32Array;
  /** The same of ends: entries. */
  readonly endWords: Int32Array;
  /** Per slot: whose first packet was told as an attempt (`Opener`), and whether a volume was told since. */
  readonly openers: Uint8Array;
  /** Per slot: the number of its attempt among all that were ever told, from 1 on. */
  readonly attempts: Int32Array;
  /** Numbers of the moments with an answer, in the order of the answers. */
  readonly answers: Uint32Array;
  /** Connections that wait for their client: slot, packet number with which the flow began, and when they were accepted. */
  readonly waiting: Int32Array;
  readonly waitingFirsts: Float64Array;
  readonly waitingSince: Float64Array;
  /** A table of services, `ServiceWord.COUNT` words each, and which of its places are taken. */
  readonly services: Int32Array;
  readonly usedServices: Int32Array;
  /** By number of the surge: place of its service and attempts; registers of its sources. */
  readonly surges: Int32Array;
  readonly registers: Uint8Array;
}

/** What `NativeWatch.end` says when it does not tell the number of an entry (`native/flow/ends.h`). */
export const EndTold = {
  /** Nobody has to hear of the flow. */
  NOTHING: -1,
  /** Nothing was done: the shard tells it itself. */
  NOT_PLAIN: -2,
} as const;

/** What is done natively for a shard's watch between packets. */
export interface NativeWatch {
  /** Forgets connections that no longer wait for their client: it has spoken, or the flow is over. */
  dropConfirmed(): void;
  /** Where entries of ends are written, 144 bytes each; without it none is. Throws TypeError for memory of another kind. */
  setEnds(entries: Uint8Array): void;
  /** Number of the entry of the flow in that slot, or one of `EndTold`. */
  end(slot: number): number;
}
