/** The conversation that a frame belongs to: its innermost IP header, what is above it, and what carries it. */
import type { Layer } from './layer.ts';
import type { Ipv4Layer, Ipv6Layer } from './net/layers.ts';
import type { TransportLayer } from './transport/layers.ts';

export interface Innermost {
  net: Ipv4Layer | Ipv6Layer;
  /** The header behind it, when one was decoded. */
  transport: TransportLayer | null;
  /** IP protocol of the transport, extension headers skipped. */
  protocol: number;
  fragment: { offset: number; more: boolean; id: number } | null;
  /** Layers outside of it. */
  outside: Layer[];
}

function isTransport(layer: Layer): layer is TransportLayer {
  switch (layer.name) {
    case 'tcp':
    case 'udp':
    case 'ports':
    case 'icmp':
    case 'icmpv6':
    case 'igmp':
    case 'sctp':
    case 'dccp':
    case 'esp':
    case 'gre':
      return true;
    default:
      return layer.name === 'tunnel' && (layer.type === 'etherip' || layer.type === 'pim');
  }
}

function fragmentOf(net: Ipv4Layer | Ipv6Layer, above: Layer[]): Innermost['fragment'] {
  if (net.name === 'ipv4') {
    const fragmented = net.moreFragments || net.fragmentOffset > 0;
    return fragmented ? { offset: net.fragmentOffset, more: net.moreFragments, id: net.identification } : null;
  }
  const header = above.find((layer) => layer.name === 'ipv6-fragment');
  return header === undefined ? null : { offset: header.fragmentOffset, more: header.moreFragments, id: header.identification };
}

const isNet = (layer: Layer) => layer.name === 'ipv4' || layer.name === 'ipv6';

/** That of the IP header at this depth, 0 being the outermost; null when there is none. */
export function conversationAt(layers: Layer[], depth: number): Innermost | null {
  const indexes = layers.flatMap((layer, index) => (isNet(layer) ? [index] : []));
  const index = indexes[depth] ?? -1;
  const net = layers[index];
  if (net === undefined || (net.name !== 'ipv4' && net.name !== 'ipv6')) return null;
  const above = layers.slice(index + 1, indexes[depth + 1] ?? layers.length);
  const outside = layers.slice(0, index);
  return { net, transport: above.find(isTransport) ?? null, protocol: protocolOf(net, above), fragment: fragmentOf(net, above), outside };
}

/** That of the last IP header; null when the frame has none. */
export function innermostConversation(layers: Layer[]): Innermost | null {
  return conversationAt(layers, layers.filter(isNet).length - 1);
}

/** The protocol behind the extension headers. */
function protocolOf(net: Ipv4Layer | Ipv6Layer, above: Layer[]): number {
  let protocol = net.name === 'ipv4' ? net.protocol : net.nextHeader;
  for (const layer of above) {
    if (layer.name !== 'ipv6-extension' && layer.name !== 'ipv6-fragment' && layer.name !== 'ah') break;
    protocol = layer.nextHeader;
  }
  return protocol;
}
