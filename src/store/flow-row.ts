/** Rows of the table `flows` as the API shows them. */
import type { Flow } from '../api/contract.ts';
import type { FlowRecord, HostDirection } from '../flow/record.ts';
import { flowFromJson } from './flow-json.ts';
import { flowLine } from './flow-line.ts';

export interface FlowRow {
  id: number;
  flow_id: string;
  community_id: string;
  state: 'ended' | 'interim';
  protocol: string;
  direction: HostDirection;
  client_ip: string;
  client_port: number | null;
  client_mac: string | null;
  client_name: string | null;
  client_country: string | null;
  client_asn: string | null;
  server_ip: string;
  server_port: number | null;
  server_mac: string | null;
  server_name: string | null;
  server_country: string | null;
  server_asn: string | null;
  client_is_a: number;
  host: string | null;
  first_seen: number;
  last_seen: number;
  duration_secs: number;
  packets: number;
  bytes: number;
  record: string;
}

export function recordOfRow(row: FlowRow): FlowRecord {
  const client = { ip: row.client_ip, port: row.client_port, mac: row.client_mac };
  const server = { ip: row.server_ip, port: row.server_port, mac: row.server_mac };
  const clientIsA = row.client_is_a === 1;
  const columns = {
    flow_id: row.flow_id,
    community_id: row.community_id,
    protocol: row.protocol,
    endpoint_a: clientIsA ? client : server,
    endpoint_b: clientIsA ? server : client,
    client: clientIsA ? ('a_to_b' as const) : ('b_to_a' as const),
    direction: row.direction,
    host: row.host,
    first_seen: row.first_seen,
    last_seen: row.last_seen,
    duration_secs: row.duration_secs,
    packets_total: row.packets,
    bytes_total: row.bytes,
    record: row.state === 'ended' ? ('final' as const) : ('interim' as const),
  };
  return flowFromJson(columns, row.record);
}

/** Names and places are those of the time when the flow was stored. */
export function lineOfRow(row: FlowRow, record: FlowRecord): Flow {
  const isClient = (ip: string) => ip === row.client_ip;
  return flowLine(record, row.state, {
    name: (mac, ip) => (isClient(ip) && mac === row.client_mac ? row.client_name : row.server_name),
    country: (ip) => (isClient(ip) ? row.client_country : row.server_country),
    asn: (ip) => (isClient(ip) ? row.client_asn : row.server_asn),
  });
}
