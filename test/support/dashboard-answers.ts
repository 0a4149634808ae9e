/** Answers of a sensor that never was, in the shapes of the contract, with names that try to be more than text. */
import type {
  Accounting,
  Alert,
  AlertDetail,
  Config,
  Device,
  DeviceDetail,
  Flow,
  FlowDetail,
  FrameMessage,
  Health,
  PacketDetail,
  PacketRow,
  Protocols,
  Stats,
  TimeSeries,
  Topology,
} from '../../src/api/contract.ts';

/** Packet time of the first frame. */
export const BEGIN = 1_790_000_000;

/** Each would run, fetch, break out of its place, or hide something, if it were anything but text. */
export const HOSTILE = [
  '<script>window.pwned=1</script>',
  '<img src=x onerror="window.pwned=2">',
  '"><svg onload=window.pwned=3>',
  "javascript:window.pwned=4//'",
  'evil\u202egnp.exe',
  '{{constructor.constructor("window.pwned=5")()}}',
  `${'w'.repeat(220)}.example`,
  'line\u0000one\nline two\u001b[31m',
];

const hostile = (at: number): string => HOSTILE[at % HOSTILE.length] ?? '';
const apps = ['tls', 'http', 'dns', 'quic', 'ssh', 'mdns', 'ntp', 'smb', 'mqtt', 'rtp', 'dhcp', 'snmp'];
const severities: Alert['severity'][] = ['info', 'low', 'medium', 'high', 'critical'];
const kinds = ['port_scan', 'dns_tunnel', 'arp_spoof', 'syn_flood', 'beacon'];

/** Numbers that look measured, and are the same every time. */
function noise(at: number): number {
  const value = Math.sin(at * 12.9898) * 43_758.5453;
  return value - Math.floor(value);
}

export const macOf = (at: number): string =>
  `02:00:5e:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at & 255).toString(16).padStart(2, '0')}`;
const ipOf = (at: number): string => `192.0.2.${(at % 250) + 1}`;

export function device(at: number): Device {
  const bytes = Math.round(noise(at) ** 4 * 5e9);
  return {
    mac: macOf(at),
    ips: at % 5 === 0 ? [ipOf(at), `2001:db8::${at.toString(16)}`] : [ipOf(at)],
    hostname: at < HOSTILE.length ? hostile(at) : at % 3 === 0 ? null : `host-${at}`,
    hostname_source: 'dhcp',
    vendor: at % 4 === 0 ? null : 'Example Instruments, Inc.',
    local_address: at % 4 === 0,
    os: at % 2 === 0 ? 'Linux 4.20 or newer' : null,
    model: null,
    kind: at === 9 ? 'router' : 'device',
    first_seen: BEGIN - 86_400,
    last_seen: BEGIN + (at % 60),
    bytes_in: bytes,
    bytes_out: Math.round(bytes / 7),
    packets_in: Math.round(bytes / 900),
    packets_out: Math.round(bytes / 2000),
    flows: Math.round(noise(at + 3) * 900),
  };
}

export function flow(at: number, state: Flow['state'] = 'live'): Flow {
  const app = apps[at % apps.length] ?? 'tls';
  const bytes = Math.round(noise(at) ** 5 * 8e8) + 200;
  const wide = at % 7 === 3;
  return {
    flow_id: `f${at.toString(16).padStart(15, '0')}`,
    community_id: '1:BfAu4bVfJ51EEvZ5RL5XEJabljc=',
    state,
    protocol: at % 3 === 0 ? 'udp' : 'tcp',
    app: at % 11 === 5 ? null : app,
    category: 'web',
    initiator: {
      ip: wide ? '2001:db8:1234:5678:9abc:def0:1234:5678' : ipOf(at),
      port: 40_000 + at,
      mac: macOf(at % 40),
      name: hostile(at),
      country: null,
      asn: null,
    },
    responder: {
      ip: wide ? '2001:db8::443' : `198.51.100.${(at % 200) + 1}`,
      port: at % 13 === 2 ? null : 443,
      mac: macOf(1),
      name: null,
      country: 'NL',
      asn: 'AS64500 Example',
    },
    direction: 'outbound',
    host: at % 4 === 0 ? hostile(at) : `service-${at % 30}.example.net`,
    first_seen: BEGIN - 30 + (at % 20),
    last_seen: BEGIN + (at % 20),
    duration_secs: 20 + noise(at) * 400,
    packets: Math.round(bytes / 800) + 1,
    bytes,
    bytes_out: Math.round(bytes / 9),
    bytes_in: bytes - Math.round(bytes / 9),
    rtt_ms: at % 3 === 0 ? null : noise(at) * 80,
    retransmissions: at % 17,
    conn_state: 'SF',
    history: 'ShADadFf',
    end_reason: state === 'ended' ? 'fin' : null,
    risk_score: at % 9 === 0 ? 10 : 0,
    vlan: at % 10 === 0 ? [100] : [],
  };
}

