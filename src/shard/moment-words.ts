/** What `Moments` counts, as words of one array, and how much of it there may be: the native fast path does the same over the same memory. */
import { OPENS_TOLD } from '../detect/events.ts';
import { REGISTERS } from '../detect/state/hyperloglog.ts';

export const MomentWord = {
  /** Entries of this tick, and events that found no room. */
  ENTRIES: 0,
  UNTOLD: 1,
  /** Attempts and late answers of earlier ticks: a number above it is of an entry of this one. */
  SERIAL: 2,
  /** Answers of this tick. */
  ANSWERS: 3,
  /** Connections that wait for their client. */
  WAITING: 4,
  /** Services with an attempt in this tick, and those of them with a surge. */
  SERVICES: 5,
  SURGES: 6,
  COUNT: 7,
} as const;

export const MomentBound = {
  /** Entries of one shard and tick: 5 MiB of moments, 9 MiB of ends. What is beyond is counted. Answers are never more. */
  ENTRIES: 65_536,
  /** Connections that wait at once; further ones are not looked at. */
  WAITING: 65_536,
  /** Places for services. A key stands at most so many places behind its own. */
  SERVICES: 4096,
  PROBES: 16,
  /** Attempts of one tick at one service that are told one by one. */
  OPENS_TOLD,
  /** Services with more than that, `REGISTERS` bytes each. */
  SURGES: 256,
  REGISTERS,
} as const;

/** Words of a service in its place. */
export const ServiceWord = {
  /** Four of them; of IPv4 the others are 0. */
  ADDRESS: 0,
  /** Port and protocol, and whether it is IPv6. */
  KEY: 4,
  OPENS: 5,
  /** Number of its surge, from 1 on; 0 = it has none. */
  SURGE: 6,
  /** A power of two: a place lies within one cache line. */
  COUNT: 8,
} as const;

/** Whose first packet was told as an attempt; TOLD: a volume was told since. */
export const Opener = { UNKNOWN: 0, A: 1, B: 2, BITS: 3, TOLD: 4 } as const;
