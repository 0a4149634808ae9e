/**
 * One line per packet:
 *
 *   #<n> HH:MM:SS.uuuuuu [<nic>] Eth: <src> -> <dst> [<type>] VLAN:<id> | IPv4: a -> b proto= ttl= len=
 *     | TCP :sp -> :dp [FLAGS] seq= ack= win= | payload: N bytes
 *
 * Every header is a segment, so that a tunnel reads from the outside in. The NIC is named when there are several.
 */
import type { DecodeError } from './decode-error.ts';
import { protocolLabel } from './description.ts';
import type { Layer } from './layer.ts';
import { arpOperationName } from './link/arp.ts';
import type { ArpLayer } from './link/layers.ts';
import type { Ipv4Layer } from './net/layers.ts';
import { etherTypeName, pppProtocolName } from './protocol-names.ts';
import { clockText, printable } from './text.ts';
import { tunnelIdName, tunnelTitle } from './transport/describe.ts';
import type { TransportLayer, TunnelLayer } from './transport/layers.ts';
import { tcpFlagNames } from './transport/tcp-options.ts';
import type { PacketView } from './view.ts';

/** What the capture says about a packet. */
export interface PacketStamp {
  /** Position in the capture, from 1. */
  ordinal: number;
  /** The packet's own time. */
  sec: number;
  nsec: number;
  /** Shown when not null: the name of the interface. */
  interfaceName: string | null;
}

function stampText(stamp: PacketStamp): string {
  const source = stamp.interfaceName === null ? '' : ` [${stamp.interfaceName}]`;
  return `#${stamp.ordinal} ${clockText(stamp.sec, stamp.nsec)}${source}`;
}

/** One line for people; printable, without line break. */
export function packetLine(view: PacketView, stamp: PacketStamp): string {
  if (isParseError(view)) {
    return printable(`${stampText(stamp)} [PARSE ERROR] ${view.capturedLength} bytes: ${errorText(view.error)}`);
  }
  let text = '';
  for (const layer of view.layers) {
    if (layer.name === 'vlan') text += ` VLAN:${layer.id}`;
    else text += `${text === '' ? '' : ' | '}${segment(layer)}`;
  }
  if (view.error !== null) text += ` | [${errorText(view.error)}]`;
  else if (view.payload.length > 0) text += ` | payload: ${view.payload.length} bytes`;
  return printable(`${stampText(stamp)} ${text}`);
}

type WithError = PacketView & { error: DecodeError };

/** A frame counts as unreadable when nothing above the link was decoded; a bad transport header keeps the packet. */
export function isParseError(view: PacketView): view is WithError {
  return view.error !== null && !view.layers.some(({ name }) => name === 'ipv4' || name === 'ipv6' || name === 'arp' || name === 'lldp');
}

/** `tcp truncated: 20 bytes needed, 12 available by the captured length, at offset 34`. */
export function errorText(error: DecodeError): string {
  if (error.reason !== 'truncated') return `${error.layer}: ${error.reason} at offset ${error.offset}`;
  return `${error.layer} truncated: ${error.required} bytes needed, ${error.available} available by the ${error.limit}, at offset ${error.offset}`;
}

