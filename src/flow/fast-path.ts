/**
 * The native fast path: usual packets are counted in C++ (`native/flow/fast_path.h`), which leaves every other one to the
 * table. Both do a usual packet in the same way, so who does it changes nothing but the time that it takes.
 */
import type { AppFlows } from '../native/app-flows.ts';
import type { FastPath, FastPathMemory } from '../native/engine.ts';
import type { SynMemory } from '../native/syn-memory.ts';
import type { FlowLives } from './lives.ts';
import { F_LETTERS_A, F_RTT_LAST_MS, HOT_BYTES } from './row.ts';

/** Words of `FastPathMemory.words`; positions and numbers are mod 2^32. */
export const FastWord = {
  /** Where the reader is; moves over what is taken. */
  POSITION: 0,
  /** The end of what is published. */
  END: 1,
  /** Number that the next record must have. */
  SEQUENCE: 2,
  /** Records to take at most; 0 = only look ahead. */
  MOST: 3,
  /** Records that were taken, pads included. */
  TAKEN: 4,
  /** New flows that were written down. */
  NEWCOMERS: 5,
  /** 1 + slot of the flow whose application is not plain since the last record that was taken, 0 = none. */
  ODD: 6,
  /** Offset of that record in the ring's memory. */
  ODD_AT: 7,
  COUNT: 8,
} as const;

/** Doubles of `FastPathMemory.times`, stream time in ns. */
export const FastTime = {
  /** Records behind it are not taken. */
  LIMIT: 0,
  /** The next interim record is due; earlier, once a flow was opened while there was none. */
  DUE: 1,
  /** A flow that was silent for this long may have ended. */
  MIN_TIMEOUT: 2,
  COUNT: 3,
} as const;

/** New flows between two looks at them: a batch of the drain loop has fewer. */
const MOST_NEWCOMERS = 256;

/** null where there is no addon: the table then does every packet. */
export type CreateFastPath = (memory: FastPathMemory) => FastPath | null;

/** What a shard's loop and its tables share with the fast path. */
export class FastPathState {
  readonly words = new Int32Array(FastWord.COUNT);
  readonly times = new Float64Array(FastTime.COUNT);
  /** Packets and wire bytes per IP protocol, in turn. */
  readonly protocols = new Float64Array(512);
  /** Their slots, when somebody hears of them. */
  readonly newcomers = new Int32Array(MOST_NEWCOMERS);
  readonly create: CreateFastPath;
  /** Takes the bytes of records; null = nobody does natively. */
  readonly apps: AppFlows | null;

  constructor(create: CreateFastPath, apps: AppFlows | null = null) {
    this.create = create;
    this.apps = apps;
  }
}

/** What is usual, and who is asked and told about the rest. */
export interface UsualPackets {
  /** Records that carry bytes are for the application layer where it wants more of their flow. */
  takesBytes: boolean;
  /** Every packet is the table's, and only the memory of its rows is asked for. */
  takesNone: boolean;
  /** What is known of SYNs; null: those with bytes are the table's. */
  syns: SynMemory | null;
  /** Hears of a record that has made its flow's application one for the application layer. */
  odd: (slot: number, o: number) => void;
}

/** `FlowTable.usual` over the rows of `lives`. */
export function usualPackets(
  state: FastPathState,
  lives: FlowLives,
  ring: Uint8Array,
  { takesBytes, takesNone, syns, odd }: UsualPackets,
): (limitNs: number, most: number) => number {
  const { store, index, interims, pressure, tcp, tally } = lives;
  const { words, times, protocols, newcomers } = state;
  const fast = state.create({
    ring,
    hot: store.hotB,
    cold: store.coldB,
    coldBytes: store.coldBytes,
    // The line that an acknowledgement needs: RTT and loss counters; in scale mode, letters.
    coldTouch: (store.full ? F_RTT_LAST_MS : F_LETTERS_A) - HOT_BYTES,
    full: store.full,
    timed: tcp.rtt,
    takesBytes,
    syns,
    newcomers: lives.newcomers === null ? newcomers.subarray(0, 0) : newcomers,
    moments: lives.watch?.memory ?? null,
    tellsFrom: lives.sink.tellsFrom,
    tally,
    protocols,
    atTick: lives.sink.atTick,
    apps: state.apps,
    table: lives.words,
    activeTimeoutNs: interims.periodNs,
    words,
    times,
  });
  if (fast === null) return () => 0;
  // Of several rings' paths, which share the rows, whichever came last.
  if (lives.watch !== null) lives.watch.native = fast;
  let known: Int32Array | null = null;
  let written: Uint8Array | null = null;
  return (limitNs, most) => {
    if (index.entries !== known) {
      known = index.entries;
      fast.setIndex(known);
    }
    if (lives.watch !== null && lives.watch.entries !== written) {
      written = lives.watch.entries;
      fast.setEntries(written);
    }
    words[FastWord.MOST] = takesNone ? 0 : most;
    times[FastTime.LIMIT] = limitNs;
    times[FastTime.DUE] = interims.next;
    times[FastTime.MIN_TIMEOUT] = pressure.minTimeout;
    fast.run();
    interims.next = times[FastTime.DUE];
    for (let i = 0; i < words[FastWord.NEWCOMERS]; i++) lives.newcomers?.opened(newcomers[i]);
    if (words[FastWord.ODD] !== 0) odd(words[FastWord.ODD] - 1, words[FastWord.ODD_AT]);
    return words[FastWord.TAKEN];
  };
}
