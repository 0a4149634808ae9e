/** A session of a protocol whose both sides send messages with a length: walks them, each byte once. */
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type Side,
  type StreamHead,
  type StreamSession,
} from './dissector.ts';

/** What `measure` says besides a length. */
export const FRAME_UNKNOWN = 0;
export const NOT_A_FRAME = -1;

/** No conversation is followed longer than this, whatever its messages are. */
const MAX_FRAMES = 64;

export abstract class FramedSession implements StreamSession {
  confirmed = false;
  successor?: { readonly offsets: readonly [number, number] };
  protected readonly context: SessionContext;
  /** Where the next message of each side starts. */
  protected readonly at: [number, number] = [0, 0];
  readonly #ended: [boolean, boolean] = [false, false];
  readonly #order: readonly [Side, Side];
  #frames = 0;

  /** `speaksFirst` is the side whose messages are read first when both have some. */
  constructor(context: SessionContext, speaksFirst: Side = CLIENT) {
    this.context = context;
    this.#order = speaksFirst === CLIENT ? [CLIENT, SERVER] : [SERVER, CLIENT];
  }

  /**
   * Length of the message at `at`, its header included. FRAME_UNKNOWN when the bytes in [at, end) are too few to tell,
   * NOT_A_FRAME when no message starts like this.
   */
  protected abstract measure(bytes: Uint8Array, at: number, end: number, side: Side): number;

  /** One message; `whole` is false for the beginning of one that the head cannot hold. Anything but MORE ends the session. */
  protected abstract onFrame(frame: Uint8Array, side: Side, whole: boolean): ProgressCode;

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of this.#order) {
      const progress = this.#walk(heads[side], side);
      if (progress !== Progress.MORE) return progress;
    }
    return heads[CLIENT].complete && heads[SERVER].complete ? Progress.DONE : Progress.MORE;
  }

  /** Hands over behind what has been read of both sides, or at the given offsets. */
  protected handOver(client = this.at[CLIENT], server = this.at[SERVER]): ProgressCode {
    this.successor = { offsets: [client, server] };
    return Progress.HAND_OVER;
  }

  #walk(head: StreamHead, side: Side): ProgressCode {
    while (!this.#ended[side] && this.at[side] < head.length) {
      const start = this.at[side];
      const length = this.measure(head.bytes, start, head.length, side);
      if (length < 0) return Progress.BROKEN;
      const whole = length > 0 && start + length <= head.length;
      if (!whole && !head.complete) return Progress.MORE;
      if (!whole) this.#ended[side] = true;
      if (length === FRAME_UNKNOWN) return Progress.MORE;
      this.at[side] = start + length;
      this.#frames++;
      const progress = this.onFrame(head.bytes.subarray(start, Math.min(start + length, head.length)), side, whole);
      if (progress !== Progress.MORE) return progress;
      if (this.#frames >= MAX_FRAMES) return Progress.DONE;
    }
    return Progress.MORE;
  }
}

/** Appends what is not there yet, up to `limit` entries. */
export function pushUnique<T>(list: T[], value: T, limit: number): void {
  if (list.length < limit && value !== '' && !list.includes(value)) list.push(value);
}
