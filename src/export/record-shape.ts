/**
 * How each field of a flow record is written, in the order of the record: the one table behind JSON, JSON lines and CSV.
 * The compiler sees to it that no field is forgotten.
 */
import type { FlowRecord, ProcessFields } from '../flow/record.ts';

/**
 * `text`: anything, escaped. `name`: from a closed set of ours, safe as it is. `integer`: as it is.
 * `time`: seconds, six decimals. `decimal`: milliseconds and rates, three decimals. `integers`, `texts`: a list.
 * `boolean`: true or false. `json`: anything, as it is; in CSV its JSON text.
 */
export type Format = 'text' | 'name' | 'integer' | 'time' | 'decimal' | 'integers' | 'texts' | 'boolean' | 'json';

export type Shape = Format | { readonly [name: string]: Format };

const ENDPOINT = { ip: 'name', port: 'integer', mac: 'name' } as const;

/** Fields of every record. */
export const RECORD_SHAPE: { readonly [Name in keyof Omit<FlowRecord, keyof ProcessFields>]-?: Shape } = {
  flow_id: 'name',
  community_id: 'name',
  protocol: 'text',
  ip_proto: 'integer',
  ip_version: 'integer',
  vlan: 'integers',
  tunnel: { role: 'name', type: 'name', id: 'integer', parent: 'name' },
  endpoint_a: ENDPOINT,
  endpoint_b: ENDPOINT,
  client: 'name',
  direction_reason: 'name',
  direction: 'name',
  icmp_type: 'integer',
  icmp_code: 'integer',
  first_seen: 'time',
  last_seen: 'time',
  duration_secs: 'time',
  packets_a_to_b: 'integer',
  packets_b_to_a: 'integer',
  bytes_a_to_b: 'integer',
  bytes_b_to_a: 'integer',
  ip_bytes_a_to_b: 'integer',
  ip_bytes_b_to_a: 'integer',
  payload_bytes_a_to_b: 'integer',
  payload_bytes_b_to_a: 'integer',
  packets_total: 'integer',
  bytes_total: 'integer',
  avg_bps: 'decimal',
  pps: 'decimal',
  avg_packet_size: 'decimal',
  tcp_state: 'name',
  conn_state: 'name',
  history: 'text',
  tcp_flags_a_to_b: 'integer',
  tcp_flags_b_to_a: 'integer',
  syn_synack_ms: 'decimal',
  synack_ack_ms: 'decimal',
  rtt_last_ms: 'decimal',
  rtt_min_ms: 'decimal',
  rtt_ewma_ms: 'decimal',
  rtt_jitter_ms: 'decimal',
  rtt_samples: 'integer',
  retransmissions: 'integer',
  retransmissions_a_to_b: 'integer',
  retransmissions_b_to_a: 'integer',
  out_of_order: 'integer',
  out_of_order_a_to_b: 'integer',
  out_of_order_b_to_a: 'integer',
  fast_retransmissions: 'integer',
  spurious_retransmissions: 'integer',
  duplicate_acks: 'integer',
  keep_alives: 'integer',
  zero_windows: 'integer',
  sack_blocks: 'integer',
  window_min_a_to_b: 'integer',
  window_min_b_to_a: 'integer',
  missed_bytes_a_to_b: 'integer',
  missed_bytes_b_to_a: 'integer',
  ttl_a_to_b: 'integer',
  ttl_b_to_a: 'integer',
  fragments: 'integer',
  snaplen_cut: 'integer',
  dropped_count: 'integer',
  icmp_errors: 'integer',
  end_reason: 'name',
  record: 'name',
  interim_seq: 'integer',
  delta: { packets_a_to_b: 'integer', packets_b_to_a: 'integer', bytes_a_to_b: 'integer', bytes_b_to_a: 'integer' },
  service: 'text',
  app: { protocol: 'text', master: 'text', category: 'name', confidence: 'name', source: 'name' },
  risks: 'json',
  risk_mask: 'name',
  risk_score: 'integer',
  host: 'text',
  host_source: 'name',
  tls: {
    version: 'text',
    sni: 'text',
    ech: 'boolean',
    alpn: 'texts',
    alpn_chosen: 'text',
    cipher: 'text',
    group: 'text',
    client_ciphers: 'texts',
    client_extensions: 'texts',
    client_versions: 'texts',
    resumed: 'boolean',
    established: 'boolean',
    certificates: 'json',
    alert: 'text',
  },
  quic: { version: 'text', sni: 'text', alpn: 'texts', user_agent: 'text', dcid: 'text', scid: 'text' },
  http: {
    version: 'text',
    method: 'text',
    host: 'text',
    url: 'text',
    status: 'integer',
    user_agent: 'text',
    referer: 'text',
    server: 'text',
    request_content_type: 'text',
    response_content_type: 'text',
    requests: 'integer',
  },
  dns: { query: 'text', type: 'text', rcode: 'text', answers: 'json', queries: 'integer', responses: 'integer' },
  ssh: { client: 'text', server: 'text', kex: 'text', host_key: 'text', cipher: 'text', mac: 'text', compression: 'text' },
  ja3: 'text',
  ja3s: 'text',
  ja4: 'text',
  ja4_r: 'text',
  hassh: 'text',
  hassh_server: 'text',
  os_a: { label: 'text', confidence: 'decimal' },
  os_b: { label: 'text', confidence: 'decimal' },
  app_details: 'json',
};

/** Behind them, of a capture that names processes. */
export const PROCESS_SHAPE: { readonly [Name in keyof ProcessFields]: Shape } = {
  process_a: { pid: 'integer', name: 'text' },
  process_b: { pid: 'integer', name: 'text' },
};

export function hasProcesses(record: FlowRecord): boolean {
  return record.process_a !== undefined;
}

export const TIME_DECIMALS = 6;
export const DECIMALS = 3;

/** A field's value by name; the table has checked the names. */
export function fieldOf(holder: object, name: string): unknown {
  return (holder as Readonly<Record<string, unknown>>)[name];
}

/** The number as text, or null when it is none that JSON could hold. Never `-0.000`. */
export function numberText(format: Format, value: unknown): string | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  if (format === 'time') return (value || 0).toFixed(TIME_DECIMALS);
  if (format === 'decimal') return (value || 0).toFixed(DECIMALS);
  return String(value);
}