export function flowDetail(at: number): FlowDetail {
  const shown = flow(at);
  return {
    ...shown,
    protocol: 'tcp',
    record: {
      tcp_state: 'time_wait',
      syn_synack_ms: 0.912,
      synack_ack_ms: 0.104,
      rtt_min_ms: 0.4,
      rtt_ewma_ms: 2.31,
      rtt_jitter_ms: 0.2,
      rtt_samples: 214,
      retransmissions: 2,
      retransmissions_a_to_b: 0,
      retransmissions_b_to_a: 2,
      app: { protocol: 'tls', master: null, category: 'web', confidence: 'dpi', source: 'builtin' },
      risks: [{ id: 12, name: hostile(0), severity: 'low', score: 10 }],
      ja4: 't13d1516h2_8daaf6152771_02713d6af862',
      tls: { version: '1.3', sni: hostile(1), alpn: ['h2', 'http/1.1'], certificate: { subject: hostile(2), issuer: 'CN=Example' } },
      app_details: { coap: { path: hostile(3) } },
    },
  };
}

export function alert(at: number): Alert {
  return {
    alert_id: `a${at}`,
    ts: BEGIN - at * 61,
    kind: kinds[at % kinds.length] ?? 'beacon',
    severity: severities[at % severities.length] ?? 'info',
    confidence: 0.9,
    source: at % 6 === 5 ? null : ipOf(at),
    target: at % 2 === 0 ? hostile(at) : '198.51.100.7',
    description: at % 3 === 0 ? `Name ${hostile(at)} looked up 400 times in 60 s` : `${ipOf(at)} tried 512 ports of 198.51.100.7 in 10 s`,
    observed: { distinct_ports: 512, name: hostile(at + 1) },
    threshold: { distinct_ports: 100 },
    window_secs: 10,
    first_seen: BEGIN - at * 61 - 9,
    last_seen: BEGIN - at * 61,
    count: at + 1,
    flows: [flow(at).flow_id, flow(at + 1).flow_id],
    mitre: [{ technique: 'T1046', name: 'Network Service Discovery', tactic: 'discovery' }],
    evidence: at % 2 === 0 ? { pcap: `a${at}.pcapng`, packets: 64, complete: at % 4 === 0 } : null,
    suppressed: at % 10 === 7,
    acknowledged: at % 4 === 3 ? { by: 'admin', at: BEGIN, note: hostile(at) } : null,
  };
}

export const alertDetail = (at: number): AlertDetail => ({
  ...alert(at),
  explanation: `A host that tries many ports in a short time looks for services. 512 ports in 10 s are above 100. ${hostile(at)}`,
});

