/**
 * The flow record: what every export, event and query shows of a flow. JSON names are the field names;
 * CSV joins nested names with `_`. Times are seconds since the epoch, durations are in the unit of their name.
 */

import type { AppNote } from '../app/note.ts';

export type Direction = 'a_to_b' | 'b_to_a';
export type HostDirection = 'inbound' | 'outbound' | 'local' | 'lateral' | 'unknown';
export type DirectionReason =
  | 'syn'
  | 'synack'
  | 'icmp_request'
  | 'dns_query'
  | 'tls_client_hello'
  | 'http_request'
  | 'port_prior'
  | 'first_packet';
export type TcpStateName = 'syn_sent' | 'syn_ack' | 'established' | 'fin_wait' | 'closed' | 'time_wait' | 'reset' | 'unknown';
export type EndReason = 'fin' | 'rst' | 'idle' | 'active' | 'eviction' | 'emergency' | 'shutdown';
export type TunnelName =
  | 'gre'
  | 'erspan'
  | 'ipip'
  | 'vxlan'
  | 'geneve'
  | 'gtpu'
  | 'teredo'
  | 'nvgre'
  | 'etherip'
  | 'l2tp'
  | 'ayiya'
  | 'mpls_udp'
  | 'pptp';

export interface Endpoint {
  ip: string;
  /** null for protocols without ports. ICMP has none: its type and code are in `icmp_type`, `icmp_code`. */
  port: number | null;
  mac: string | null;
}

/** How the flow relates to tunnels; null on the record when it does not. */
export interface TunnelInfo {
  /** `outer`: this flow carries others and stays out of every sum. `inner`: it was found inside one. */
  role: 'outer' | 'inner';
  type: TunnelName | 'unknown';
  /** VNI, GRE key, session …, where the type has one. */
  id: number | null;
  /** Community ID of the enclosing flow (inner only). */
  parent: string | null;
}

export interface FlowDelta {
  packets_a_to_b: number;
  packets_b_to_a: number;
  bytes_a_to_b: number;
  bytes_b_to_a: number;
}

/** A process of the sensor's host. `name` is what it calls itself, at most 15 bytes on Linux: any text. */
export interface ProcessRecord {
  pid: number;
  name: string;
}

/** Whose the ends of a flow of the sensor's host are; null where nothing is known, as of ends elsewhere. */
export interface ProcessFields {
  process_a: ProcessRecord | null;
  process_b: ProcessRecord | null;
}

/**
 * What the application layer says of the flow is in `AppNote`; every field is there, null or empty where nothing is known, but
 * those of `ProcessFields`, which only records of a capture that names processes have.
 */
export interface FlowRecord extends AppNote, Partial<ProcessFields> {
  flow_id: string;
  community_id: string;
  /** Lower-case name (`tcp`, `udp`, `icmp`, `icmpv6`, `sctp` …) or the number as text. */
  protocol: string;
  ip_proto: number;
  ip_version: 4 | 6;
  /** VLAN ids of the first packet, outermost first. */
  vlan: number[];
  tunnel: TunnelInfo | null;
  endpoint_a: Endpoint;
  endpoint_b: Endpoint;
  /** Which way the client talks; always set. */
  client: Direction;
  direction_reason: DirectionReason;
  direction: HostDirection;
  icmp_type: number | null;
  icmp_code: number | null;
  first_seen: number;
  last_seen: number;
  duration_secs: number;
  packets_a_to_b: number;
  packets_b_to_a: number;
  /** Wire bytes: whole frames. */
  bytes_a_to_b: number;
  bytes_b_to_a: number;
  ip_bytes_a_to_b: number;
  ip_bytes_b_to_a: number;
  payload_bytes_a_to_b: number;
  payload_bytes_b_to_a: number;
  packets_total: number;
  bytes_total: number;
  /** Bits per second of wire bytes over the duration; 0 when the duration is 0. */
  avg_bps: number;
  pps: number;
  avg_packet_size: number;
  /** null unless TCP. */
  tcp_state: TcpStateName | null;
  /** Zeek's conn_state; null for outer flows of tunnels only. */
  conn_state: string | null;
  /** Zeek's history; '' where nothing applies. */
  history: string;
  tcp_flags_a_to_b: number | null;
  tcp_flags_b_to_a: number | null;
  syn_synack_ms: number | null;
  synack_ack_ms: number | null;
  rtt_last_ms: number | null;
  rtt_min_ms: number | null;
  rtt_ewma_ms: number | null;
  rtt_jitter_ms: number | null;
  rtt_samples: number;
  retransmissions: number;
  retransmissions_a_to_b: number;
  retransmissions_b_to_a: number;
  out_of_order: number;
  out_of_order_a_to_b: number;
  out_of_order_b_to_a: number;
  fast_retransmissions: number;
  spurious_retransmissions: number;
  duplicate_acks: number;
  keep_alives: number;
  zero_windows: number;
  sack_blocks: number;
  window_min_a_to_b: number | null;
  window_min_b_to_a: number | null;
  missed_bytes_a_to_b: number;
  missed_bytes_b_to_a: number;
  ttl_a_to_b: number | null;
  ttl_b_to_a: number | null;
  fragments: number;
  snaplen_cut: number;
  /** Packets that an inline capture denied, and did not put back. */
  dropped_count: number;
  /** ICMP errors that quoted a packet of this flow. */
  icmp_errors: number;
  end_reason: EndReason | null;
  record: 'final' | 'interim';
  /** Number of this interim record of the flow, from 1; on the final record, how many interims there were. */
  interim_seq: number;
  /** Since the previous record of the same flow; on a final record without interims, the totals. */
  delta: FlowDelta;
}
