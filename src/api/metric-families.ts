/** The metrics by name: a closed list, so that names, types and labels are in one place. */

export interface MetricFamily {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  labels: readonly string[];
}

const family = (type: MetricFamily['type'], name: string, help: string, ...labels: string[]): MetricFamily => ({
  name,
  type,
  help,
  labels,
});

export const METRIC_FAMILIES: readonly MetricFamily[] = [
  family('gauge', 'weir_build_info', 'Always 1; its label is the version', 'version'),
  family('counter', 'weir_ticks_total', 'Ticks that all shards have delivered'),
  family('counter', 'weir_capture_received_packets_total', 'Packets that the kernel says it received', 'iface', 'worker'),
  family('counter', 'weir_capture_packets_total', 'Frames read from the sources', 'iface', 'worker'),
  family('counter', 'weir_capture_bytes_total', 'Wire bytes of the frames read', 'iface', 'worker'),
  family('counter', 'weir_filtered_packets_total', 'Frames that the filter left out', 'iface', 'worker'),
  family('counter', 'weir_delivered_packets_total', 'Frames that the decoder got', 'iface', 'worker'),
  family(
    'counter',
    'weir_dropped_packets_total',
    'Packets that are in no flow though they should be',
    'stage',
    'reason',
    'iface',
    'worker',
  ),
  family('counter', 'weir_decode_packets_total', 'Frames that are not enqueued for the flow table on purpose', 'result', 'reason'),
  family('counter', 'weir_enqueued_packets_total', 'Packets written to the rings', 'worker'),
  family('counter', 'weir_flow_packets_total', 'Packets that are in a flow', 'shard'),
  family('gauge', 'weir_flows_active', 'Flows in the tables now', 'shard'),
  family('counter', 'weir_flows_created_total', 'Flows that began', 'shard'),
  family('counter', 'weir_flows_ended_total', 'Flows that ended', 'reason'),
  family('gauge', 'weir_flow_table_bytes', 'Memory of the flow tables', 'shard'),
  family(
    'counter',
    'weir_app_flows_total',
    'Flows whose content was looked at, given up for memory, or left alone for want of time',
    'result',
  ),
  family('counter', 'weir_app_held_back_packets_total', 'Packets whose payload stayed behind because a ring was running full'),
  family('gauge', 'weir_emergency_mode', '1 while a flood of new flows shortens timeouts'),
  family('gauge', 'weir_packet_lag_seconds', 'How far the merged ticks are behind the wall clock'),
  family('gauge', 'weir_ring_fill_ratio', 'Fullest that a ring has been since the last scrape', 'worker'),
  family('gauge', 'weir_capture_loss_ratio', 'Estimated share of data that the capture lost', 'method'),
  family('counter', 'weir_records_total', 'Flow records taken from the shards'),
  family('counter', 'weir_dropped_records_total', 'Records that an output could not take', 'stage'),
  family('gauge', 'weir_ledger_holds', '1 while every identity of the ledger holds'),
  family('gauge', 'weir_devices', 'Devices in the inventory'),
  family('counter', 'weir_alerts_total', 'Alerts raised', 'severity'),
  family('gauge', 'weir_store_backlog_records', 'Records that wait for the store'),
  family('gauge', 'weir_store_bytes', 'Size of the database'),
  family('gauge', 'weir_api_websocket_clients', 'WebSocket clients connected'),
  family('counter', 'weir_api_websocket_dropped_messages_total', 'Messages that slow WebSocket clients did not get', 'topic'),
  family('counter', 'weir_api_requests_total', 'Requests answered', 'code'),
  family('counter', 'process_cpu_seconds_total', 'CPU time of the process'),
  family('gauge', 'process_resident_memory_bytes', 'Resident memory of the process'),
  family('gauge', 'process_start_time_seconds', 'Start of the process since the epoch'),
];

/** Value by series as the text format writes it: `name` or `name{label="value"}`; null = not known, and left out. */
export type Series = Record<string, number | null>;

/** Writes the name of a series; labels in the order given. */
export function seriesName(name: string, labels: Record<string, string> = {}): string {
  const pairs = Object.entries(labels).map(
    ([label, value]) => `${label}="${value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}"`,
  );
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Reads it back; null for what is no series. */
export function parseSeries(text: string): { name: string; labels: Record<string, string> } | null {
  const match = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})?$/.exec(text);
  if (match === null) return null;
  const labels: Record<string, string> = {};
  for (const [, label, value] of (match[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\\n]|\\.)*)"/g)) {
    labels[label] = value.replace(/\\(.)/g, (_all, character: string) => (character === 'n' ? '\n' : character));
  }
  return { name: match[1], labels };
}
