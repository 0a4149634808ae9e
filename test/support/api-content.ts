/** What a sensor in a home network would answer besides flows: devices, alerts, numbers, packets. */
import type { Accounting, Alert, Config, Device, DeviceDetail, Health, PacketDetail, Stats, TimeSeries } from '../../src/api/contract.ts';
import { CAPTURE_BEGAN, MACS, sampleFlow } from './api-flows.ts';

function device(mac: string, ip: string, hostname: string | null, more: Partial<Device> = {}): Device {
  return {
    mac,
    ips: [ip],
    hostname,
    hostname_source: hostname === null ? null : 'dhcp',
    vendor: 'Intel Corporate',
    local_address: false,
    os: null,
    model: null,
    kind: 'device',
    first_seen: CAPTURE_BEGAN,
    last_seen: CAPTURE_BEGAN + 90,
    bytes_in: 1_250_000,
    bytes_out: 310_000,
    packets_in: 1900,
    packets_out: 1500,
    flows: 42,
    ...more,
  };
}

export const DEVICES: readonly Device[] = [
  device(MACS.router, '192.168.1.1', 'gateway', { kind: 'router', last_seen: CAPTURE_BEGAN + 100, bytes_in: 9_000_000 }),
  device(MACS.nas, '192.168.1.10', 'diskstation', { vendor: 'Synology Incorporated', model: 'DS920+', os: 'Linux' }),
  device(MACS.printer, '192.168.1.12', '<script>alert(1)</script>', { vendor: 'Brother industries', hostname_source: 'mdns', flows: 3 }),
  device(MACS.phone, '192.168.1.31', null, { vendor: null, local_address: true, last_seen: CAPTURE_BEGAN + 80 }),
  device(MACS.laptop, '192.168.1.23', '@SUM(1+1)', { vendor: 'Apple, Inc.', os: 'macOS', last_seen: CAPTURE_BEGAN + 95 }),
];

export function deviceDetail(row: Device): DeviceDetail {
  const seen = { first_seen: row.first_seen, last_seen: row.last_seen };
  return {
    ...row,
    addresses: row.ips.map((ip) => ({ ip, source: 'arp', ...seen })),
    names: row.hostname === null ? [] : [{ name: row.hostname, source: row.hostname_source ?? 'dhcp', last_seen: row.last_seen }],
    services: row.mac === MACS.printer ? [{ name: '_ipp._tcp', port: 631, protocol: 'tcp', source: 'mdns' }] : [],
    dhcp: { vendor_class: 'MSFT 5.0', fingerprint: '1,3,6,15,31,33', requested_ip: row.ips[0] ?? null, server: '192.168.1.1' },
    switch_port: row.mac === MACS.nas ? { switch: 'sw-cellar', port: 'Gi0/4', vlan: 20, protocol: 'lldp' } : null,
    vlans: [20],
    user_agents: [],
    peers: [{ ip: '203.0.113.10', mac: null, name: 'www.example.org', country: 'DE', bytes: 900_000, flows: 12 }],
    protocols: [{ protocol: 'tls', flows: 12, packets: 900, bytes: 900_000 }],
  };
}

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;

/** The alert with this number, from 0: later ones came later. */
export function sampleAlert(number: number): Alert {
  const ts = CAPTURE_BEGAN + 10 + number * 5;
  return {
    alert_id: `a1e47${number.toString(16).padStart(11, '0')}`,
    ts,
    kind: number % 2 === 0 ? 'vertical_scan' : 'dns_tunnel',
    severity: SEVERITIES[number % SEVERITIES.length],
    confidence: 0.9,
    source: '192.168.1.31',
    target: number % 2 === 0 ? '192.168.1.10' : null,
    description: number % 2 === 0 ? '192.168.1.31 tried 40 ports of 192.168.1.10 within 60 s in vain, 25 are the limit' : '=cmd|calc',
    observed: { ports: 40, answered: 1, mac: MACS.phone },
    threshold: { ports: 25, failed_share: 0.8 },
    window_secs: 60,
    first_seen: ts - 20,
    last_seen: ts + 1,
    count: 1 + number,
    flows: [sampleFlow(number).community_id],
    mitre: [{ technique: 'T1046', name: 'Network Service Discovery', tactic: 'Discovery' }],
    evidence: number % 2 === 0 ? { pcap: 'evidence/a.pcapng', packets: 80, complete: true } : null,
    suppressed: number % 7 === 6,
    acknowledged: null,
  };
}

