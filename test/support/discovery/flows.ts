/** Flow records as the inventory reads them. */
import { emptyNote } from '../../../src/app/note.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { AT, OTHER, PI } from './frames.ts';

export interface FlowSpec {
  from?: string;
  fromMac?: string;
  to?: string;
  toMac?: string;
  toPort?: number;
  /** Totals of packets; a packet has 100 bytes. */
  out?: number;
  back?: number;
  at?: number;
}

/** A TCP flow from `from`, which is the client; `fields` replace what the record says otherwise. */
export function flowRecord(spec: FlowSpec = {}, fields: Partial<FlowRecord> = {}): FlowRecord {
  const { from = '192.168.1.10', fromMac = PI, to = '192.168.1.20', toMac = OTHER, toPort = 443, out = 4, back = 3, at = AT } = spec;
  return {
    ...emptyNote(),
    flow_id: `${from}-${to}`,
    community_id: '1:x',
    protocol: 'tcp',
    ip_proto: 6,
    ip_version: 4,
    vlan: [],
    tunnel: null,
    endpoint_a: { ip: from, port: 50_000, mac: fromMac },
    endpoint_b: { ip: to, port: toPort, mac: toMac },
    client: 'a_to_b',
    first_seen: at - 1,
    last_seen: at,
    packets_a_to_b: out,
    packets_b_to_a: back,
    bytes_a_to_b: 100 * out,
    bytes_b_to_a: 100 * back,
    record: 'final',
    interim_seq: 0,
    delta: { packets_a_to_b: out, packets_b_to_a: back, bytes_a_to_b: 100 * out, bytes_b_to_a: 100 * back },
    ...fields,
  } as FlowRecord;
}
