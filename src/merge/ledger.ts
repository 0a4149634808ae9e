/**
 * The ledger: where every packet of a run went, by stage and reason, and the identities that must hold between them.
 *
 * It is a pure function of counters that are each counted where the thing happens. No term is computed as the rest of
 * an identity: a residual would hold by construction and prove nothing.
 */
import { Counter, CounterLength, NotFlow, Reject, Suppressed } from '../ring/layout.ts';
import { END_REASONS, ShardCounter } from '../shard/protocol.ts';

/** What shards that died took with them; zeros in a healthy run. Counted by walking their rings and their counters. */
export interface LostWithShards {
  packets: number;
  bytes: number;
  annotations: number;
  flows: number;
  flowPackets: number;
  flowBytes: number;
}

export interface LedgerInput {
  live: boolean;
  /** Was `--write-pcap` on? */
  pcap: boolean;
  /** Did the tap deliver packets to readers? */
  tap: boolean;
  /** COUNTER_COUNT engine counters. */
  engine: Float64Array;
  /** One array of ShardCounter.SLOTS per shard, dead ones included. */
  shards: Float64Array[];
  lost: LostWithShards;
  /** Rows that the sensor took out of the outboxes. */
  rowsTaken: number;
  /** Packets that the tap's reader took. */
  tapTaken: number;
}

export interface Term {
  name: string;
  /** null = the stage has no counter for it; then the identity is not evaluated. */
  value: number | null;
}

/** `left = sum of right`. `holds` is null when a term is unknown. */
export interface Identity {
  name: string;
  unit: 'packets' | 'bytes' | 'flows' | 'records';
  left: Term;
  right: Term[];
  holds: boolean | null;
}

export interface Ledger {
  schema_version: 1;
  stages: Record<string, Record<string, number | null | Record<string, number>>>;
  identities: Identity[];
  /** Quality counters: packets that are in their flow, and are marked. They are in no sum. */
  quality: Record<string, number>;
  holds: boolean;
}

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

function sumOf(engine: Float64Array, start: number, length: number): number {
  let sum = 0;
  for (let slot = 0; slot < length; slot++) sum += engine[start + slot] ?? 0;
  return sum;
}

function identity(name: string, unit: Identity['unit'], left: [string, number | null], right: [string, number | null][]): Identity {
  const terms = right.map(([term, value]) => ({ name: term, value }));
  const unknown = left[1] === null || terms.some((term) => term.value === null);
  const sum = terms.reduce((total, term) => total + (term.value ?? 0), 0);
  return { name, unit, left: { name: left[0], value: left[1] }, right: terms, holds: unknown ? null : left[1] === sum };
}

/** Sums one shard counter over all shards. */
export function shardSum(shards: Float64Array[], slot: number): number {
  return shards.reduce((total, counters) => total + (counters[slot] ?? 0), 0);
}

/** Kernel numbers; null where the platform gave none. */
function kernel(input: LedgerInput): { received: number | null; drops: number | null; interfaceDrops: number | null } {
  const known = input.live && input.engine[Counter.RECEIVED_KNOWN] !== 0;
  return {
    received: known ? input.engine[Counter.RECEIVED] : null,
    drops: known ? input.engine[Counter.KERNEL_DROPS] : null,
    interfaceDrops: input.engine[Counter.INTERFACE_DROPS_KNOWN] !== 0 ? input.engine[Counter.INTERFACE_DROPS] : null,
  };
}

