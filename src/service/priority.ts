/**
 * Who comes last when processors are short. Capture threads and shards keep the priority of the process: what they miss is
 * lost. Whoever can catch up later, or be asked again, gives way.
 */
import { getPriority, setPriority } from 'node:os';

const LOWEST = 19;

/** Of the keeper, which may fall behind and sheds; a tenth of the weight of a shard. */
export const KEEPER_STEPS = 10;
/** Of the API, whose answers people wait for: two thirds. With five steps its 99th percentile doubled, and nothing else changed. */
export const API_STEPS = 2;

/** Makes the calling thread nicer by so many steps, where a thread has a priority of its own: on Linux. */
export function giveWay(steps: number): void {
  if (process.platform !== 'linux') return;
  try {
    // Of "the process", says the manual page of Node; the system call means the calling thread.
    setPriority(Math.min(LOWEST, getPriority() + steps));
  } catch {
    // A sandbox that forbids it costs fairness and nothing else.
  }
}
