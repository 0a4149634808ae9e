/** A flow record as a line of the API's tables: ends by client and server instead of by canonical order. */
import type { Flow } from '../api/contract.ts';
import type { Endpoint, FlowRecord } from '../flow/record.ts';

/** What is known about the ends beyond the packets of the flow; null = nothing. */
export interface FlowLookups {
  /** Name of a device by its MAC or address. */
  name(mac: string | null, ip: string): string | null;
  country(ip: string): string | null;
  asn(ip: string): string | null;
}

export const NO_LOOKUPS: FlowLookups = { name: () => null, country: () => null, asn: () => null };

function end({ ip, port, mac }: Endpoint, lookups: FlowLookups): Flow['initiator'] {
  return { ip, port, mac, name: lookups.name(mac, ip), country: lookups.country(ip), asn: lookups.asn(ip) };
}

export function flowLine(record: FlowRecord, state: Flow['state'], lookups: FlowLookups): Flow {
  const clientIsA = record.client === 'a_to_b';
  return {
    flow_id: record.flow_id,
    community_id: record.community_id,
    state,
    protocol: record.protocol,
    app: record.app?.protocol ?? null,
    category: record.app?.category ?? null,
    initiator: end(clientIsA ? record.endpoint_a : record.endpoint_b, lookups),
    responder: end(clientIsA ? record.endpoint_b : record.endpoint_a, lookups),
    direction: record.direction,
    host: record.host,
    first_seen: record.first_seen,
    last_seen: record.last_seen,
    duration_secs: record.duration_secs,
    packets: record.packets_total,
    bytes: record.bytes_total,
    bytes_out: clientIsA ? record.bytes_a_to_b : record.bytes_b_to_a,
    bytes_in: clientIsA ? record.bytes_b_to_a : record.bytes_a_to_b,
    rtt_ms: record.rtt_ewma_ms,
    retransmissions: record.retransmissions,
    conn_state: record.conn_state,
    history: record.history,
    end_reason: record.end_reason,
    risk_score: record.risk_score,
    vlan: [...record.vlan],
  };
}