/** The same identities for packets and for wire bytes; `bytes` picks the second slots. */
function packetIdentities(input: LedgerInput, bytes: boolean): Identity[] {
  const { engine, shards, lost } = input;
  const unit = bytes ? 'bytes' : 'packets';
  const e = (packets: number, inBytes: number): number => engine[bytes ? inBytes : packets];
  const s = (packets: number, inBytes: number): number => shardSum(shards, bytes ? inBytes : packets);
  const array = (packets: number, inBytes: number, length: number): number => sumOf(engine, bytes ? inBytes : packets, length);
  const delivered = e(Counter.DELIVERED, Counter.DELIVERED_BYTES);
  const enqueued = e(Counter.ENQUEUED, Counter.ENQUEUED_BYTES);
  const dequeued = s(ShardCounter.DEQUEUED, ShardCounter.DEQUEUED_BYTES);
  const accounted = s(ShardCounter.ACCOUNTED, ShardCounter.ACCOUNTED_BYTES);
  return [
    identity(
      'read',
      unit,
      ['frames_read', e(Counter.FRAMES_READ, Counter.FRAMES_READ_BYTES)],
      [
        ['filtered', e(Counter.FILTERED, Counter.FILTERED_BYTES)],
        ['delivered', delivered],
      ],
    ),
    identity(
      'delivered',
      unit,
      ['delivered', delivered],
      [
        ['rejected', array(Counter.REJECTED, Counter.REJECTED_BYTES, CounterLength.REJECTED)],
        ['not_flow', array(Counter.NOT_FLOW, Counter.NOT_FLOW_BYTES, CounterLength.NOT_FLOW)],
        ['suppressed', array(Counter.SUPPRESSED, Counter.SUPPRESSED_BYTES, CounterLength.SUPPRESSED)],
        ['fragment_lost', e(Counter.FRAGMENT_LOST, Counter.FRAGMENT_LOST_BYTES)],
        ['fragment_held', e(Counter.FRAGMENT_HELD, Counter.FRAGMENT_HELD_BYTES)],
        ['enqueued', enqueued],
        ['ring_dropped', e(Counter.RING_DROPPED, Counter.RING_DROPPED_BYTES)],
      ],
    ),
    identity(
      'ring',
      unit,
      ['enqueued', enqueued],
      [
        ['dequeued', dequeued],
        ['lost_with_shard', bytes ? lost.bytes : lost.packets],
      ],
    ),
    identity(
      'flow',
      unit,
      ['dequeued', dequeued],
      [
        ['accounted', accounted],
        ['refused_probe', s(ShardCounter.REFUSED_PROBE, ShardCounter.REFUSED_PROBE_BYTES)],
        ['refused_emergency', s(ShardCounter.REFUSED_EMERGENCY, ShardCounter.REFUSED_EMERGENCY_BYTES)],
        ['refused_limit', s(ShardCounter.REFUSED_LIMIT, ShardCounter.REFUSED_LIMIT_BYTES)],
      ],
    ),
    identity(
      'accounted',
      unit,
      ['accounted', accounted],
      [
        ['in_ended_flows', s(ShardCounter.ENDED_PACKETS, ShardCounter.ENDED_BYTES)],
        ['in_live_flows', s(ShardCounter.LIVE_PACKETS, ShardCounter.LIVE_BYTES)],
        ['in_flows_lost_with_shard', bytes ? lost.flowBytes : lost.flowPackets],
      ],
    ),
  ];
}

function flowsEnded(shards: Float64Array[]): Record<string, number> {
  return Object.fromEntries(END_REASONS.map((reason, index) => [reason, shardSum(shards, ShardCounter.FLOWS_ENDED + index)]));
}

/** Live only: what the kernel says it received. */
function kernelIdentity(input: LedgerInput): Identity {
  const { received, drops } = kernel(input);
  return identity(
    'kernel',
    'packets',
    ['received', received],
    [
      ['kernel_drops', drops],
      ['frames_read', input.engine[Counter.FRAMES_READ]],
      ['beyond_count', input.engine[Counter.BEYOND_COUNT]],
    ],
  );
}

