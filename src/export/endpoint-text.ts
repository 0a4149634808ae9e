/** Endpoints of flows as text for the screen. */
import type { Endpoint, FlowRecord } from '../flow/record.ts';

/** `192.0.2.1:443`, `[2001:db8::1]:443`, or the address alone where there is no port. */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.port === null) return endpoint.ip;
  return endpoint.ip.includes(':') ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`;
}

/** `tcp 10.0.0.1:51514 <-> 192.0.2.10:443` */
export function flowText(record: Pick<FlowRecord, 'protocol' | 'endpoint_a' | 'endpoint_b'>): string {
  return `${record.protocol} ${endpointText(record.endpoint_a)} <-> ${endpointText(record.endpoint_b)}`;
}
