/**
 * What the sensor's thread and a shard say to each other.
 *
 * Data goes through memory: the shard's counters (one Float64Array), and its outbox, a ring of fixed-size flow rows
 * with one writer (the shard) and one reader (the sensor). Messages only punctuate: one per tick, in both directions.
 *
 *   shard                                     sensor
 *   rows → outbox, then TickMessage  ───────▶ takes the rows up to `entriesWritten`, merges tick k
 *                                    ◀─────── Atomics.store(control[ACKED_TICK]), notify
 *
 * A shard never runs more than MAX_TICKS_AHEAD ticks ahead of the sensor, and waits when the outbox is full.
 */
import type { DetectBatch } from '../detect/batch.ts';
import type { ProcessMemory } from '../process/memory.ts';

/** Int32 words of the control block (one SharedArrayBuffer per shard). */
export const Control = {
  /** Outbox entries ever written by the shard, mod 2^32. */
  ENTRIES_WRITTEN: 0,
  /** Outbox entries ever taken by the sensor, mod 2^32; the shard waits on this word when the outbox is full. */
  ENTRIES_TAKEN: 1,
  /** Last tick that the sensor has merged; the shard waits on this word when it is too far ahead. */
  ACKED_TICK: 2,
  /** 1 = the shard should end now without flushing (the sensor is being destroyed). */
  ABORT: 3,
  WORDS: 16,
} as const;

export const MAX_TICKS_AHEAD = 256;

/** Slots of the shard's Float64Array of counters. Only the shard writes; exact at every tick message. *_BYTES are wire bytes. */
export const ShardCounter = {
  DEQUEUED: 0,
  DEQUEUED_BYTES: 1,
  ACCOUNTED: 2,
  ACCOUNTED_BYTES: 3,
  /** Packets that opened no flow: probe bound, emergency, no memory. */
  REFUSED_PROBE: 4,
  REFUSED_PROBE_BYTES: 5,
  REFUSED_EMERGENCY: 6,
  REFUSED_EMERGENCY_BYTES: 7,
  REFUSED_LIMIT: 8,
  REFUSED_LIMIT_BYTES: 9,
  /** Accounted flows (role not outer). */
  FLOWS_CREATED: 10,
  FLOWS_LIVE: 11,
  /** By end reason, in the order of END_REASONS (7 slots). */
  FLOWS_ENDED: 12,
  /** Packets and bytes of ended and of live accounted flows. */
  ENDED_PACKETS: 19,
  ENDED_BYTES: 20,
  LIVE_PACKETS: 21,
  LIVE_BYTES: 22,
  /** Outer flows of tunnels, never summed with the others. */
  OUTER_CREATED: 23,
  OUTER_LIVE: 24,
  OUTER_ENDED: 25,
  OUTER_PACKETS: 26,
  /** ICMP errors matched to a live flow, and not. */
  ICMP_INNER_MATCHED: 27,
  ICMP_INNER_UNMATCHED: 28,
  INTERIM_RECORDS: 29,
  ROWS_WRITTEN: 30,
  OUTBOX_WAITS: 31,
  EMERGENCY_TICKS: 32,
  EVICTIONS_UNANSWERED: 33,
  EVICTIONS_ANSWERED: 34,
  PROBE_MAX: 35,
  TABLE_BYTES: 36,
  HISTORY_TRUNCATED: 37,
  OUTER_DEQUEUED: 38,
  ICMP_INNER_DEQUEUED: 39,
  /** Retransmissions and out of order over all flows, for the summary. */
  RETRANSMISSIONS: 40,
  OUT_OF_ORDER: 41,
  MISSED_BYTES: 42,
  /** Outer packets whose flow could not be opened. OUTER_DEQUEUED = OUTER_PACKETS + OUTER_REFUSED. */
  OUTER_REFUSED: 43,
  /** Nodes that the pool of sequence holes refused because it was full: the jump was then taken as seen. HOLES_ASKED = HOLES_GIVEN + HOLES_EXHAUSTED. */
  HOLES_EXHAUSTED: 44,
  /** Live only: records given up because the sensor took none for a bounded time. */
  ROWS_DROPPED: 45,
  /** Nodes that flows asked for, counted by the analysis; and nodes given, counted by the pool. */
  HOLES_ASKED: 46,
  HOLES_GIVEN: 47,
  /** Packets whose bytes the application layer looked at; flows that it began with, gave up for memory, and whose note was cut. */
  APP_PACKETS: 48,
  APP_FLOWS: 49,
  APP_GIVEN_UP: 50,
  APP_NOTES_CUT: 51,
  /** Outbox entries ever written: a record takes one, and more with a note. */
  ENTRIES_WRITTEN: 52,
  /** Records of transactions and events: beside those of flows that ended and of interims. */
  SIDE_RECORDS: 53,
  /** APP_FLOWS = APP_CLOSED + APP_OPEN. */
  APP_CLOSED: 54,
  APP_OPEN: 55,
  ARP_DEQUEUED: 56,
  /** TCP payload of ended flows of which both sides were seen: what MISSED_BYTES is compared with. */
  TCP_PAYLOAD_BYTES: 57,
  /** Flows that the application layer was looking at, or would have, and left alone because the shard was behind (`overload.ts`). */
  APP_SHED: 58,
  SLOTS: 64,
} as const;

