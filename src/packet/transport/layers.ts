/** Transport headers, and the tunnels that travel in IP or UDP. */
import type { DecodeError } from '../decode-error.ts';
import type { LayerBase, LinkLayer } from '../link/layers.ts';
import type { NetLayer } from '../net/layers.ts';

export interface SackBlock {
  readonly left: number;
  readonly right: number;
}

/** Options in the order of the header; `kinds` is the order that fingerprints use. */
export interface TcpOptions {
  readonly kinds: number[];
  readonly mss: number | null;
  /** Shift count. */
  readonly windowScale: number | null;
  readonly sackPermitted: boolean;
  readonly sack: SackBlock[];
  readonly timestamps: { readonly value: number; readonly echo: number } | null;
  /** Kind and content (hexadecimal) of every other option. */
  readonly others: { readonly kind: number; readonly name: string; readonly hex: string }[];
  /** A length field did not fit its option or the header. */
  readonly malformed: boolean;
}

export interface TcpLayer extends LayerBase {
  readonly name: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** CWR ECE URG ACK PSH RST SYN FIN, FIN is bit 0. */
  readonly flags: number;
  readonly window: number;
  readonly checksum: number;
  readonly urgentPointer: number;
  readonly options: TcpOptions;
  readonly optionsHex: string;
}

export interface UdpLayer extends LayerBase {
  readonly name: 'udp';
  /** UDP-Lite puts a checksum coverage where UDP has its length. */
  readonly lite: boolean;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly udpLength: number;
  readonly checksum: number;
}

/** The first bytes of a transport header whose rest is missing: enough to say who talks. */
export interface PortsLayer extends LayerBase {
  readonly name: 'ports';
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** The packet that an ICMP error quotes. */
export interface QuotedPacket {
  readonly layers: (LinkLayer | NetLayer | TransportLayer)[];
  /** Usually set: quotes are cut by design. */
  readonly error: DecodeError | null;
}

export interface IcmpLayer extends LayerBase {
  readonly name: 'icmp';
  readonly type: number;
  readonly code: number;
  readonly title: string;
  /** null when cut. */
  readonly checksum: number | null;
  readonly identifier: number | null;
  readonly sequence: number | null;
  /** Redirects. */
  readonly gateway: string | null;
  /** Fragmentation needed. */
  readonly mtu: number | null;
  readonly quoted: QuotedPacket | null;
}

export interface Icmpv6Layer extends LayerBase {
  readonly name: 'icmpv6';
  readonly type: number;
  readonly code: number;
  readonly title: string;
  /** null when cut. */
  readonly checksum: number | null;
  readonly identifier: number | null;
  readonly sequence: number | null;
  /** Packet too big. */
  readonly mtu: number | null;
  /** Neighbour discovery and redirects. */
  readonly target: string | null;
  readonly linkAddress: string | null;
  readonly quoted: QuotedPacket | null;
}

export interface IgmpLayer extends LayerBase {
  readonly name: 'igmp';
  readonly type: number;
  readonly title: string;
  readonly maxResponse: number;
  readonly checksum: number;
  readonly group: string | null;
  /** Version 3 reports: the groups, at most 16 of them. */
  readonly records: string[];
}

export interface SctpLayer extends LayerBase {
  readonly name: 'sctp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly verificationTag: number;
  readonly checksum: number;
  /** Names of the first chunks, at most 16. */
  readonly chunks: string[];
}

export interface DccpLayer extends LayerBase {
  readonly name: 'dccp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly type: number;
}

export interface EspLayer extends LayerBase {
  readonly name: 'esp';
  readonly spi: number;
  readonly sequence: number;
}

export interface GreLayer extends LayerBase {
  readonly name: 'gre';
  readonly version: number;
  readonly protocol: number;
  readonly key: number | null;
  readonly sequence: number | null;
  readonly checksum: number | null;
}

export interface ErspanLayer extends LayerBase {
  readonly name: 'erspan';
  /** 1, 2 or 3. */
  readonly type: number;
  readonly vlan: number | null;
  readonly sessionId: number | null;
}

/** VXLAN, Geneve, GTP-U, Teredo, EtherIP, L2TP, AYIYA, PIM, CAPWAP: what carries another packet inside UDP or IP. */
export interface TunnelLayer extends LayerBase {
  readonly name: 'tunnel';
  readonly type: 'vxlan' | 'geneve' | 'gtpu' | 'teredo' | 'etherip' | 'l2tp' | 'ayiya' | 'mpls_udp' | 'pim' | 'capwap';
  /** VNI, TEID or session; null where the type has none. */
  readonly id: number | null;
  /** L2TP: the control connection's tunnel. */
  readonly tunnelId: number | null;
  /** GTP-U message type, EtherType in Geneve; null elsewhere. */
  readonly content: number | null;
}

export type TransportLayer =
  | TcpLayer
  | UdpLayer
  | PortsLayer
  | IcmpLayer
  | Icmpv6Layer
  | IgmpLayer
  | SctpLayer
  | DccpLayer
  | EspLayer
  | GreLayer
  | ErspanLayer
  | TunnelLayer;
