/** Flow records as a home network makes them, for whoever needs an API with something in it. */
import { createHash } from 'node:crypto';
import { emptyNote } from '../../src/app/note.ts';
import type { FlowRecord } from '../../src/flow/record.ts';

export const CAPTURE_BEGAN = 1_700_000_000;

export const MACS = {
  router: '00:1b:21:3a:4c:01',
  nas: '00:11:32:aa:bb:02',
  printer: '3c:2a:f4:10:20:03',
  phone: '02:42:9c:7e:55:04',
  laptop: 'f0:18:98:0d:e1:05',
} as const;

const CLIENTS = [
  { ip: '192.168.1.23', mac: MACS.laptop },
  { ip: '192.168.1.31', mac: MACS.phone },
  { ip: 'fd00::1:23', mac: MACS.laptop },
] as const;

const SERVICES = [
  { ip: '203.0.113.10', port: 443, protocol: 'tcp', app: 'tls', category: 'web', host: 'www.example.org' },
  { ip: '198.51.100.7', port: 443, protocol: 'udp', app: 'quic', category: 'web', host: 'video.example.net' },
  { ip: '192.168.1.1', port: 53, protocol: 'udp', app: 'dns', category: 'network', host: 'example.org' },
  { ip: '192.168.1.10', port: 445, protocol: 'tcp', app: 'smb', category: 'file_sharing', host: null },
  { ip: '203.0.113.99', port: 80, protocol: 'tcp', app: 'http', category: 'web', host: '=HYPERLINK("http://evil.example","x")' },
] as const;

/** The flow with this number, from 0: later ones begin later. */
export function sampleFlow(number: number): FlowRecord {
  const client = CLIENTS[number % CLIENTS.length];
  const service = SERVICES[number % SERVICES.length];
  const id = createHash('sha256').update(`flow ${number}`).digest('hex').slice(0, 16);
  const first = CAPTURE_BEGAN + number * 0.5;
  const packets = 4 + ((number * 7) % 90);
  const bytes = packets * (90 + ((number * 37) % 1200));
  const isTcp = service.protocol === 'tcp';
  return {
    ...emptyNote(),
    flow_id: id,
    community_id: `1:${createHash('sha1').update(id).digest('base64')}`,
    protocol: service.protocol,
    ip_proto: isTcp ? 6 : 17,
    ip_version: client.ip.includes(':') ? 6 : 4,
    vlan: number % 10 === 0 ? [20] : [],
    tunnel: null,
    endpoint_a: { ip: client.ip, port: 40_000 + number, mac: client.mac },
    endpoint_b: { ip: service.ip, port: service.port, mac: service.ip === '192.168.1.10' ? MACS.nas : MACS.router },
    client: 'a_to_b',
    direction_reason: isTcp ? 'syn' : 'port_prior',
    direction: service.ip.startsWith('192.168.') ? 'local' : 'outbound',
    icmp_type: null,
    icmp_code: null,
    first_seen: first,
    last_seen: first + 2.25,
    duration_secs: 2.25,
    packets_a_to_b: packets >> 1,
    packets_b_to_a: packets - (packets >> 1),
    bytes_a_to_b: bytes >> 2,
    bytes_b_to_a: bytes - (bytes >> 2),
    ip_bytes_a_to_b: (bytes >> 2) - 14 * (packets >> 1),
    ip_bytes_b_to_a: bytes - (bytes >> 2) - 14 * (packets - (packets >> 1)),
    payload_bytes_a_to_b: bytes >> 3,
    payload_bytes_b_to_a: bytes >> 1,
    packets_total: packets,
    bytes_total: bytes,
    avg_bps: (bytes * 8) / 2.25,
    pps: packets / 2.25,
    avg_packet_size: bytes / packets,
    tcp_state: isTcp ? 'closed' : null,
    conn_state: 'SF',
    history: isTcp ? 'ShADadFf' : 'Dd',
    tcp_flags_a_to_b: isTcp ? 0x1b : null,
    tcp_flags_b_to_a: isTcp ? 0x1b : null,
    syn_synack_ms: isTcp ? 12.5 : null,
    synack_ack_ms: isTcp ? 0.5 : null,
    rtt_last_ms: isTcp ? 13 : null,
    rtt_min_ms: isTcp ? 12.5 : null,
    rtt_ewma_ms: isTcp ? 12.75 : null,
    rtt_jitter_ms: isTcp ? 0.25 : null,
    rtt_samples: isTcp ? 4 : 0,
    retransmissions: number % 4,
    retransmissions_a_to_b: number % 4,
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
    window_min_a_to_b: isTcp ? 502 : null,
    window_min_b_to_a: isTcp ? 501 : null,
    missed_bytes_a_to_b: 0,
    missed_bytes_b_to_a: 0,
    ttl_a_to_b: 64,
    ttl_b_to_a: 57,
    fragments: 0,
    snaplen_cut: 0,
    icmp_errors: 0,
    dropped_count: 0,
    end_reason: isTcp ? 'fin' : 'idle',
    record: 'final',
    interim_seq: 0,
    delta: {
      packets_a_to_b: packets >> 1,
      packets_b_to_a: packets - (packets >> 1),
      bytes_a_to_b: bytes >> 2,
      bytes_b_to_a: bytes - (bytes >> 2),
    },
    service: service.app,
    app: { protocol: service.app, master: null, category: service.category, confidence: 'dpi', source: 'builtin' },
    host: service.host,
    host_source: null,
  };
}
