/** Transport layers and tunnels as titles and fields. */
import type { Describers, Field } from '../description.ts';
import { hex, protocolLabel } from '../description.ts';
import { etherTypeName } from '../protocol-names.ts';
import type { IcmpLayer, Icmpv6Layer, QuotedPacket, TcpOptions, TransportLayer, TunnelLayer } from './layers.ts';
import { tcpFlagNames } from './tcp-options.ts';

const TUNNEL_TITLES: Record<TunnelLayer['type'], string> = {
  vxlan: 'VXLAN',
  geneve: 'Geneve',
  gtpu: 'GTP-U',
  teredo: 'Teredo',
  etherip: 'EtherIP',
  l2tp: 'L2TP',
  ayiya: 'AYIYA',
  mpls_udp: 'MPLS in UDP',
  pim: 'PIM Register',
  capwap: 'CAPWAP',
};
const TUNNEL_IDS: Partial<Record<TunnelLayer['type'], string>> = { vxlan: 'VNI', geneve: 'VNI', gtpu: 'TEID', l2tp: 'Session' };

export function tunnelTitle(type: TunnelLayer['type']): string {
  return TUNNEL_TITLES[type];
}

export function tunnelIdName(type: TunnelLayer['type']): string {
  return TUNNEL_IDS[type] ?? 'ID';
}

export function tcpOptionsText(options: TcpOptions): string {
  const parts: string[] = [];
  if (options.mss !== null) parts.push(`MSS=${options.mss}`);
  if (options.windowScale !== null) parts.push(`WS=${options.windowScale}`);
  if (options.sackPermitted) parts.push('SACK_PERM');
  for (const { left, right } of options.sack) parts.push(`SACK=${left}-${right}`);
  if (options.timestamps !== null) parts.push(`TSval=${options.timestamps.value} TSecr=${options.timestamps.echo}`);
  for (const { name, hex: value } of options.others) parts.push(value === '' ? name : `${name}=${value}`);
  if (options.malformed) parts.push('(malformed)');
  return parts.join(' ');
}

/** Only what the message has. */
function present(fields: readonly (readonly [string, string | number | null])[]): Field[] {
  return fields.flatMap(([label, value]) => (value === null ? [] : [[label, String(value)] as const]));
}

function quotedText(quoted: QuotedPacket | null): string | null {
  if (quoted === null) return null;
  const parts: string[] = [];
  for (const layer of quoted.layers) {
    if (layer.name === 'ipv4' || layer.name === 'ipv6') parts.push(`${layer.source} -> ${layer.destination}`);
    else if (layer.name === 'tcp' || layer.name === 'udp' || layer.name === 'sctp')
      parts.push(`${layer.name.toUpperCase()} :${layer.sourcePort} -> :${layer.destinationPort}`);
    else if (layer.name === 'ports') parts.push(`${protocolLabel(layer.protocol)} :${layer.sourcePort} -> :${layer.destinationPort}`);
    else if (layer.name === 'icmp' || layer.name === 'icmpv6') parts.push(layer.title);
  }
  return parts.length === 0 ? null : parts.join(' ');
}

function icmpFields(layer: IcmpLayer | Icmpv6Layer): Field[] {
  return present([
    ['Type', `${layer.title} (${layer.type})`],
    ['Code', layer.code],
    ['Checksum', layer.checksum === null ? null : hex(layer.checksum, 4)],
    ['Identifier', layer.identifier],
    ['Sequence', layer.sequence],
    ['MTU', layer.mtu],
    ['Gateway', layer.name === 'icmp' ? layer.gateway : null],
    ['Target', layer.name === 'icmpv6' ? layer.target : null],
    ['Link Address', layer.name === 'icmpv6' ? layer.linkAddress : null],
    ['Quoted', quotedText(layer.quoted)],
  ]);
}

export const describeTransport: Describers<TransportLayer['name']> = {
  tcp: (layer) => ({
    title: 'TCP',
    fields: present([
      ['Source Port', layer.sourcePort],
      ['Dest Port', layer.destinationPort],
      ['Seq', layer.sequence],
      ['Ack', layer.acknowledgment],
      ['Flags', `${tcpFlagNames(layer.flags).join(',') || 'none'} (${hex(layer.flags, 2)})`],
      ['Window', layer.window],
      ['Checksum', hex(layer.checksum, 4)],
      ['Urgent', layer.urgentPointer],
      ['Data Offset', `${layer.length / 4} (${layer.length} bytes)`],
      ['Options', tcpOptionsText(layer.options) || null],
    ]),
  }),
  udp: (layer) => ({
    title: layer.lite ? 'UDP-Lite' : 'UDP',
    fields: present([
      ['Source Port', layer.sourcePort],
      ['Dest Port', layer.destinationPort],
      [layer.lite ? 'Coverage' : 'Length', layer.udpLength],
      ['Checksum', hex(layer.checksum, 4)],
    ]),
  }),
  ports: (layer) => ({
    title: `${protocolLabel(layer.protocol)} (incomplete)`,
    fields: present([
      ['Source Port', layer.sourcePort],
      ['Dest Port', layer.destinationPort],
    ]),
  }),
  icmp: (layer) => ({ title: 'ICMP', fields: icmpFields(layer) }),
  icmpv6: (layer) => ({ title: 'ICMPv6', fields: icmpFields(layer) }),
  igmp: (layer) => ({
    title: 'IGMP',
    fields: present([
      ['Type', `${layer.title} (${hex(layer.type, 2)})`],
      ['Max Response', layer.maxResponse],
      ['Checksum', hex(layer.checksum, 4)],
      ['Group', layer.group],
      ['Groups', layer.records.join(' ') || null],
    ]),
  }),
  sctp: (layer) => ({
    title: 'SCTP',
    fields: present([
      ['Source Port', layer.sourcePort],
      ['Dest Port', layer.destinationPort],
      ['Verification Tag', hex(layer.verificationTag, 8)],
      ['Checksum', hex(layer.checksum, 8)],
      ['Chunks', layer.chunks.join(' ') || null],
    ]),
  }),
  dccp: (layer) => ({
    title: 'DCCP',
    fields: present([
      ['Source Port', layer.sourcePort],
      ['Dest Port', layer.destinationPort],
      ['Type', layer.type],
    ]),
  }),
  esp: (layer) => ({
    title: 'ESP',
    fields: present([
      ['SPI', hex(layer.spi, 8)],
      ['Sequence', layer.sequence],
    ]),
  }),
  gre: (layer) => ({
    title: 'GRE',
    fields: present([
      ['Version', layer.version],
      ['Protocol', etherTypeName(layer.protocol)],
      ['Key', layer.key],
      ['Sequence', layer.sequence],
      ['Checksum', layer.checksum === null ? null : hex(layer.checksum, 4)],
    ]),
  }),
  erspan: (layer) => ({
    title: 'ERSPAN',
    fields: present([
      ['Type', layer.type],
      ['VLAN', layer.vlan],
      ['Session', layer.sessionId],
    ]),
  }),
  tunnel: (layer) => ({
    title: tunnelTitle(layer.type),
    fields: present([
      ['Tunnel', layer.tunnelId],
      [tunnelIdName(layer.type), layer.id],
      ['Message Type', layer.type === 'gtpu' ? layer.content : null],
      ['Protocol', layer.type === 'geneve' && layer.content !== null ? etherTypeName(layer.content) : null],
    ]),
  }),
};
