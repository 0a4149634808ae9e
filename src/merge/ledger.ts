/**
 * The ledger: where every packet of a run went, by stage and reason, and the identities that must hold between them.
 *
 * It is a pure function of counters that are each counted where the thing happens. No term is computed as the rest of
 * an identity: a residual would hold by construction and prove nothing.
 */
import { Counter, CounterLength } from '../ring/layout.ts';
import { ShardCounter } from '../shard/protocol.ts';
import { flowsEnded, kernelCounts, type LedgerInput, shardSum } from './ledger-input.ts';
import { ledgerStages, type Stages } from './ledger-stages.ts';

export interface Term {
  name: string;
  /** null = the stage has no counter for it; then the identity is not evaluated. */
  value: number | null;
}

/** `left = sum of right`. `holds` is null when a term is unknown. */
export interface Identity {
  name: string;
  unit: 'packets' | 'bytes' | 'flows' | 'records' | 'requests';
  left: Term;
  right: Term[];
  holds: boolean | null;
}

export interface Ledger {
  schema_version: 1;
  stages: Stages;
  identities: Identity[];
  /** Quality counters: packets that are in their flow, and are marked. They are in no sum. */
  quality: Record<string, number>;
  holds: boolean;
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

/** Live only: what the kernel says it received. */
function kernelIdentity(input: LedgerInput): Identity {
  const { received, drops } = kernelCounts(input);
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

/** Sources that take packets out of the system: what they took was copied, and, inline, put back or not. */
function divertIdentities({ engine }: LedgerInput): Identity[] {
  if (engine[Counter.DIVERTED_KNOWN] === 0) return [];
  const pair = (name: string, slot: number, bytes: boolean): [string, number] => [name, engine[slot + (bytes ? 1 : 0)]];
  const copied = (bytes: boolean): Identity =>
    identity('diverted', bytes ? 'bytes' : 'packets', pair('diverted', Counter.DIVERTED, bytes), [
      pair('handover_dropped', Counter.HANDOVER_DROPPED, bytes),
      pair('frames_read', Counter.FRAMES_READ, bytes),
      pair('beyond_count', Counter.BEYOND_COUNT, bytes),
    ]);
  const settled = (bytes: boolean): Identity =>
    identity('inline', bytes ? 'bytes' : 'packets', pair('diverted', Counter.DIVERTED, bytes), [
      pair('sent', Counter.INLINE_SENT, bytes),
      pair('denied', Counter.INLINE_DENIED, bytes),
      pair('quarantined', Counter.INLINE_QUARANTINED, bytes),
      pair('failed', Counter.INLINE_FAILED, bytes),
    ]);
  const known = engine[Counter.INLINE_KNOWN] === 0 ? [copied] : [copied, settled];
  return known.flatMap((make) => [make(false), make(true)]);
}

/** How flows began and ended; those outside tunnels apart from the others. */
function flowIdentities({ shards, lost }: LedgerInput): Identity[] {
  const sum = (slot: number) => shardSum(shards, slot);
  const ended = Object.entries(flowsEnded(shards)).map(([reason, value]): [string, number] => [`ended_${reason}`, value]);
  return [
    identity(
      'flows',
      'flows',
      ['created', sum(ShardCounter.FLOWS_CREATED)],
      [...ended, ['live', sum(ShardCounter.FLOWS_LIVE)], ['lost_with_shard', lost.flows]],
    ),
    identity(
      'outer_flows',
      'flows',
      ['created', sum(ShardCounter.OUTER_CREATED)],
      [
        ['ended', sum(ShardCounter.OUTER_ENDED)],
        ['live', sum(ShardCounter.OUTER_LIVE)],
        ['lost_with_shard', lost.outerFlows],
      ],
    ),
  ];
}

/** What the shards made of the records that belong to a frame which is accounted elsewhere. */
function annotationIdentities({ engine, shards, lost }: LedgerInput): Identity[] {
  const sum = (slot: number) => shardSum(shards, slot);
  const carried = engine[Counter.CARRIED_OUTER] + engine[Counter.CARRIED_ICMP_INNER] + engine[Counter.CARRIED_ARP];
  return [
    identity(
      'annotations',
      'records',
      ['carried', carried],
      [
        ['outer_dequeued', sum(ShardCounter.OUTER_DEQUEUED)],
        ['icmp_inner_dequeued', sum(ShardCounter.ICMP_INNER_DEQUEUED)],
        ['arp_dequeued', sum(ShardCounter.ARP_DEQUEUED)],
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
    identity(
      'outer',
      'records',
      ['outer_dequeued', sum(ShardCounter.OUTER_DEQUEUED)],
      [
        ['in_outer_flows', sum(ShardCounter.OUTER_PACKETS)],
        ['refused', sum(ShardCounter.OUTER_REFUSED)],
      ],
    ),
  ];
}

/** Flow records: each flow that ended and each interim owed gives one, which is written or given up, and then taken. */
function recordIdentities({ shards, records, rowsTaken, entriesTaken }: LedgerInput): Identity[] {
  const sum = (slot: number) => shardSum(shards, slot);
  const written: [string, number] = ['rows_written', sum(ShardCounter.ROWS_WRITTEN)];
  const entries: [string, number] = ['entries_written', sum(ShardCounter.ENTRIES_WRITTEN)];
  const taken = [
    identity('records', 'records', written, [['rows_taken', rowsTaken]]),
    identity('entries', 'records', entries, [['entries_taken', entriesTaken]]),
  ];
  if (!records) return taken;
  const ended = Object.values(flowsEnded(shards)).reduce((total, count) => total + count, 0);
  const due = ended + sum(ShardCounter.OUTER_ENDED) + sum(ShardCounter.INTERIM_RECORDS) + sum(ShardCounter.SIDE_RECORDS);
  return [identity('records_due', 'records', ['due', due], [written, ['rows_dropped', sum(ShardCounter.ROWS_DROPPED)]]), ...taken];
}

/** Flows that the application layer began to look at. */
function applicationIdentity({ shards }: LedgerInput): Identity {
  const sum = (slot: number) => shardSum(shards, slot);
  return identity(
    'applications',
    'flows',
    ['looked_at', sum(ShardCounter.APP_FLOWS)],
    [
      ['done', sum(ShardCounter.APP_CLOSED)],
      ['open', sum(ShardCounter.APP_OPEN)],
    ],
  );
}

/** Memory for holes in sequence spaces: what the analysis asked for, against what the pool gave and refused. */
function poolIdentity({ shards }: LedgerInput): Identity {
  const sum = (slot: number) => shardSum(shards, slot);
  return identity(
    'hole_pool',
    'requests',
    ['asked', sum(ShardCounter.HOLES_ASKED)],
    [
      ['given', sum(ShardCounter.HOLES_GIVEN)],
      ['exhausted', sum(ShardCounter.HOLES_EXHAUSTED)],
    ],
  );
}

/** Side outputs of the capture thread, where they are on: every delivered frame is written, or counted as not written. */
function outputIdentities({ engine, pcap, tap, recall, tapTaken }: LedgerInput): Identity[] {
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
    const selected: [string, number] = ['tap_selected', at(Counter.TAP_SELECTED)];
    out.push(identity('tap_selection', 'packets', delivered, [selected, ['tap_passed_by', at(Counter.TAP_PASSED_BY)]]));
    out.push(identity('tap', 'packets', selected, [written, ['tap_dropped', at(Counter.TAP_DROPPED)]]));
    out.push(identity('tap_read', 'packets', written, [['tap_taken', tapTaken]]));
  }
  if (recall) {
    const terms: [string, number][] = [
      ['recall_stored', at(Counter.RECALL_STORED)],
      ['recall_skipped', at(Counter.RECALL_SKIPPED)],
    ];
    out.push(identity('recall', 'packets', delivered, terms));
  }
  return out;
}

/** Builds the ledger of a run, or of the moment. */
export function buildLedger(input: LedgerInput): Ledger {
  const identities = [
    ...(input.live ? [kernelIdentity(input)] : []),
    ...divertIdentities(input),
    ...packetIdentities(input, false),
    ...packetIdentities(input, true),
    ...flowIdentities(input),
    ...annotationIdentities(input),
    ...recordIdentities(input),
    poolIdentity(input),
    applicationIdentity(input),
    ...outputIdentities(input),
  ];
  const at = (slot: number) => input.engine[slot];
  return {
    schema_version: 1,
    stages: ledgerStages(input),
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
      hole_pool_exhausted: shardSum(input.shards, ShardCounter.HOLES_EXHAUSTED),
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
