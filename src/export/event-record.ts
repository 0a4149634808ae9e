/** One line of `--events-jsonl`: what a flow is right now, in the field set that users of flow-event streams know. */
import type { FlowRecord } from '../flow/record.ts';

/** A flow at the moment of an event, and why there is one. */
export interface FlowEvent extends FlowRecord {
  event: string;
}

export interface EventContext {
  sensorId: string;
  /** Is this host cut off but for its management? */
  quarantine: boolean;
}

/** `TLS.Google`: master and protocol in one name. */
function joined(flow: FlowRecord): string {
  if (flow.app === null) return 'unknown';
  return flow.app.master === null ? flow.app.protocol : `${flow.app.master}.${flow.app.protocol}`;
}

function flowRisk(flow: FlowRecord): Record<string, { risk: string; severity: string; risk_score: { total: number } }> {
  return Object.fromEntries(
    flow.risks.map(({ id, name, severity, score }) => [id, { risk: name, severity, risk_score: { total: score } }]),
  );
}

/** What the application layer says, gathered under one key. */
function applicationOf(flow: FlowRecord): Record<string, unknown> {
  const { app, host, tls, quic, http, dns, ssh, ja3, ja3s, ja4, hassh, hassh_server, app_details } = flow;
  const optional = { hostname: host, tls, quic, http, dns, ssh, ja3, ja3s, ja4, hassh, hassh_server, details: app_details };
  return {
    flow_risk: flowRisk(flow),
    confidence: app?.confidence ?? null,
    proto: joined(flow),
    category: app?.category ?? null,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  };
}

/** `outbound`: the client, whose view this is, sent the flow out of its own network. Byte counts are transport payload. */
export function eventLine(flow: FlowEvent, { sensorId, quarantine }: EventContext): string {
  const forward = flow.client === 'a_to_b';
  const [source, destination] = forward ? [flow.endpoint_a, flow.endpoint_b] : [flow.endpoint_b, flow.endpoint_a];
  const [out, back] = [flow.payload_bytes_a_to_b, flow.payload_bytes_b_to_a];
  const sni = flow.tls?.sni ?? flow.quic?.sni ?? null;
  return JSON.stringify({
    sensor_id: sensorId,
    ts: Number(flow.last_seen.toFixed(6)),
    event: flow.event,
    flow_hash: flow.flow_id,
    community_id: flow.community_id,
    src_ip: source.ip,
    dst_ip: destination.ip,
    src_port: source.port ?? 0,
    dst_port: destination.port ?? 0,
    proto_id: flow.ip_proto,
    outbound: flow.direction === 'outbound',
    bytes_total: out + back,
    packets_total: flow.packets_total,
    bytes_out: forward ? out : back,
    bytes_in: forward ? back : out,
    ndpi: applicationOf(flow),
    proto: flow.app?.protocol ?? 'unknown',
    master_proto: flow.app?.master ?? null,
    category: flow.app?.category ?? null,
    risk_mask: flow.risk_mask,
    confidence: flow.app?.confidence ?? null,
    ...(sni === null ? {} : { sni }),
    quarantine,
    dropped_count: flow.dropped_count,
    lua: {},
    ...(flow.event === 'end' ? { flow_closed: true } : {}),
  });
}
