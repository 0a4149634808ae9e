/** How a shard waits: for rows to be taken, for ticks to be merged, and briefly for records. Every wait is bounded or abortable. */
import { Control, MAX_TICKS_AHEAD } from './protocol.ts';

/** How often a waiting shard looks at the ABORT word, should nobody notify it; and, where packets do not wait, at its rings. */
const LOOK_MS = 50;
const LOOK_LIVE_MS = 5;
/** Live, packets keep coming: a sensor that takes nothing for this long loses rows or is run ahead of, and both are counted. */
const LIVE_PATIENCE_MS = 2000;
/**
 * An empty ring is looked at again after a nap before the shard sleeps for real; a nap is cheaper than a wake. With more
 * threads than processors long naps are the better ones: 2 ms instead of 0.2 ms took two shards from 1.42 s to 1.31 s.
 */
const NAP_MS = 2;
const MOST_NAPS = 4;

export class Pacing {
  /** Waits for the sensor so far. */
  waits = 0;
  private readonly control: Int32Array;
  private readonly live: boolean;
  private readonly isPressed: () => boolean;
  private readonly nowhere = new Int32Array(new SharedArrayBuffer(4));
  private naps = 0;
  private gaveUpAt: number | null = null;

  /** `isPressed`: packets would soon be lost; then who packets do not wait for (`live`) does not wait either. */
  constructor(control: SharedArrayBuffer, live: boolean, isPressed: () => boolean) {
    this.control = new Int32Array(control);
    this.live = live;
    this.isPressed = isPressed;
  }

  get isAborted(): boolean {
    return Atomics.load(this.control, Control.ABORT) !== 0;
  }

  /** Who gave up at `taken` does not wait again before something was taken: packets would be lost as well. */
  hasGivenUp(taken: number): boolean {
    return this.gaveUpAt === taken;
  }

  /** Until the reader of the outbox has taken more than `taken` rows; false = give up. */
  waitForRows(taken: number): boolean {
    const hasRoom = this.waitWhile(Control.ENTRIES_TAKEN, (value) => value === taken);
    this.gaveUpAt = hasRoom ? null : taken;
    return hasRoom;
  }

  /** Until the sensor has merged up to MAX_TICKS_AHEAD ticks before `tick`. */
  waitForMerge(tick: number): void {
    this.waitWhile(Control.ACKED_TICK, (acked) => ((tick - acked) | 0) > MAX_TICKS_AHEAD);
  }

  /** A nap, if this idle spell has one left; false = go to sleep. */
  nap(): boolean {
    if (this.naps >= MOST_NAPS) return false;
    this.naps++;
    this.pause(NAP_MS);
    return true;
  }

  /** There was something to do: the next idle spell has all its naps again. */
  refresh(): void {
    this.naps = 0;
  }

  pause(ms: number): void {
    Atomics.wait(this.nowhere, 0, 0, ms);
  }

  private waitWhile(word: number, mustWait: (value: number) => boolean): boolean {
    let waited = 0;
    for (let value = Atomics.load(this.control, word); mustWait(value); value = Atomics.load(this.control, word)) {
      if (this.isAborted || (this.live && (waited >= LIVE_PATIENCE_MS || this.isPressed()))) return false;
      if (waited === 0) this.waits++;
      const ms = this.live ? LOOK_LIVE_MS : LOOK_MS;
      Atomics.wait(this.control, word, value, ms);
      waited += ms;
    }
    return true;
  }
}
