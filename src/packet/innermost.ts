/** The conversation that a frame belongs to: its innermost IP header, what is above it, and what carries it. */
import type { Layer } from './layer.ts';
import type { Ipv4Layer, Ipv6Layer } from './net/layers.ts';
import type { TransportLayer } from './transport/layers.ts';

const NO_NEXT_HEADER = 59;
const MESSAGES = new Set([135, 139, 140]);

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
      return layer.name === 'tunnel' && layer.type === 'etherip';
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

/** The last IP header (`which` = 'innermost') or the first; null when the frame has none. */
export function conversationOf(layers: Layer[], which: 'innermost' | 'outermost' = 'innermost'): Innermost | null {
  const isNet = (layer: Layer) => layer.name === 'ipv4' || layer.name === 'ipv6';
  const index = which === 'innermost' ? layers.findLastIndex(isNet) : layers.findIndex(isNet);
  const net = layers[index];
  if (net === undefined || (net.name !== 'ipv4' && net.name !== 'ipv6')) return null;
  const next = layers.findIndex((layer, at) => at > index && isNet(layer));
  const above = layers.slice(index + 1, next < 0 ? layers.length : next);
  let protocol = net.name === 'ipv4' ? net.protocol : net.nextHeader;
  for (const layer of above) {
    // Mobility, HIP and Shim6 messages end the chain: they are the transport then.
    if (layer.name === 'ipv6-extension' && layer.nextHeader === NO_NEXT_HEADER && MESSAGES.has(layer.kind)) {
      protocol = layer.kind;
      break;
    }
    if (layer.name === 'ipv6-extension' || layer.name === 'ipv6-fragment' || layer.name === 'ah') protocol = layer.nextHeader;
    else break;
  }
  return { net, transport: above.find(isTransport) ?? null, protocol, fragment: fragmentOf(net, above), outside: layers.slice(0, index) };
}
