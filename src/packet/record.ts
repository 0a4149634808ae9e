/** The per-packet record: one JSON object per line, always the same keys. */
import { type Innermost, innermostConversation } from './innermost.ts';
import type { Layer } from './layer.ts';
import { errorText, type PacketStamp } from './line.ts';
import { etherTypeName, protocolName } from './protocol-names.ts';
import { epochSeconds, printable } from './text.ts';
import type { GreLayer } from './transport/layers.ts';
import { tcpFlagNames } from './transport/tcp-options.ts';
import type { PacketView } from './view.ts';

export interface TcpOptionsRecord {
  mss: number | null;
  window_scale: number | null;
  sack_permitted: boolean;
  /** Pairs of left and right edge. */
  sack: [number, number][];
  ts_val: number | null;
  ts_ecr: number | null;
}

export interface TunnelRecord {
  /** Names as in the flow record's `tunnel.type`. */
  type: string;
  id: number | null;
  src: string;
  dst: string;
}

export interface PacketRecord {
  /** Position in the capture, from 1. */
  n: number;
  /** Seconds since the epoch, microseconds. */
  ts: number;
  interface: string | null;
  src_mac: string | null;
  dst_mac: string | null;
  vlan: number[];
  ip_version: 4 | 6 | null;
  /** Innermost addresses; ARP: sender and target. */
  src: string | null;
  dst: string | null;
  src_port: number | null;
  dst_port: number | null;
  /** Lower-case name, or the number as text. */
  protocol: string;
  ip_proto: number | null;
  /** Bytes on the wire, and captured of them. */
  length: number;
  captured: number;
  /** IP total length. */
  ip_length: number | null;
  /** IPv4 identification, or that of the IPv6 fragment header. */
  id: number | null;
  /** TCP: the eight TCP flags; else IPv4: reserved 4, DF 2, MF 1; null where there are none. */
  flags: number | null;
  flag_names: string[];
  /** IPv4 options as they are, hexadecimal. */
  options: string | null;
  tcp_options: TcpOptionsRecord | null;
  ttl: number | null;
  dscp: number | null;
  ecn: number | null;
  /** Bytes; null when not a fragment. */
  fragment_offset: number | null;
  more_fragments: boolean | null;
  checksum_valid: boolean | null;
  seq: number | null;
  ack: number | null;
  window: number | null;
  icmp_type: number | null;
  icmp_code: number | null;
  arp_operation: number | null;
  tunnels: TunnelRecord[];
  /** Transport payload in bytes by the IP length, padding excluded. */
  payload: number | null;
  error: string | null;
}

export function packetRecord(view: PacketView, stamp: PacketStamp): PacketRecord {
  const inner = innermostConversation(view.layers);
  const link = view.layers.findLast((layer) => layer.name === 'ethernet');
  return {
    n: stamp.ordinal,
    ts: epochSeconds(stamp.sec, stamp.nsec),
    interface: stamp.interfaceName === null ? null : printable(stamp.interfaceName),
    src_mac: link?.source ?? null,
    dst_mac: link?.destination ?? null,
    vlan: view.layers.flatMap((layer) => (layer.name === 'vlan' ? [layer.id] : [])),
    length: view.wireLength,
    captured: view.capturedLength,
    ...(inner === null ? withoutIp(view.layers) : withIp(inner)),
    tunnels: tunnelsOf(view.layers),
    payload: inner === null || view.error !== null ? null : view.payload.length,
    error: view.error === null ? null : errorText(view.error),
  };
}

type NetworkPart = Omit<
  PacketRecord,
  'n' | 'ts' | 'interface' | 'src_mac' | 'dst_mac' | 'vlan' | 'length' | 'captured' | 'tunnels' | 'payload' | 'error'
>;

const NOTHING: NetworkPart = {
  ip_version: null,
  src: null,
  dst: null,
  src_port: null,
  dst_port: null,
  protocol: 'unknown',
  ip_proto: null,
  ip_length: null,
  id: null,
  flags: null,
  flag_names: [],
  options: null,
  tcp_options: null,
  ttl: null,
  dscp: null,
  ecn: null,
  fragment_offset: null,
  more_fragments: null,
  checksum_valid: null,
  seq: null,
  ack: null,
  window: null,
  icmp_type: null,
  icmp_code: null,
  arp_operation: null,
};

function withoutIp(layers: Layer[]): NetworkPart {
  const last = layers.at(-1);
  if (last === undefined) return NOTHING;
  switch (last.name) {
    case 'arp':
      return { ...NOTHING, protocol: 'arp', src: last.senderIp, dst: last.targetIp, arp_operation: last.operation };
    case 'ethernet':
    case 'vlan':
      return { ...NOTHING, protocol: last.etherType === null ? 'llc' : etherTypeName(last.etherType).toLowerCase() };
    case 'sll':
      return { ...NOTHING, protocol: etherTypeName(last.protocol).toLowerCase() };
    case 'llc':
      return { ...NOTHING, protocol: last.content.toLowerCase() };
    default:
      return { ...NOTHING, protocol: last.name };
  }
}

