/** What the ledger is made from: counters, each counted where the thing happens. */
import { Counter } from '../ring/layout.ts';
import { END_REASONS, ShardCounter } from '../shard/protocol.ts';

/** What shards that died took with them; zeros in a healthy run. Counted by walking their rings and their counters. */
export interface LostWithShards {
  packets: number;
  bytes: number;
  annotations: number;
  flows: number;
  /** Outer flows of tunnels. */
  outerFlows: number;
  flowPackets: number;
  flowBytes: number;
}

export interface LedgerInput {
  live: boolean;
  /** Was `--write-pcap` on? */
  pcap: boolean;
  /** Did the shards write the records of flows? */
  records: boolean;
  /** Did the tap deliver packets to readers? */
  tap: boolean;
  /** Were packets kept for recall? */
  recall: boolean;
  /** COUNTER_COUNT engine counters. */
  engine: Float64Array;
  /** One array of ShardCounter.SLOTS per shard, dead ones included. */
  shards: Float64Array[];
  lost: LostWithShards;
  /** Rows that the sensor took out of the outboxes. */
  rowsTaken: number;
  /** Outbox entries that they took up: a row with a note takes several. */
  entriesTaken: number;
  /** Packets that the tap's reader took. */
  tapTaken: number;
}

/** Sums one shard counter over all shards. */
export function shardSum(shards: Float64Array[], slot: number): number {
  return shards.reduce((total, counters) => total + (counters[slot] ?? 0), 0);
}

/** Kernel numbers; null where the platform gave none. */
export function kernelCounts(input: Pick<LedgerInput, 'live' | 'engine'>): {
  received: number | null;
  drops: number | null;
  interfaceDrops: number | null;
} {
  const known = input.live && input.engine[Counter.RECEIVED_KNOWN] !== 0;
  return {
    received: known ? input.engine[Counter.RECEIVED] : null,
    drops: known ? input.engine[Counter.KERNEL_DROPS] : null,
    interfaceDrops: input.engine[Counter.INTERFACE_DROPS_KNOWN] !== 0 ? input.engine[Counter.INTERFACE_DROPS] : null,
  };
}

/** Ended flows by reason. */
export function flowsEnded(shards: Float64Array[]): Record<string, number> {
  return Object.fromEntries(END_REASONS.map((reason, index) => [reason, shardSum(shards, ShardCounter.FLOWS_ENDED + index)]));
}
