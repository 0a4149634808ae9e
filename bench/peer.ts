/** What the bench knows about a program that it runs beside Weir. One file per program in `peers/`. */
import type { BenchCapture } from './captures.ts';

export interface Invocation {
  command: string;
  arguments: string[];
}

export interface Peer {
  name: string;
  /** One line for the table: what it does with the packets. */
  does: string;
  /** Frames beyond which a run would take minutes; such captures are left out for it and shown as such. */
  mostFrames: number;
  /** The only captures that it is for; all when absent. */
  captures?: readonly string[];
  /** `scratch` is an empty folder of this run. */
  invocation(capture: BenchCapture, scratch: string): Invocation;
  /** Frames that the program says it has processed; null where it does not say. */
  framesSeen(output: string): number | null;
  /** How to ask for its version, and where in the answer it is. */
  version: { arguments: string[]; pattern: RegExp };
}

/** The first group of `pattern` in `output` as a number, or null. */
export function numberIn(output: string, pattern: RegExp): number | null {
  const match = pattern.exec(output);
  return match?.[1] === undefined ? null : Number(match[1].replaceAll(',', ''));
}
