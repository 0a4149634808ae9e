/** Memory that a shard's answers to SYNs and the native fast path share; `src/shard/syn-answers.ts` says how it is used. */
export interface SynMemory {
  /** Two words of each place: the low one of a key, and the high one with `SynBound.TAKEN`; both are 0 of a place that is free. */
  readonly keys: Uint32Array;
  /** Of each place. */
  readonly answers: Uint32Array;
}