function segment(layer: Layer): string {
  switch (layer.name) {
    case 'ethernet':
      return `Eth: ${layer.source} -> ${layer.destination} [${layer.etherType === null ? '802.3' : etherTypeName(layer.etherType)}]`;
    case 'vlan':
      return `VLAN:${layer.id}`;
    case 'llc':
      return `LLC: ${layer.content}`;
    case 'sll':
      return `SLL: ${layer.address === '' ? '-' : layer.address} [${etherTypeName(layer.protocol)}]`;
    case 'null':
      return `Loopback: family ${layer.family}`;
    case 'serial':
      return `${layer.encapsulation === 'chdlc' ? 'HDLC' : `FR: dlci=${layer.dlci}`} [${etherTypeName(layer.protocol)}]`;
    case 'wlan':
      return `WLAN: ${layer.source} -> ${layer.destination}${layer.protected ? ' [protected]' : ''}`;
    case 'shim':
      return layer.title;
    case 'mpls':
      return `MPLS: label=${layer.label} ttl=${layer.ttl}`;
    case 'pppoe':
      return `PPPoE: session=${layer.sessionId} code=0x${layer.code.toString(16)}`;
    case 'ppp':
      return `PPP: ${pppProtocolName(layer.protocol)}`;
    case 'arp':
      return arpSegment(layer);
    case 'lldp':
      return `LLDP: chassis=${layer.chassisId ?? '-'} port=${layer.portId ?? '-'} name=${layer.systemName ?? '-'}`;
    case 'ipv4':
      return `IPv4: ${layer.source} -> ${layer.destination} proto=${protocolLabel(layer.protocol)} ttl=${layer.ttl} len=${layer.totalLength}${fragmentText(layer)}`;
    case 'ipv6':
      return `IPv6: ${layer.source} -> ${layer.destination} next_hdr=${protocolLabel(layer.nextHeader)} hop_limit=${layer.hopLimit} len=${layer.payloadLength}`;
    case 'ipv6-extension':
      return layer.title;
    case 'ipv6-fragment':
      return `Fragment id=0x${layer.identification.toString(16)} frag=${layer.fragmentOffset}${layer.moreFragments ? '+' : ''}`;
    case 'ah':
      return `AH spi=0x${layer.spi.toString(16)} seq=${layer.sequence}`;
    default:
      return transportSegment(layer);
  }
}

function transportSegment(layer: TransportLayer): string {
  switch (layer.name) {
    case 'tcp':
      return `TCP ${ports(layer)} [${tcpFlagNames(layer.flags).join(',')}] seq=${layer.sequence} ack=${layer.acknowledgment} win=${layer.window}`;
    case 'udp':
      return `${layer.lite ? 'UDP-Lite' : 'UDP'} ${ports(layer)} len=${layer.udpLength}`;
    case 'ports':
      return `${protocolLabel(layer.protocol)} ${ports(layer)}`;
    case 'icmp':
    case 'icmpv6':
      return `${layer.name === 'icmp' ? 'ICMP' : 'ICMPv6'} ${layer.title}${layer.identifier === null ? '' : ` id=${layer.identifier} seq=${layer.sequence}`}${layer.name === 'icmpv6' && layer.target !== null ? ` target=${layer.target}` : ''}`;
    case 'igmp':
      return `IGMP ${layer.title}${layer.group === null ? '' : ` group=${layer.group}`}`;
    case 'sctp':
      return `SCTP ${ports(layer)} vtag=0x${layer.verificationTag.toString(16)} [${layer.chunks.join(',')}]`;
    case 'dccp':
      return `DCCP ${ports(layer)} type=${layer.type}`;
    case 'esp':
      return `ESP spi=0x${layer.spi.toString(16)} seq=${layer.sequence}`;
    case 'gre':
      return `GRE${layer.key === null ? '' : ` key=${layer.key}`} [${etherTypeName(layer.protocol)}]`;
    case 'erspan':
      return `ERSPAN type=${layer.type}${layer.sessionId === null ? '' : ` session=${layer.sessionId}`}`;
    case 'tunnel':
      return tunnelSegment(layer);
  }
}

function ports(layer: { sourcePort: number; destinationPort: number }): string {
  return `:${layer.sourcePort} -> :${layer.destinationPort}`;
}

function tunnelSegment(layer: TunnelLayer): string {
  return layer.id === null ? tunnelTitle(layer.type) : `${tunnelTitle(layer.type)} ${tunnelIdName(layer.type).toLowerCase()}=${layer.id}`;
}

function fragmentText(layer: Ipv4Layer): string {
  if (!layer.moreFragments && layer.fragmentOffset === 0) return '';
  return ` id=0x${layer.identification.toString(16)} frag=${layer.fragmentOffset}${layer.moreFragments ? '+' : ''}`;
}

function arpSegment(layer: ArpLayer): string {
  if (layer.operation === 1) return `ARP request who-has ${layer.targetIp} tell ${layer.senderIp} (${layer.senderMac})`;
  if (layer.operation === 2) return `ARP reply ${layer.senderIp} is-at ${layer.senderMac}`;
  return `ARP ${arpOperationName(layer.operation)} ${layer.senderIp} (${layer.senderMac}) -> ${layer.targetIp} (${layer.targetMac})`;
}
