/** Ticks for the store, made up from a seed: whole flow records, devices and alerts that hold together. */
import type { DeviceDetail } from '../../src/api/contract.ts';
import { emptyNote } from '../../src/app/note.ts';
import type { AlertRecord } from '../../src/detect/alert.ts';
import type { FlowRecord } from '../../src/flow/record.ts';
import { flowLine, NO_LOOKUPS } from '../../src/store/flow-line.ts';
import type { StoredFlow } from '../../src/store/flow-table.ts';
import type { StoredTick } from '../../src/store/store.ts';

/** 2026-01-05 00:00:00 UTC, a Monday. */
export const BASE = 1_767_571_200;
export const ROUTER = '02:00:00:00:00:01';

/** A small generator of numbers below 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const hex = (value: number, digits: number): string => Math.floor(value).toString(16).padStart(digits, '0');

export const hostIp = (host: number): string => `10.0.${host >> 8}.${host & 255}`;
export const hostMac = (host: number): string => `02:00:00:01:${hex(host >> 8, 2)}:${hex(host & 255, 2)}`;

export interface FlowSpec {
  id: number;
  /** Number of the host that is the client. */
  host?: number;
  server?: string;
  port?: number;
  app?: string | null;
  name?: string | null;
  last?: number;
  duration?: number;
  packets?: number;
  bytes?: number;
  interim?: number;
  /** On a final record: how many interim ones there were. */
  interims?: number;
  /** Packets and bytes since the record before. */
  delta?: { packets: number; bytes: number };
}

export function flowRecord(spec: FlowSpec): FlowRecord {
  const { id, host = 5, server = '198.51.100.7', port = 443, app = 'tls', name = null, last = BASE, duration = 1 } = spec;
  const { packets = 10, bytes = 5000 } = spec;
  const note = emptyNote();
  const half = Math.floor(packets / 2);
  const out = Math.floor(bytes / 3);
  const part = spec.delta ?? { packets, bytes };
  return {
    ...note,
    app: app === null ? null : { protocol: app, master: null, category: 'web', confidence: 'dpi', source: 'builtin' },
    host: name,
    flow_id: hex(id, 16),
    community_id: `1:${Buffer.from(hex((id * 2_654_435_761) % 2 ** 44, 15)).toString('base64')}`,
    protocol: 'tcp',
    ip_proto: 6,
    ip_version: 4,
    vlan: [],
    tunnel: null,
    endpoint_a: { ip: hostIp(host), port: 40_000 + (id % 20_000), mac: hostMac(host) },
    endpoint_b: { ip: server, port, mac: ROUTER },
    client: 'a_to_b',
    direction_reason: 'syn',
    direction: 'outbound',
    icmp_type: null,
    icmp_code: null,
    first_seen: last - duration,
    last_seen: last,
    duration_secs: duration,
    packets_a_to_b: packets - half,
    packets_b_to_a: half,
    bytes_a_to_b: out,
    bytes_b_to_a: bytes - out,
    ip_bytes_a_to_b: out,
    ip_bytes_b_to_a: bytes - out,
    payload_bytes_a_to_b: Math.floor(out * 0.9),
    payload_bytes_b_to_a: Math.floor((bytes - out) * 0.9),
    packets_total: packets,
    bytes_total: bytes,
    avg_bps: duration > 0 ? Math.round(((bytes * 8) / duration) * 1000) / 1000 : 0,
    pps: duration > 0 ? Math.round((packets / duration) * 1000) / 1000 : 0,
    avg_packet_size: packets > 0 ? Math.round((bytes / packets) * 1000) / 1000 : 0,
    tcp_state: 'closed',
    conn_state: 'SF',
    history: 'ShADadFf',
    tcp_flags_a_to_b: 27,
    tcp_flags_b_to_a: 27,
    syn_synack_ms: 12.25,
    synack_ack_ms: 0.5,
    rtt_last_ms: 13.125,
    rtt_min_ms: 12.25,
    rtt_ewma_ms: 12.75,
    rtt_jitter_ms: 0.4,
    rtt_samples: 3,
    retransmissions: 0,
    retransmissions_a_to_b: 0,
    retransmissions_b_to_a: 0,
    out_of_order: 0,
    out_of_order_a_to_b: 0,
    out_of_order_b_to_a: 0,
    fast_retransmissions: 0,
    spurious_retransmissions: 0,
    duplicate_acks: 1,
    keep_alives: 0,
    zero_windows: 0,
    sack_blocks: 0,
    window_min_a_to_b: 64_240,
    window_min_b_to_a: 65_535,
    missed_bytes_a_to_b: 0,
    missed_bytes_b_to_a: 0,
    ttl_a_to_b: 64,
    ttl_b_to_a: 57,
    fragments: 0,
    snaplen_cut: 0,
    icmp_errors: 0,
    dropped_count: 0,
    end_reason: spec.interim === undefined ? 'fin' : null,
    record: spec.interim === undefined ? 'final' : 'interim',
    interim_seq: spec.interim ?? spec.interims ?? 0,
    delta: {
      packets_a_to_b: part.packets - Math.floor(part.packets / 2),
      packets_b_to_a: Math.floor(part.packets / 2),
      bytes_a_to_b: Math.floor(part.bytes / 3),
      bytes_b_to_a: part.bytes - Math.floor(part.bytes / 3),
    },
  };
}