export function deviceDetail(at: number): DeviceDetail {
  const seen = { first_seen: BEGIN - 86_400, last_seen: BEGIN };
  return {
    ...device(at),
    addresses: [0, 1, 2].map((more) => ({ ip: ipOf(at + more), ...seen, source: more === 0 ? 'arp' : 'dhcp' })),
    names: HOSTILE.map((name, place) => ({ name, source: place % 2 === 0 ? 'mdns' : 'dhcp', last_seen: BEGIN - place })),
    services: [
      { name: hostile(0), port: 80, protocol: 'tcp', source: 'mdns' },
      { name: '_ipp._tcp', port: 631, protocol: 'tcp', source: 'mdns' },
    ],
    dhcp: { vendor_class: hostile(1), fingerprint: '1,3,6,15,26,28,51,58,59,43', requested_ip: null, server: '192.0.2.1' },
    switch_port: { switch: hostile(2), port: 'GigabitEthernet1/0/24', vlan: 100, protocol: 'lldp' },
    vlans: [100],
    user_agents: ['curl/7.88.1', hostile(1)],
    peers: Array.from({ length: 30 }, (_, peer) => ({
      ip: `198.51.100.${peer + 1}`,
      mac: null,
      name: peer % 4 === 0 ? hostile(peer) : null,
      country: 'NL',
      bytes: 1e6 * (30 - peer),
      flows: 3,
    })),
    protocols: apps.slice(0, 6).map((protocol, place) => ({ protocol, flows: 40 - place, packets: 900, bytes: 4e6 / (place + 1) })),
  };
}

export function stats(tick: number): Stats {
  const pps = 21_000 + 9000 * Math.sin(tick / 9) + 4000 * noise(tick);
  const shares = apps.map((app, at): [string, Stats['protocols'][string]] => [
    app,
    { flows: 900 - at * 60, packets: 1e6 / (at + 1), bytes: Math.round(8e9 / (at + 1) ** 1.6) },
  ]);
  return {
    sensor: { name: 'gateway-1', version: '0.1.0', inputs: ['eth1', '<b>eth2</b>'], live: true, state: 'running', started: BEGIN - 90_000 },
    time: BEGIN + tick,
    tick,
    pps,
    bps: pps * 6400,
    packets_total: 1_234_567_890 + tick * 21_000,
    bytes_total: 987_654_321_000 + tick * 16_800_000,
    flows: { live: 18_230 + (tick % 40), created: 4_210_042 + tick * 210, ended: 4_191_812 + tick * 209 },
    devices: 250,
    alerts: { total: 40, by_severity: { critical: 2, high: 5, medium: 11, low: 22 } },
    protocols: {
      ...Object.fromEntries(shares.map(([name, share]) => [name, { ...share, packets: Math.round(share.packets) }])),
      [hostile(0)]: { flows: 1, packets: 2, bytes: 3e9 },
    },
    loss: { kernel: 12, interface: null, ring: 0, estimate: 12 },
    emergency: false,
    store: { backlog: 3, dropped_records: 0, error: null },
  };
}

export function frame(tick: number): FrameMessage {
  const top = Array.from({ length: 20 }, (_, at) => ({
    flow: flow(at),
    bps: 9e7 / (at + 1) + noise(tick + at) * 1e6,
    pps: 9000 / (at + 1),
  }));
  return { type: 'frame', frame_seq: tick, stats: stats(tick), top };
}

export function timeSeries(from: number, points: number): TimeSeries {
  const row = (at: number) => {
    const now = stats(at - 300);
    return { time: from + at, pps: now.pps, bps: now.bps, flows_live: now.flows.live, new_flows: 200, drops: 0, alerts: 0 };
  };
  return { step_secs: 1, points: Array.from({ length: points }, (_, at) => row(at)) };
}

export function topology(nodes: number): Topology {
  const groups = ['192.0.2.0/24', 'Local', 'NL', 'US', hostile(1), 'DE', 'router'];
  const list = Array.from({ length: nodes }, (_, at) => ({
    id: at < nodes / 2 ? macOf(at) : `198.51.${at >> 8}.${at & 255}`,
    label: at % 9 === 0 ? hostile(at) : `host-${at}`,
    group: groups[Math.floor(noise(at) * groups.length)] ?? 'Local',
    bytes: Math.round(noise(at + 5) ** 6 * 1e9),
    flows: 1 + Math.round(noise(at) * 90),
  }));
  const links = list.slice(1).map((node, at) => ({
    source: node.id,
    target: list[Math.floor(noise(at + 11) ** 3 * Math.min(at + 1, 40))]?.id ?? '',
    value: Math.round(noise(at + 2) ** 4 * 1e8),
    flows: 1 + (at % 7),
  }));
  return { nodes: list, links, hidden: nodes >= 2000 ? 321 : 0 };
}

