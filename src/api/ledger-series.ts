/** Metrics that say what the ledger and the latest tick say. */
import type { Accounting, Stats } from './contract.ts';
import { type Series, seriesName } from './metric-families.ts';

type Stage = Record<string, unknown>;

const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const stageOf = (accounting: Accounting, name: string): Stage => (accounting.stages[name] ?? {}) as Stage;
const reasonsOf = (value: unknown): [string, number | null][] =>
  typeof value === 'object' && value !== null ? Object.entries(value).map(([reason, count]) => [reason, number(count)]) : [];

function dropped(accounting: Accounting): Series {
  const [source, decode, ring, flow] = ['source', 'decode', 'ring', 'flow'].map((name) => stageOf(accounting, name));
  const name = (stage: string, reason: string) => seriesName('weir_dropped_packets_total', { stage, reason });
  return {
    [name('nic', 'interface')]: number(source.interface_drops),
    [name('kernel', 'buffer_full')]: number(source.kernel_drops),
    ...Object.fromEntries(reasonsOf(decode.rejected).map(([reason, count]) => [name('decode', reason), count])),
    [name('decode', 'fragment_lost')]: number(decode.fragment_lost),
    [name('ring', 'full')]: number(ring.ring_dropped),
    [name('ring', 'shard_lost')]: number(ring.lost_with_shard),
    ...Object.fromEntries(reasonsOf(flow.refused).map(([reason, count]) => [name('flow', reason), count])),
  };
}

function decoded(accounting: Accounting): Series {
  const decode = stageOf(accounting, 'decode');
  const results = ['not_flow', 'suppressed'].flatMap((result) =>
    reasonsOf(decode[result]).map(([reason, count]): [string, number | null] => [
      seriesName('weir_decode_packets_total', { result, reason }),
      count,
    ]),
  );
  return Object.fromEntries(results);
}

/** Counters of the ledger, under the names of the metrics; the values are the ledger's own. */
export function ledgerSeries(accounting: Accounting): Series {
  const [source, ring, flow, records, app] = ['source', 'ring', 'flow', 'records', 'application'].map((name) => stageOf(accounting, name));
  const ended = reasonsOf(flow.flows_ended).map(([reason, count]) => [seriesName('weir_flows_ended_total', { reason }), count]);
  return {
    weir_capture_received_packets_total: number(source.received),
    weir_capture_packets_total: number(source.frames_read),
    weir_capture_bytes_total: number(source.wire_bytes),
    weir_filtered_packets_total: number(source.filtered),
    weir_delivered_packets_total: number(source.delivered),
    ...dropped(accounting),
    ...decoded(accounting),
    weir_enqueued_packets_total: number(ring.enqueued),
    weir_flow_packets_total: number(flow.accounted),
    weir_flows_active: number(flow.flows_live),
    weir_flows_created_total: number(flow.flows_created),
    ...Object.fromEntries(ended),
    weir_records_total: number(records.rows_taken),
    [seriesName('weir_dropped_records_total', { stage: 'shard' })]: number(records.rows_dropped),
    ...Object.fromEntries(
      (['flows', 'given_up', 'shed'] as const).map((result) => [
        seriesName('weir_app_flows_total', { result: result === 'flows' ? 'looked_at' : result }),
        number(app[result]),
      ]),
    ),
    weir_app_held_back_packets_total: number(ring.held_back),
    weir_ledger_holds: accounting.holds ? 1 : 0,
  };
}

/** What only the latest tick knows. */
export function statsSeries(stats: Stats): Series {
  const alerts = Object.entries(stats.alerts.by_severity).map(([severity, count]) => [
    seriesName('weir_alerts_total', { severity }),
    count,
  ]);
  return {
    [seriesName('weir_build_info', { version: stats.sensor.version })]: 1,
    weir_ticks_total: stats.tick,
    weir_devices: stats.devices,
    weir_emergency_mode: stats.emergency ? 1 : 0,
    [seriesName('weir_capture_loss_ratio', { method: 'gap' })]: stats.loss.estimate,
    weir_store_backlog_records: stats.store.backlog,
    [seriesName('weir_dropped_records_total', { stage: 'store' })]: stats.store.dropped_records,
    ...Object.fromEntries(alerts),
  };
}