export function storedFlow(spec: FlowSpec): StoredFlow {
  const record = flowRecord(spec);
  return { record, line: flowLine(record, record.record === 'final' ? 'ended' : 'interim', NO_LOOKUPS) };
}

export function device(host: number, fields: Partial<DeviceDetail> = {}): DeviceDetail {
  return {
    mac: hostMac(host),
    ips: [hostIp(host)],
    hostname: `host-${host}`,
    hostname_source: 'dhcp',
    vendor: 'Example Works',
    local_address: true,
    os: 'Linux',
    model: null,
    kind: 'device',
    first_seen: BASE,
    last_seen: BASE + host,
    bytes_in: host * 10,
    bytes_out: host,
    packets_in: host,
    packets_out: host,
    flows: host,
    addresses: [{ ip: hostIp(host), first_seen: BASE, last_seen: BASE + host, source: 'arp' }],
    names: [{ name: `host-${host}`, source: 'dhcp', last_seen: BASE }],
    services: [],
    dhcp: null,
    switch_port: null,
    vlans: [],
    user_agents: [],
    peers: [],
    protocols: [],
    ...fields,
  };
}

export const router = (): DeviceDetail => device(0, { mac: ROUTER, ips: ['10.0.0.1'], hostname: 'gate', kind: 'router' });

export function alert(number: number, fields: Partial<AlertRecord> = {}): AlertRecord {
  return {
    alert_id: hex(number, 16),
    ts: BASE + number,
    kind: 'port_scan',
    severity: 'medium',
    confidence: 0.9,
    source: hostIp(number),
    target: null,
    description: `10.0.0.5 tried ${number} ports`,
    observed: { ports: number },
    threshold: { ports: 25 },
    window_secs: 10,
    first_seen: BASE + number,
    last_seen: BASE + number,
    count: 1,
    flows: [],
    mitre: [],
    evidence: null,
    suppressed: false,
    ...fields,
  };
}

export function tick(number: number, parts: Partial<StoredTick> = {}): StoredTick {
  const flows = [...(parts.flows ?? [])];
  return {
    stats: {
      time: BASE + number + 1,
      intervalSecs: 1,
      packets: 100 + number,
      bytes: 1000 * (number + 1),
      flowsLive: 7,
      flowsCreated: flows.length,
      flowsEnded: flows.length,
      dropsKernel: null,
      dropsInterface: null,
      dropsRing: 0,
      alerts: parts.alerts?.length ?? 0,
      ...parts.stats,
    },
    flows,
    devices: parts.devices ?? [],
    alerts: parts.alerts ?? [],
  };
}

const APPS = ['tls', 'dns', 'http', 'quic', 'ssh', null];
const NAMES = ['www.example.com', 'cdn.example.net', 'mail.example.org', null];

/** A flow of random size, hosts and time around `last`; ids count up from `id`. */
export function randomFlow(random: () => number, id: number, last: number, hosts = 200): StoredFlow {
  const server = `198.51.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`;
  const packets = 2 + Math.floor(random() ** 4 * 2000);
  return storedFlow({
    id,
    host: 2 + Math.floor(random() * hosts),
    server,
    port: [443, 53, 80, 22][Math.floor(random() * 4)],
    app: APPS[Math.floor(random() * APPS.length)],
    name: NAMES[Math.floor(random() * NAMES.length)],
    last: last + random(),
    duration: random() ** 3 * 60,
    packets,
    bytes: packets * (60 + Math.floor(random() * 1400)),
  });
}
