/** What a shard and its flow table ask of each other. */
import type { SynMemory } from '../native/syn-memory.ts';
import type { RingReader } from '../ring/reader.ts';

/** Looks at the bytes that some records carry. */
export interface PayloadSink {
  /** Show it packets without bytes as well. */
  readonly everyPacket: boolean;
  /** What it knows of SYNs: of one that is told there and has no payload it needs nothing else. */
  readonly synMemory: SynMemory;
  /** `side` of the flow in `slot` sent the record at `o`; it has been counted. */
  packet(slot: number, side: number, rec: RingReader, o: number, now: number): void;
  /** The record at `o` of the flow in `slot` was taken natively, and what it carries is not plain. */
  odd(slot: number, rec: RingReader, o: number): void;
  /** The records shown since the last call will be overwritten; `rec` is the ring that they came from. */
  endBatch(rec: RingReader): void;
}

/** What the drain loop does with the records of one ring. `o` is the byte offset of a record. */
export interface FlowTable {
  /**
   * Takes usual packets from where `FastPathState.words` says that the reader is, natively, and leaves the position at the first
   * record that is none; brings the rows of records behind it into the cache. Returns how many records it took, at most `most`.
   */
  usual(limitNs: number, most: number): number;
  /** An accounted packet. */
  packet(o: number): void;
  /** The outer tuple of a tunnelled packet: its flow stands apart from plain ones and stays out of every sum. */
  outer(o: number): void;
  /** The tuple that an ICMP error quotes: counts on its flow, if that lives. */
  icmpError(o: number): boolean;
}
