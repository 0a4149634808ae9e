/**
 * What of a flow record has no column of its own, as JSON: fields that say nothing (null, empty, 0) are left out, as are
 * those that follow from others, and come back when the record is read. The compiler sees to it that no field is forgotten.
 */
import { emptyNote } from '../app/note.ts';
import type { FlowDelta, FlowRecord, ProcessFields } from '../flow/record.ts';

/** Fields that are columns of the table `flows`. */
export type FlowColumns = Pick<
  FlowRecord,
  | 'flow_id'
  | 'community_id'
  | 'protocol'
  | 'endpoint_a'
  | 'endpoint_b'
  | 'client'
  | 'direction'
  | 'host'
  | 'first_seen'
  | 'last_seen'
  | 'duration_secs'
  | 'packets_total'
  | 'bytes_total'
  | 'record'
>;

type Derived = 'avg_bps' | 'pps' | 'avg_packet_size' | 'delta';
type Rest = Omit<FlowRecord, keyof FlowColumns | Derived | keyof ProcessFields>;

const { host: _, ...NO_NOTE } = emptyNote();

/** Every field as it is when nothing is to be said. */
const NOTHING: { readonly [Name in keyof Rest]: Rest[Name] } = {
  ip_proto: 6,
  ip_version: 4,
  vlan: [],
  tunnel: null,
  direction_reason: 'syn',
  icmp_type: null,
  icmp_code: null,
  packets_a_to_b: 0,
  packets_b_to_a: 0,
  bytes_a_to_b: 0,
  bytes_b_to_a: 0,
  ip_bytes_a_to_b: 0,
  ip_bytes_b_to_a: 0,
  payload_bytes_a_to_b: 0,
  payload_bytes_b_to_a: 0,
  tcp_state: null,
  conn_state: null,
  history: '',
  tcp_flags_a_to_b: null,
  tcp_flags_b_to_a: null,
  syn_synack_ms: null,
  synack_ack_ms: null,
  rtt_last_ms: null,
  rtt_min_ms: null,
  rtt_ewma_ms: null,
  rtt_jitter_ms: null,
  rtt_samples: 0,
  retransmissions: 0,
  retransmissions_a_to_b: 0,
  retransmissions_b_to_a: 0,
  out_of_order: 0,
  out_of_order_a_to_b: 0,
  out_of_order_b_to_a: 0,
  fast_retransmissions: 0,
  spurious_retransmissions: 0,
  duplicate_acks: 0,
  keep_alives: 0,
  zero_windows: 0,
  sack_blocks: 0,
  window_min_a_to_b: null,
  window_min_b_to_a: null,
  missed_bytes_a_to_b: 0,
  missed_bytes_b_to_a: 0,
  ttl_a_to_b: null,
  ttl_b_to_a: null,
  fragments: 0,
  snaplen_cut: 0,
  icmp_errors: 0,
  dropped_count: 0,
  end_reason: null,
  interim_seq: 0,
  ...NO_NOTE,
};

/** Members of sections that are left out likewise; the section itself stays. */
const SECTIONS: { readonly [Name in 'tls' | 'quic' | 'http' | 'dns' | 'ssh']: NonNullable<FlowRecord[Name]> } = {
  tls: {
    version: '',
    sni: null,
    ech: false,
    alpn: [],
    alpn_chosen: null,
    cipher: null,
    group: null,
    client_ciphers: [],
    client_extensions: [],
    client_versions: [],
    resumed: false,
    established: false,
    certificates: [],
    alert: null,
  },
  quic: { version: '', sni: null, alpn: [], user_agent: null, dcid: '', scid: '' },
  http: {
    version: '',
    method: null,
    host: null,
    url: null,
    status: null,
    user_agent: null,
    referer: null,
    server: null,
    request_content_type: null,
    response_content_type: null,
    requests: 0,
  },
  dns: { query: null, type: null, rcode: null, answers: [], queries: 0, responses: 0 },
  ssh: { client: null, server: null, kex: null, host_key: null, cipher: null, mac: null, compression: null },
};

type Fields = Record<string, unknown>;

interface Member {
  name: string;
  nothing: unknown;
  /** `,"name":` */
  lead: string;
  /** Members of its own that are left out likewise. */
  section: Member[] | null;
}

function membersOf(nothings: object): Member[] {
  return Object.entries(nothings).map(([name, nothing]: [string, unknown]) => ({
    name,
    nothing,
    lead: `,"${name}":`,
    section: name in SECTIONS && nothings === NOTHING ? membersOf(SECTIONS[name as keyof typeof SECTIONS]) : null,
  }));
}

