/**
 * What shards and the thread that names processes share: which addresses are this host's, a ring of new flows for each
 * shard, and a bell. A shard writes the few words of a flow and rings; it never waits, and what does not fit is counted.
 */

/** Words of one new flow. */
export const Q_HASH_LO = 0;
export const Q_HASH_HI = 1;
/** Two words, a double. */
export const Q_ORDINAL = 2;
export const Q_ADDR_A = 4;
export const Q_ADDR_B = 8;
/** Port of A, and of B in the upper half. */
export const Q_PORTS = 12;
/** IP protocol, and bits of `QueryFlag` above it. */
export const Q_KIND = 13;
export const QUERY_WORDS = 16;

export const QueryFlag = { IPV6: 1 << 8, OUTER: 1 << 9, OWN_A: 1 << 10, OWN_B: 1 << 11 } as const;

/** New flows of one shard that may wait. */
export const RING_QUERIES = 4096;

/** Words before a ring's queries. */
const WRITTEN = 0;
const TAKEN = 1;
const DROPPED = 2;
const HEAD_WORDS = 4;

/** Words of the control block. `WANTED` counts flushes that were asked for; `CLOSED` = 1: the thread should end. */
export const ProcessControl = { BELL: 0, WANTED: 1, CLOSED: 2, FLOWS: 3, NAMED: 4, WORDS: 8 } as const;

const ADDRESS_BITS = 16;

/** Shared by all threads of a sensor that names processes. */
export interface ProcessMemory {
  /** Int32 words of `ProcessControl`. */
  control: SharedArrayBuffer;
  /** One bit for each hash of an address of this host: other addresses may share it. */
  addresses: SharedArrayBuffer;
  /** One per shard. */
  rings: SharedArrayBuffer[];
}

export function createProcessMemory(shards: number): ProcessMemory {
  return {
    control: new SharedArrayBuffer(ProcessControl.WORDS * 4),
    addresses: new SharedArrayBuffer(1 << (ADDRESS_BITS - 3)),
    rings: Array.from({ length: shards }, () => new SharedArrayBuffer((HEAD_WORDS + RING_QUERIES * QUERY_WORDS) * 4)),
  };
}

/** The bit of an address of four words (IPv4: one, then zeros). */
export function addressBit(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x85eb_ca6b) ^ Math.imul(c, 0xc2b2_ae35) ^ Math.imul(d, 0x27d4_eb2f), 0x9e37_79b1);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b_3c6d) >>> (32 - ADDRESS_BITS);
}

/** The writing end: one shard's. */
export class QueryWriter {
  private readonly words: Int32Array;
  private readonly control: Int32Array;
  private readonly bits: Int32Array;
  /** The query that is being written. */
  readonly query: Int32Array;
  private readonly queryDoubles: Float64Array;

  constructor(memory: ProcessMemory, shard: number) {
    this.words = new Int32Array(memory.rings[shard]);
    this.control = new Int32Array(memory.control);
    this.bits = new Int32Array(memory.addresses);
    this.query = new Int32Array(QUERY_WORDS);
    this.queryDoubles = new Float64Array(this.query.buffer);
  }

  set ordinal(value: number) {
    this.queryDoubles[Q_ORDINAL >> 1] = value;
  }

  /** May the address at this place of `query` be one of this host's? Never false for one that is. */
  mayBeOwn(at: number): boolean {
    const { query } = this;
    const bit = addressBit(query[at], query[at + 1], query[at + 2], query[at + 3]);
    return (this.bits[bit >> 5] & (1 << (bit & 31))) !== 0;
  }

  /** Hands `query` over; counts it when there is no room. */
  send(): void {
    const { words, control } = this;
    const written = words[WRITTEN];
    if (((written - Atomics.load(words, TAKEN)) | 0) >= RING_QUERIES) {
      Atomics.add(words, DROPPED, 1);
      return;
    }
    words.set(this.query, HEAD_WORDS + (written & (RING_QUERIES - 1)) * QUERY_WORDS);
    Atomics.store(words, WRITTEN, (written + 1) | 0);
    Atomics.add(control, ProcessControl.BELL, 1);
    Atomics.notify(control, ProcessControl.BELL);
  }
}

/** The reading end of one ring. */
export class QueryReader {
  private readonly words: Int32Array;

  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring);
  }

  /** Copies of at most `most` queries, the oldest first. */
  take(most: number): Int32Array[] {
    const { words } = this;
    const taken = words[TAKEN];
    const count = Math.min(most, (Atomics.load(words, WRITTEN) - taken) | 0);
    const queries: Int32Array[] = [];
    for (let i = 0; i < count; i++) {
      const at = HEAD_WORDS + ((taken + i) & (RING_QUERIES - 1)) * QUERY_WORDS;
      queries.push(words.slice(at, at + QUERY_WORDS));
    }
    Atomics.store(words, TAKEN, (taken + count) | 0);
    return queries;
  }

  /** Flows that found no room; mod 2^32. */
  get dropped(): number {
    return Atomics.load(this.words, DROPPED) >>> 0;
  }
}
