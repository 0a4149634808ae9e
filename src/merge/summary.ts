/** What a run was: the object of `--summary-json`, of the summary on the screen, and of `Sensor.done`. */
import type { Advice } from '../api/contract.ts';
import type { SensorOptions } from '../config/options.ts';
import type { SensorError } from '../errors.ts';
import type { FlowRecord } from '../flow/record.ts';
import { protocolName } from '../packet/protocol-names.ts';
import type { ProcessCounts } from '../process/counts.ts';
import { Counter } from '../ring/layout.ts';
import { type ApplicationTotal, END_REASONS, ShardCounter } from '../shard/protocol.ts';
import { version } from '../version.ts';
import type { Ledger } from './ledger.ts';
import { shardSum } from './ledger-input.ts';
import type { ProtocolSum } from './totals.ts';

export interface ProtocolTotal {
  /** Lower-case name, as in flow records. */
  protocol: string;
  packets: number;
  /** Wire bytes. */
  bytes: number;
}

export interface RunSummary {
  schema_version: 1;
  weir_version: string;
  input: 'capture' | 'replay' | 'generator';
  /** Interfaces or files. */
  sources: string[];
  /** Why the run ended. */
  ended_by: 'eof' | 'count' | 'stop' | 'error';
  /** Epoch seconds of the first packet and of the sensor's clock at the end; null when no packet came. */
  first_packet: number | null;
  last_packet: number | null;
  /** Packet time covered. */
  duration_secs: number;
  /** Wall time from start to the last merged tick. */
  elapsed_secs: number;
  frames_read: number;
  input_wire_bytes: number;
  packets_accounted: number;
  bytes_accounted: number;
  /** Per second of wall time. */
  packets_per_sec: number;
  bits_per_sec: number;
  parse_errors: Record<string, number>;
  kernel_drops: number | null;
  interface_drops: number | null;
  ring_drops: number;
  flows_created: number;
  flows_ended: Record<string, number>;
  flows_evicted: number;
  emergency_ticks: number;
  retransmissions: number;
  out_of_order: number;
  missed_bytes: number;
  /**
   * Share of TCP data that was acknowledged but never seen, over flows of which both sides were: what the capture lost,
   * whatever any counter says. null without such data.
   */
  loss_estimate: number | null;
  /**
   * False as soon as a bound was hit (evictions, emergency, refusals, drops, memory for sequence holes): results may then
   * depend on the number of shards.
   */
  deterministic: boolean;
  /** What detection found; null when it is off. */
  alerts: AlertTotals | null;
  /** Flows of this host and their processes; only of a capture that names them. */
  processes?: ProcessCounts;
  /** Empty when nothing was lost; else the stages that lost something, with what to do about it, and those that nobody knows of. */
  doctor: Advice[];
  protocols: ProtocolTotal[];
  /** Ended flows by application, most bytes first; empty when the application layer is off. `unknown` has no label. */
  applications: ApplicationTotal[];
  top_flows: FlowRecord[];
  records_written: number;
  /** Flow records that a shard gave up because they were not taken in time (live only). */
  records_dropped: number;
  output_errors: number;
  shards: number;
  shards_lost: number;
  effective: Record<string, unknown>;
  ledger: Ledger;
  /** What went wrong while running, after everything read had been exported; not part of the JSON. */
  error: SensorError | null;
}

export interface AlertTotals {
  /** Alerts by kind, most first; suppressed ones among them. */
  by_kind: { kind: string; severity: string; alerts: number }[];
  raised: number;
  suppressed: number;
  /** Findings that were counted on an alert that was there. */
  repeated: number;
  /** Findings that the allow list matched. */
  allowed: number;
  /** Events that found no room in a tick of their shard, and that no rule saw. */
  untold: number;
  /** null when no evidence is kept. */
  evidence: EvidenceTotals | null;
}

/** Capture files of alerts. */
export interface EvidenceTotals {
  /** An alert that repeats is written again. */
  written: number;
  /** Could not be written. */
  failed: number;
  /** Alerts that came with too many others in one tick. */
  passed_over: number;
  /** Files that made room for newer ones. */
  removed: number;
}

/** The JSON form: the error as its code and message. */
export function summaryJson(summary: RunSummary): string {
  const error = summary.error === null ? null : { code: summary.error.code, message: summary.error.message };
  return `${JSON.stringify({ ...summary, error }, null, 2)}\n`;
}

export interface SummaryInput {
  options: SensorOptions;
  endedBy: RunSummary['ended_by'];
  sources: string[];
  engine: Float64Array;
  shards: Float64Array[];
  ledger: Ledger;
  baseSeconds: number | null;
  clock: { firstNs: number; nowNs: number } | null;
  elapsedSecs: number;
  protocols: ProtocolSum[];
  applications: ApplicationTotal[];
  topFlows: FlowRecord[];
  recordsWritten: number;
  outputErrors: number;
  shardsLost: number;
  alerts: AlertTotals | null;
  processes: ProcessCounts | null;
  doctor: Advice[];
  error: SensorError | null;
}