const MEMBERS = membersOf(NOTHING);

function saysNothing(value: unknown, nothing: unknown): boolean {
  return value === nothing || (Array.isArray(nothing) && Array.isArray(value) && value.length === 0);
}

function memberText(lead: string, value: unknown): string {
  // By far the most members are numbers, which need no escaping: half of the time of JSON.stringify on the whole.
  return lead + (typeof value === 'number' && Number.isFinite(value) ? String(value) : JSON.stringify(value));
}

/** Members that say something, each behind a comma. */
function membersText(holder: Fields, members: readonly Member[]): string {
  let text = '';
  for (const { name, nothing, lead, section } of members) {
    const value = holder[name];
    if (saysNothing(value, nothing)) continue;
    if (section === null) text += memberText(lead, value);
    else text += `${lead}{${membersText(value as Fields, section).slice(1)}}`;
  }
  return text;
}

const round3 = (value: number): number => Math.round(value * 1000) / 1000;

type Sums = Pick<FlowRecord, 'packets_total' | 'bytes_total' | 'duration_secs'>;

function ratesOf({ packets_total: packets, bytes_total: bytes, duration_secs: secs }: Sums) {
  return {
    avg_bps: secs > 0 ? round3((bytes * 8) / secs) : 0,
    pps: secs > 0 ? round3(packets / secs) : 0,
    avg_packet_size: packets > 0 ? round3(bytes / packets) : 0,
  };
}

type ByDirection = Pick<FlowRecord, keyof FlowDelta>;

function totalsOf({ packets_a_to_b, packets_b_to_a, bytes_a_to_b, bytes_b_to_a }: ByDirection): FlowDelta {
  return { packets_a_to_b, packets_b_to_a, bytes_a_to_b, bytes_b_to_a };
}

function isTotal(record: FlowRecord): boolean {
  const { delta } = record;
  return (
    delta.packets_a_to_b === record.packets_a_to_b &&
    delta.packets_b_to_a === record.packets_b_to_a &&
    delta.bytes_a_to_b === record.bytes_a_to_b &&
    delta.bytes_b_to_a === record.bytes_b_to_a
  );
}

/** The record without its columns. Numbers must be finite, as records have them. */
export function flowJson(record: FlowRecord): string {
  const rates = ratesOf(record);
  let text = membersText(record as unknown as Fields, MEMBERS);
  if (record.avg_bps !== rates.avg_bps) text += `,"avg_bps":${record.avg_bps}`;
  if (record.pps !== rates.pps) text += `,"pps":${record.pps}`;
  if (record.avg_packet_size !== rates.avg_packet_size) text += `,"avg_packet_size":${record.avg_packet_size}`;
  if (!isTotal(record)) text += `,"delta":${JSON.stringify(record.delta)}`;
  // Null is not left out: it says that the capture names processes.
  if (record.process_a !== undefined) text += memberText(',"process_a":', record.process_a);
  if (record.process_b !== undefined) text += memberText(',"process_b":', record.process_b);
  return `{${text.slice(1)}}`;
}

/** The whole record again, its fields in no particular order. */
export function flowFromJson(columns: FlowColumns, json: string): FlowRecord {
  const kept = JSON.parse(json) as Fields;
  const rest = lengthened(kept, MEMBERS);
  return {
    ...columns,
    ...(rest as unknown as Rest),
    ...ratesOf(columns),
    delta: totalsOf(rest as unknown as ByDirection),
    ...derivedOf(kept),
    ...processesOf(kept),
  };
}

function processesOf({ process_a, process_b }: Partial<ProcessFields>): Partial<ProcessFields> {
  return { ...(process_a === undefined ? {} : { process_a }), ...(process_b === undefined ? {} : { process_b }) };
}

function lengthened(kept: Fields, members: readonly Member[]): Fields {
  const whole: Fields = {};
  for (const { name, nothing, section } of members) {
    const value = kept[name];
    if (value === undefined) whole[name] = Array.isArray(nothing) ? [] : nothing;
    else whole[name] = section === null ? value : lengthened(value as Fields, section);
  }
  return whole;
}

function derivedOf(kept: Fields): Partial<Pick<FlowRecord, Derived>> {
  const { avg_bps, pps, avg_packet_size, delta } = kept as Partial<Pick<FlowRecord, Derived>>;
  return {
    ...(avg_bps === undefined ? {} : { avg_bps }),
    ...(pps === undefined ? {} : { pps }),
    ...(avg_packet_size === undefined ? {} : { avg_packet_size }),
    ...(delta === undefined ? {} : { delta }),
  };
}