/** What the shards made of what they took: flows, annotations, rows. */
function shardIdentities({ engine, shards, lost, rowsTaken }: LedgerInput): Identity[] {
  const sum = (slot: number) => shardSum(shards, slot);
  const carried = engine[Counter.CARRIED_OUTER] + engine[Counter.CARRIED_ICMP_INNER];
  const ended = Object.entries(flowsEnded(shards)).map(([reason, value]): [string, number] => [`ended_${reason}`, value]);
  return [
    identity(
      'flows',
      'flows',
      ['created', sum(ShardCounter.FLOWS_CREATED)],
      [...ended, ['live', sum(ShardCounter.FLOWS_LIVE)], ['lost_with_shard', lost.flows]],
    ),
    identity(
      'annotations',
      'records',
      ['carried', carried],
      [
        ['outer_dequeued', sum(ShardCounter.OUTER_DEQUEUED)],
        ['icmp_inner_dequeued', sum(ShardCounter.ICMP_INNER_DEQUEUED)],
        ['ring_dropped', engine[Counter.ANNOTATIONS_DROPPED]],
        ['lost_with_shard', lost.annotations],
      ],
    ),
    identity(
      'icmp_inner',
      'records',
      ['icmp_inner_dequeued', sum(ShardCounter.ICMP_INNER_DEQUEUED)],
      [
        ['matched', sum(ShardCounter.ICMP_INNER_MATCHED)],
        ['unmatched', sum(ShardCounter.ICMP_INNER_UNMATCHED)],
      ],
    ),
    identity('records', 'records', ['rows_written', sum(ShardCounter.ROWS_WRITTEN)], [['rows_taken', rowsTaken]]),
  ];
}

/** Side outputs of the capture thread, where they are on: every delivered frame is written, or counted as not written. */
function outputIdentities({ engine, pcap, tap, tapTaken }: LedgerInput): Identity[] {
  const at = (slot: number) => engine[slot];
  const delivered: [string, number] = ['delivered', at(Counter.DELIVERED)];
  const written: [string, number] = ['tap_written', at(Counter.TAP_WRITTEN)];
  const out: Identity[] = [];
  if (pcap) {
    const terms: [string, number][] = [
      ['written', at(Counter.PCAP_FRAMES_WRITTEN)],
      ['write_errors', at(Counter.PCAP_WRITE_ERRORS)],
    ];
    out.push(identity('pcap', 'packets', delivered, terms));
  }
  if (tap) {
    out.push(identity('tap', 'packets', delivered, [written, ['tap_dropped', at(Counter.TAP_DROPPED)]]));
    out.push(identity('tap_read', 'packets', written, [['tap_taken', tapTaken]]));
  }
  return out;
}

function stages(input: LedgerInput): Ledger['stages'] {
  const { engine, shards } = input;
  const sum = (slot: number) => shardSum(shards, slot);
  const { received, drops, interfaceDrops } = kernel(input);
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
    },
    ring: {
      enqueued: at(Counter.ENQUEUED),
      ring_dropped: at(Counter.RING_DROPPED),
      ring_dropped_bytes: at(Counter.RING_DROPPED_BYTES),
      high_water_bytes: at(Counter.RING_HIGH_WATER),
      full_waits: at(Counter.RING_FULL_WAITS),
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
    },
  };
}

/** Builds the ledger of a run, or of the moment. */
export function buildLedger(input: LedgerInput): Ledger {
  const identities = [
    ...(input.live ? [kernelIdentity(input)] : []),
    ...packetIdentities(input, false),
    ...packetIdentities(input, true),
    ...shardIdentities(input),
    ...outputIdentities(input),
  ];
  const at = (slot: number) => input.engine[slot];
  return {
    schema_version: 1,
    stages: stages(input),
    identities,
    quality: {
      snaplen_cut: at(Counter.SNAPLEN_CUT),
      fragments: at(Counter.FRAGMENTS),
      bad_ip_checksums: at(Counter.BAD_IP_CHECKSUMS),
      bad_l4_checksums: at(Counter.BAD_L4_CHECKSUMS),
      time_steps_back: at(Counter.TIME_STEPS_BACK),
      time_jumps_unconfirmed: at(Counter.TIME_JUMPS_UNCONFIRMED),
      history_truncated: shardSum(input.shards, ShardCounter.HISTORY_TRUNCATED),
      interim_records: shardSum(input.shards, ShardCounter.INTERIM_RECORDS),
    },
    holds: identities.every((item) => item.holds !== false),
  };
}

/** One line per identity that fails, for people: `delivered (packets): 100 ≠ 60 enqueued + 39 rejected`. */
export function ledgerFailures(ledger: Ledger): string[] {
  return ledger.identities
    .filter((item) => item.holds === false)
    .map((item) => {
      const sum = item.right.map((term) => `${term.value} ${term.name}`).join(' + ');
      return `${item.name} (${item.unit}): ${item.left.value} ${item.left.name} ≠ ${sum}`;
    });
}
