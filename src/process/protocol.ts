/** What the sensor's thread and the thread that names processes say to each other, beside the memory that they share. */
import type { ProcessMemory } from './memory.ts';
import type { ProcessAnswer } from './resolver.ts';

export const PROC_ROOT = '/proc';

export interface ProcessThreadStart {
  memory: ProcessMemory;
  /** Numbers of the captured interfaces. */
  interfaces: number[];
  addonPath: string;
}

export type ProcessMessage =
  /** Addresses are known: shards may start. */
  | { type: 'ready' }
  | { type: 'answers'; answers: ProcessAnswer[] }
  /** Everything that was in the rings when the flush of this number was asked for has been looked at. */
  | { type: 'flushed'; count: number }
  /** Not every process shows its files, and one of those has a socket that a flow is about. Once. */
  | { type: 'hidden' };