export function packetRow(ordinal: number): PacketRow {
  return {
    ordinal,
    time: BEGIN + ordinal / 1000,
    interface: 'eth1',
    source: ordinal % 5 === 0 ? '2001:db8:1234:5678:9abc:def0:1234:5678.40312' : `${ipOf(ordinal)}.40312`,
    destination: '198.51.100.20.443',
    protocol: ordinal % 2 === 0 ? 'TCP' : 'UDP',
    length: 60 + (ordinal % 1400),
    summary: ordinal % 3 === 0 ? `Host: ${hostile(ordinal)}` : 'Flags [P.], seq 1:514, ack 1, win 64240',
  };
}

export const packetDetail = (ordinal: number): PacketDetail => ({
  ...packetRow(ordinal),
  captured: 96,
  layers: [
    {
      name: 'Ethernet',
      fields: [
        { name: 'Source', value: macOf(1) },
        { name: 'Destination', value: macOf(2) },
      ],
    },
    {
      name: 'IPv4',
      fields: [
        { name: 'TTL', value: '64' },
        { name: 'Option', value: 'NOP' },
        { name: 'Option', value: 'NOP' },
      ],
    },
    { name: 'HTTP', fields: [{ name: 'Host', value: hostile(0) }] },
  ],
  hex: Array.from({ length: 96 }, (_, at) => ((at * 7) & 255).toString(16).padStart(2, '0')).join(''),
});

export const accounting: Accounting = {
  schema_version: 1,
  holds: true,
  stages: {
    source: { received: null, kernel_drops: 12, interface_drops: null, frames_read: 1_234_567_890, delivered: 1_234_567_890 },
    decode: { network: 1_234_000_000, rejected: { ipv4_header_truncated: 3, [hostile(0)]: 1 }, not_flow: { arp: 512, lldp: 55 } },
    ring: { enqueued: 1_234_567_000, ring_dropped: 0, high_water_bytes: 215_072 },
    flow: { dequeued: 1_234_567_000, accounted: 1_234_567_000, flows_ended: { fin: 4_000_000, idle: 191_812 } },
  },
  identities: [
    {
      name: 'read',
      unit: 'packets',
      left: { name: 'frames_read', value: 1_234_567_890 },
      right: [
        { name: 'filtered', value: 0 },
        { name: 'delivered', value: 1_234_567_890 },
      ],
      holds: true,
    },
    { name: 'received', unit: 'packets', left: { name: 'received', value: null }, right: [{ name: 'frames_read', value: 1 }], holds: null },
    {
      name: 'ring',
      unit: 'bytes',
      left: { name: 'enqueued', value: 1_234_567_000 },
      right: [
        { name: 'dequeued', value: 1_234_566_999 },
        { name: 'lost_with_shard', value: 0 },
      ],
      holds: false,
    },
  ],
  quality: { snaplen_cut: 0, fragments: 31, bad_l4_checksums: 2 },
};

export const health: Health = {
  status: 'degraded',
  checks: [
    { name: 'capture', ok: true, detail: 'reading from eth1' },
    { name: 'store', ok: false, detail: `disk is slow: ${hostile(0)}` },
  ],
  advice: [
    { stage: 'kernel', state: 'losing', lost: 12, detail: 'The socket ring was full.', remedy: 'Give it more memory: --buffer-size 64M' },
    { stage: 'ring', state: 'ok', lost: 0, detail: 'Nothing was dropped.', remedy: null },
    { stage: 'interface', state: 'unknown', lost: null, detail: 'This driver counts nothing.', remedy: null },
  ],
};

export const protocols: Protocols = {
  applications: apps.map((protocol, at) => ({ protocol, flows: 10 + at, packets: 100, bytes: 1000 })),
  transports: [{ protocol: 'tcp', flows: 10, packets: 100, bytes: 1000 }],
};

export const config: Config = {
  settings: [
    { key: 'bind', value: '127.0.0.1', origin: 'default' },
    { key: 'token', value: '***', origin: 'file' },
  ],
  rules: kinds.map((kind) => ({
    kind,
    enabled: true,
    severity: 'medium',
    cooldown_secs: 60,
    settings: { ports: 100 },
    networks: [],
    description: 'Says when a host tries many ports.',
  })),
};