/** Order of the slots behind ShardCounter.FLOWS_ENDED, and of the `endReason` byte of a row (value = index + 1; 0 = live). */
export const END_REASONS = ['fin', 'rst', 'idle', 'active', 'eviction', 'emergency', 'shutdown'] as const;

export interface FlowOptions {
  maxFlows: number;
  /** Seconds; 0 = never. */
  idleTcpSecs: number;
  idleUdpSecs: number;
  idleOtherSecs: number;
  activeTimeoutSecs: number;
  lingerSecs: number;
  rtt: boolean;
  retransmissions: boolean;
  outOfOrder: boolean;
  vlanAware: boolean;
}

export interface AppOptions {
  /** Packets do not wait: rather no label than a lost packet. */
  live: boolean;
  /** Our own parsers. */
  builtin: boolean;
  /** libndpi. */
  ndpi: boolean;
  /** Tags of flows from which no more bytes are wanted, shared by capture threads and shards (`native/capture/carry_gate.h`). */
  tags: SharedArrayBuffer;
  /** Write a record for every transaction. */
  transactions: boolean;
  /** Write a record for every event of a flow (`event-watch.ts`). */
  events: boolean;
}

export interface ShardData {
  shard: number;
  shards: number;
  /** One ring per capture thread. */
  rings: Uint8Array[];
  outbox: SharedArrayBuffer;
  control: SharedArrayBuffer;
  counters: SharedArrayBuffer;
  /** Credits for live flows, shared by all shards (`createCredits`). */
  credits: SharedArrayBuffer;
  flow: FlowOptions;
  /** The application layer; null = off. */
  app: AppOptions | null;
  /** Tell what detection rules need. */
  detect: boolean;
  /** Where to tell new flows of this host, whose processes are to be named; null = nobody asks. */
  processes: ProcessMemory | null;
  /** Write every ended flow and interim record to the outbox; otherwise only the top flows of the tick messages. */
  wantRows: boolean;
  /** How many flows of most bytes to report per tick; 0 = none. */
  topFlows: number;
  /** How many flows of most bytes, ended ones included, to keep for the run's summary; 0 = none. */
  summaryFlows: number;
  /** Where the compiled addon is. */
  addonPath: string;
  /** Packets do not wait for this shard, so it waits for the sensor only while its rings have room, and a bounded time. */
  live: boolean;
  /** Do everything once before the shard says that it is ready (`rehearsal.ts`). */
  rehearse: boolean;
  /** Milliseconds to sleep after each drained batch, for tests of a slow shard; 0 = none. */
  slowMs: number;
}

/** One flow of the tick's top list: enough to print, the addresses as in a row. */
export interface TopFlow {
  /** Row bytes (ROW_BYTES), a copy. */
  row: Uint8Array;
  /** What the application layer says of it. */
  note: string;
  deltaBytes: number;
  deltaPackets: number;
}

/** Flows of one application, and what they carried. */
export interface ApplicationTotal {
  /** As in `app.protocol`; '' when nobody knew it. */
  protocol: string;
  flows: number;
  packets: number;
  bytes: number;
}

/** A flow that a control connection announced. */
export interface ExpectationReport {
  address: string;
  port: number;
  protocol: string;
  atNs: number;
}

/** Packets and wire bytes per IP protocol in this tick: [protocol, packets, bytes] triples, ascending by protocol. */
export type ProtocolDeltas = number[];

export interface TickMessage {
  type: 'tick';
  shard: number;
  /** Number of the tick in the stream; every shard delivers every number. */
  tick: number;
  /** Stream time of the boundary. */
  streamNs: number;
  /** Ordinal of the first frame behind the boundary. */
  ordinal: number;
  /** Outbox entries ever written when this tick was flushed. */
  entriesWritten: number;
  packets: number;
  bytes: number;
  flowsLive: number;
  emergency: boolean;
  top: TopFlow[];
  protocols: ProtocolDeltas;
  /** What DNS answers said in this tick: lists as in `src/flow/name-list.ts`, in no order. */
  names: Uint8Array[];
  /** What control connections announced. */
  expectations: ExpectationReport[];
  /** True on the last message: the END record was reached and every flow was ended with `shutdown`. */
  final: boolean;
  /** Only with `final`: the flows of most bytes of the whole run. */
  summary: TopFlow[];
  /** Only with `final`: ended flows by application, `''` for those without a label. */
  applications: ApplicationTotal[];
  /** For the detection rules; null when there are none. */
  detect: DetectBatch | null;
}

/** The shard waits because its outbox is full; the sensor should take rows up to `entriesWritten` now. */
export interface RowsMessage {
  type: 'rows';
  shard: number;
  entriesWritten: number;
}

export interface ReadyMessage {
  type: 'ready';
  shard: number;
}

/** Answer to a snapshot request: `count` live flows, ROW_BYTES each, with a note per flow. */
export interface SnapshotMessage {
  type: 'snapshot';
  shard: number;
  id: number;
  rows: Uint8Array;
  count: number;
  notes: string[];
}

export type ShardMessage = TickMessage | RowsMessage | ReadyMessage | SnapshotMessage;

/** To the shard: a copy of all live flows as rows, for queries; answered on the given port. */
export type SensorMessage = { type: 'stop' } | { type: 'snapshot'; id: number; limit: number };
