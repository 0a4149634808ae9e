/** The counters of a run by stage, as the ledger shows them beside its identities. */
import { Counter, NotFlow, Reject, Suppressed } from '../ring/layout.ts';
import { ShardCounter } from '../shard/protocol.ts';
import { flowsEnded, kernelCounts, type LedgerInput, shardSum } from './ledger-input.ts';

/** By stage, then by counter; null where the platform has no counter. */
export type Stages = Record<string, Record<string, number | null | Record<string, number>>>;

const names = (values: Record<string, number>): string[] => Object.keys(values).map((name) => name.toLowerCase());

/** Non-zero slots of an array counter, by the lower-case names of its enum. */
function byReason(engine: Float64Array, start: number, values: Record<string, number>): Record<string, number> {
  const found: Record<string, number> = {};
  const labels = names(values);
  Object.values(values).forEach((slot, index) => {
    const value = engine[start + slot] ?? 0;
    if (value !== 0) found[labels[index]] = value;
  });
  return found;
}

/** `null`: the capture is not inline, nothing has to be put back. `modified` are among `sent`. */
function divertStage(engine: Float64Array): Stages[string] {
  const inline = (slot: number): number | null => (engine[Counter.INLINE_KNOWN] === 0 ? null : engine[slot]);
  return {
    diverted: engine[Counter.DIVERTED],
    diverted_bytes: engine[Counter.DIVERTED_BYTES],
    handover_dropped: engine[Counter.HANDOVER_DROPPED],
    sent: inline(Counter.INLINE_SENT),
    denied: inline(Counter.INLINE_DENIED),
    quarantined: inline(Counter.INLINE_QUARANTINED),
    failed: inline(Counter.INLINE_FAILED),
    modified: inline(Counter.INLINE_MODIFIED),
  };
}

function applicationStage(shards: Float64Array[]): Stages[string] {
  const sum = (slot: number) => shardSum(shards, slot);
  return {
    flows: sum(ShardCounter.APP_FLOWS),
    packets: sum(ShardCounter.APP_PACKETS),
    given_up: sum(ShardCounter.APP_GIVEN_UP),
    shed: sum(ShardCounter.APP_SHED),
    notes_cut: sum(ShardCounter.APP_NOTES_CUT),
  };
}

/** The counters of each stage, those that stand in no identity included. */
export function ledgerStages(input: LedgerInput): Stages {
  const { engine, shards } = input;
  const sum = (slot: number) => shardSum(shards, slot);
  const { received, drops, interfaceDrops } = kernelCounts(input);
  const at = (slot: number) => engine[slot];
  return {
    source: {
      received,
      kernel_drops: input.live ? drops : 0,
      interface_drops: input.live ? interfaceDrops : 0,
      frames_read: at(Counter.FRAMES_READ),
      wire_bytes: at(Counter.FRAMES_READ_BYTES),
      captured_bytes: at(Counter.FRAMES_READ_CAPTURED_BYTES),
      beyond_count: at(Counter.BEYOND_COUNT),
      filtered: at(Counter.FILTERED),
      delivered: at(Counter.DELIVERED),
    },
    ...(at(Counter.DIVERTED_KNOWN) === 0 ? {} : { divert: divertStage(engine) }),
    decode: {
      network: at(Counter.NETWORK_DECODED),
      transport: at(Counter.TRANSPORT_DECODED),
      rejected: byReason(engine, Counter.REJECTED, Reject),
      rejected_bytes_needed: byReason(engine, Counter.REJECTED_NEEDED, Reject),
      rejected_bytes_available: byReason(engine, Counter.REJECTED_AVAILABLE, Reject),
      not_flow: byReason(engine, Counter.NOT_FLOW, NotFlow),
      suppressed: byReason(engine, Counter.SUPPRESSED, Suppressed),
      fragment_lost: at(Counter.FRAGMENT_LOST),
      fragment_held: at(Counter.FRAGMENT_HELD),
      carried_outer: at(Counter.CARRIED_OUTER),
      carried_icmp_inner: at(Counter.CARRIED_ICMP_INNER),
      carried_arp: at(Counter.CARRIED_ARP),
    },
    ring: {
      enqueued: at(Counter.ENQUEUED),
      ring_dropped: at(Counter.RING_DROPPED),
      ring_dropped_bytes: at(Counter.RING_DROPPED_BYTES),
      high_water_bytes: at(Counter.RING_HIGH_WATER),
      full_waits: at(Counter.RING_FULL_WAITS),
      held_back: at(Counter.HELD_BACK),
      held_back_bytes: at(Counter.HELD_BACK_BYTES),
      lost_with_shard: input.lost.packets,
    },
    flow: {
      dequeued: sum(ShardCounter.DEQUEUED),
      accounted: sum(ShardCounter.ACCOUNTED),
      refused: {
        probe: sum(ShardCounter.REFUSED_PROBE),
        emergency: sum(ShardCounter.REFUSED_EMERGENCY),
        limit: sum(ShardCounter.REFUSED_LIMIT),
      },
      flows_created: sum(ShardCounter.FLOWS_CREATED),
      flows_live: sum(ShardCounter.FLOWS_LIVE),
      flows_ended: flowsEnded(shards),
      outer_flows_created: sum(ShardCounter.OUTER_CREATED),
      outer_packets: sum(ShardCounter.OUTER_PACKETS),
      outer_refused: sum(ShardCounter.OUTER_REFUSED),
    },
    records: {
      rows_written: sum(ShardCounter.ROWS_WRITTEN),
      rows_dropped: sum(ShardCounter.ROWS_DROPPED),
      rows_taken: input.rowsTaken,
    },
    application: applicationStage(shards),
  };
}