function withIp(inner: Innermost): NetworkPart {
  const { net, transport, fragment } = inner;
  const v4 = net.name === 'ipv4' ? net : null;
  const tcp = transport?.name === 'tcp' ? transport : null;
  const icmp = transport?.name === 'icmp' || transport?.name === 'icmpv6' ? transport : null;
  const ipFlags = v4 === null ? null : (v4.reservedFlag ? 4 : 0) | (v4.dontFragment ? 2 : 0) | (v4.moreFragments ? 1 : 0);
  const ipFlagNames = ['MF', 'DF', 'RF'].filter((_, bit) => ((ipFlags ?? 0) & (1 << bit)) !== 0);
  return {
    ...NOTHING,
    ip_version: v4 === null ? 6 : 4,
    src: net.source,
    dst: net.destination,
    src_port: transport !== null && 'sourcePort' in transport ? transport.sourcePort : null,
    dst_port: transport !== null && 'sourcePort' in transport ? transport.destinationPort : null,
    protocol: protocolName(inner.protocol),
    ip_proto: inner.protocol,
    ip_length: net.datagramLength,
    id: v4?.identification ?? fragment?.id ?? null,
    flags: tcp?.flags ?? ipFlags,
    flag_names: tcp === null ? ipFlagNames : tcpFlagNames(tcp.flags),
    options: v4?.optionsHex ?? null,
    tcp_options:
      tcp === null
        ? null
        : {
            mss: tcp.options.mss,
            window_scale: tcp.options.windowScale,
            sack_permitted: tcp.options.sackPermitted,
            sack: tcp.options.sack.map(({ left, right }) => [left, right]),
            ts_val: tcp.options.timestamps?.value ?? null,
            ts_ecr: tcp.options.timestamps?.echo ?? null,
          },
    ttl: net.name === 'ipv4' ? net.ttl : net.hopLimit,
    dscp: net.dscp,
    ecn: net.ecn,
    fragment_offset: fragment?.offset ?? null,
    more_fragments: fragment?.more ?? null,
    checksum_valid: v4?.checksumValid ?? null,
    seq: tcp?.sequence ?? null,
    ack: tcp?.acknowledgment ?? null,
    window: tcp?.window ?? null,
    icmp_type: icmp?.type ?? null,
    icmp_code: icmp?.code ?? null,
  };
}

/** Keys of plain GRE bridges are small numbers; virtual subnet ids start at 4096, in the upper 24 bits (RFC 7637). */
const FIRST_VIRTUAL_SUBNET = 0x1000;

function greType({ version, protocol, key, sequence, checksum }: GreLayer): string {
  if (version === 1) return 'pptp';
  const bridged = protocol === 0x6558 && sequence === null && checksum === null;
  return bridged && key !== null && key >>> 8 >= FIRST_VIRTUAL_SUBNET ? 'nvgre' : 'gre';
}

/** Every IP header that carries another one, outermost first, with what joins the two. */
function tunnelsOf(layers: Layer[]): TunnelRecord[] {
  const tunnels: TunnelRecord[] = [];
  let carrier: { source: string; destination: string } | null = null;
  let type = 'ipip';
  let id: number | null = null;
  for (const layer of layers) {
    if (layer.name === 'ipv4' || layer.name === 'ipv6') {
      if (carrier !== null) tunnels.push({ type, id, src: carrier.source, dst: carrier.destination });
      carrier = layer;
      type = 'ipip';
      id = null;
    } else if (layer.name === 'tunnel') {
      type = layer.type;
      id = layer.id;
    } else if (layer.name === 'gre') {
      type = greType(layer);
      id = type === 'nvgre' ? (layer.key ?? 0) >>> 8 : layer.key;
    } else if (layer.name === 'erspan') {
      type = 'erspan';
      id = layer.sessionId;
    }
  }
  return tunnels;
}

/** One line of JSON, without line break. */
export function packetJson(record: PacketRecord): string {
  return JSON.stringify(record);
}

/** True for records to keep: those whose protocol, by name or number, is not in `ignored` (any case). */
export function protocolFilter(ignored: readonly string[]): (record: PacketRecord) => boolean {
  const names = new Set(ignored.map((name) => name.trim().toLowerCase()));
  return (record) => !names.has(record.protocol) && (record.ip_proto === null || !names.has(String(record.ip_proto)));
}