/** Packets grow by a hundred with each tick, of which one is dropped in the ring. */
export function accountingAt(tick: number): Accounting {
  const frames = 100 * tick;
  const flows = 3 * tick;
  return {
    schema_version: 1,
    holds: true,
    stages: {
      source: {
        received: null,
        kernel_drops: 2 * tick,
        interface_drops: null,
        frames_read: frames,
        wire_bytes: 640 * frames,
        filtered: 0,
        delivered: frames,
      },
      decode: { rejected: { truncated: tick }, not_flow: { arp: 4 * tick }, suppressed: {}, fragment_lost: 0, fragment_held: 0 },
      ring: { enqueued: 94 * tick, ring_dropped: tick, lost_with_shard: 0 },
      flow: {
        dequeued: 94 * tick,
        accounted: 94 * tick,
        refused: { probe: 0, emergency: 0, limit: 0 },
        flows_created: flows,
        flows_live: tick,
        flows_ended: { fin: tick, idle: tick },
      },
      records: { rows_written: 2 * tick, rows_dropped: 0, rows_taken: 2 * tick },
    },
    identities: [
      {
        name: 'delivered',
        unit: 'packets',
        left: { name: 'delivered', value: frames },
        right: [
          { name: 'rejected', value: tick },
          { name: 'not_flow', value: 4 * tick },
          { name: 'enqueued', value: 94 * tick },
          { name: 'ring_dropped', value: tick },
        ],
        holds: true,
      },
    ],
    quality: { fragments: 0 },
  };
}

export function statsAt(tick: number, alerts: readonly Alert[]): Stats {
  const bySeverity = Object.fromEntries(SEVERITIES.map((name) => [name, alerts.filter(({ severity }) => severity === name).length]));
  return {
    sensor: { name: 'test', version: '0.1.0', inputs: ['eth9'], live: true, state: 'running', started: CAPTURE_BEGAN },
    time: CAPTURE_BEGAN + tick,
    tick,
    pps: 100,
    bps: 512_000,
    packets_total: 100 * tick,
    bytes_total: 64_000 * tick,
    flows: { live: tick, created: 3 * tick, ended: 2 * tick },
    devices: DEVICES.length,
    alerts: { total: alerts.length, by_severity: bySeverity },
    protocols: {
      tls: { flows: tick, packets: 60 * tick, bytes: 40_000 * tick },
      dns: { flows: 2 * tick, packets: 40 * tick, bytes: 4000 * tick },
    },
    loss: { kernel: 2 * tick, interface: null, ring: tick, estimate: 0.01 },
    emergency: false,
    store: { backlog: 0, dropped_records: 0, error: null },
  };
}

export const HEALTH: Health = {
  status: 'up',
  checks: [{ name: 'capture', ok: true, detail: 'reads eth9' }],
  advice: [{ stage: 'ring', state: 'losing', lost: 7, detail: '7 packets found a full ring', remedy: 'more shards: --shards 2' }],
};

export const CONFIG: Config = {
  settings: [
    { key: 'shards', value: 2, origin: 'default' },
    { key: 'token_file', value: '***', origin: '--token-file' },
  ],
  rules: [
    {
      kind: 'vertical_scan',
      enabled: true,
      severity: 'medium',
      cooldown_secs: 300,
      settings: { ports: 25 },
      networks: [],
      description: 'One source tries many TCP ports of one host in vain.',
    },
  ],
};

export function packetDetail(ordinal: number): PacketDetail {
  return {
    ordinal,
    time: CAPTURE_BEGAN + ordinal / 100,
    interface: 'eth9',
    source: '192.168.1.23:40001',
    destination: '203.0.113.10:443',
    protocol: 'TLS',
    length: 583,
    summary: 'Client Hello (SNI=www.example.org)',
    captured: 583,
    layers: [{ name: 'Ethernet', fields: [{ name: 'source', value: MACS.laptop }] }],
    hex: '0000  00 1b 21 3a 4c 01 f0 18  98 0d e1 05 08 00        ..!:L.........',
  };
}

export function seriesOf(points: number): TimeSeries {
  const point = (index: number) => ({
    time: CAPTURE_BEGAN + index,
    pps: index === 2 ? null : 100,
    bps: index === 2 ? null : 512_000,
    flows_live: 20,
    new_flows: 3,
    drops: 1,
    alerts: 0,
  });
  return { step_secs: 1, points: Array.from({ length: Math.min(points, 60) }, (_, index) => point(index)) };
}