const NS = 1e9;

/** Counters of bounds at which it matters how flows fell on shards. */
const SHARD_BOUNDS = [
  ShardCounter.REFUSED_PROBE,
  ShardCounter.REFUSED_EMERGENCY,
  ShardCounter.REFUSED_LIMIT,
  ShardCounter.OUTER_REFUSED,
  ShardCounter.EMERGENCY_TICKS,
  ShardCounter.EVICTIONS_UNANSWERED,
  ShardCounter.EVICTIONS_ANSWERED,
  ShardCounter.HOLES_EXHAUSTED,
  ShardCounter.ROWS_DROPPED,
  ShardCounter.APP_GIVEN_UP,
  ShardCounter.APP_SHED,
  ShardCounter.APP_NOTES_CUT,
];

/** Parse errors by reason, straight from the ledger. */
function parseErrors(ledger: Ledger): Record<string, number> {
  return ledger.stages.decode?.rejected as Record<string, number>;
}

/** Options as they took effect; what tests inject is left out. */
function effective({ input, filter, count, snaplen, tracking, output }: SensorOptions): Record<string, unknown> {
  return { input, filter, count, snaplen, tracking, output };
}

function lossEstimate(missed: number, seen: number): number | null {
  return missed + seen > 0 ? missed / (missed + seen) : null;
}

/** Puts the summary of a run together from its counters. */
export function buildSummary(run: SummaryInput): RunSummary {
  const at = (slot: number) => run.engine[slot];
  const sum = (slot: number) => shardSum(run.shards, slot);
  const ended = Object.fromEntries(END_REASONS.map((reason, index) => [reason, sum(ShardCounter.FLOWS_ENDED + index)]));
  const source = run.ledger.stages.source as Record<string, number | null>;
  const evicted = (ended.eviction ?? 0) + (ended.emergency ?? 0);
  const boundsHit = SHARD_BOUNDS.reduce((total, slot) => total + sum(slot), evicted + at(Counter.RING_DROPPED) + run.shardsLost);
  const base = run.baseSeconds ?? 0;
  const rate = (amount: number) => (run.elapsedSecs > 0 ? amount / run.elapsedSecs : 0);
  return {
    schema_version: 1,
    weir_version: version(),
    input: run.options.input.kind,
    sources: run.sources,
    ended_by: run.endedBy,
    first_packet: run.clock === null ? null : base + run.clock.firstNs / NS,
    last_packet: run.clock === null ? null : base + run.clock.nowNs / NS,
    duration_secs: run.clock === null ? 0 : (run.clock.nowNs - run.clock.firstNs) / NS,
    elapsed_secs: run.elapsedSecs,
    frames_read: at(Counter.FRAMES_READ),
    input_wire_bytes: at(Counter.FRAMES_READ_BYTES),
    packets_accounted: sum(ShardCounter.ACCOUNTED),
    bytes_accounted: sum(ShardCounter.ACCOUNTED_BYTES),
    packets_per_sec: rate(at(Counter.FRAMES_READ)),
    bits_per_sec: rate(at(Counter.FRAMES_READ_BYTES) * 8),
    parse_errors: parseErrors(run.ledger),
    kernel_drops: source.kernel_drops ?? null,
    interface_drops: source.interface_drops ?? null,
    ring_drops: at(Counter.RING_DROPPED),
    flows_created: sum(ShardCounter.FLOWS_CREATED),
    flows_ended: ended,
    flows_evicted: evicted,
    emergency_ticks: sum(ShardCounter.EMERGENCY_TICKS),
    retransmissions: sum(ShardCounter.RETRANSMISSIONS),
    out_of_order: sum(ShardCounter.OUT_OF_ORDER),
    missed_bytes: sum(ShardCounter.MISSED_BYTES),
    loss_estimate: lossEstimate(sum(ShardCounter.MISSED_BYTES), sum(ShardCounter.TCP_PAYLOAD_BYTES)),
    deterministic: boundsHit === 0,
    alerts: run.alerts,
    ...(run.processes === null ? {} : { processes: run.processes }),
    doctor: run.doctor,
    applications: run.applications.map((total) => ({ ...total, protocol: total.protocol === '' ? 'unknown' : total.protocol })),
    protocols: run.protocols.map(({ protocol, packets, bytes }) => ({ protocol: protocolName(protocol), packets, bytes })),
    top_flows: run.topFlows,
    records_written: run.recordsWritten,
    records_dropped: sum(ShardCounter.ROWS_DROPPED),
    output_errors: run.outputErrors,
    shards: run.options.tracking.shards,
    shards_lost: run.shardsLost,
    effective: effective(run.options),
    ledger: run.ledger,
    error: run.error,
  };
}
