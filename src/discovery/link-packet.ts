/** A frame as the readers of discovery protocols want it: who sent it on the link, and what it carries. */
import type { Layer } from '../packet/layer.ts';
import type { TapFrame } from '../packet/tap-record.ts';
import { epochSeconds } from '../packet/text.ts';
import { type PacketView, viewPacket } from '../packet/view.ts';
import { isStation } from './mac.ts';
import type { DiscoveryProtocol, Facts, Observation } from './observation.ts';

export interface LinkPacket {
  readonly protocol: DiscoveryProtocol;
  /** Epoch seconds. */
  readonly at: number;
  readonly source: string;
  /** null where the link does not say (Linux cooked captures). */
  readonly destination: string | null;
  /** Sent to a group or to everybody on the link. */
  readonly toGroup: boolean;
  /** Outermost first. */
  readonly vlans: readonly number[];
  readonly frame: Uint8Array;
  readonly view: PacketView;
  readonly net: { readonly source: string; readonly destination: string; readonly hopLimit: number } | null;
  readonly udp: { readonly sourcePort: number; readonly destinationPort: number; readonly payload: Uint8Array } | null;
}

interface Link {
  readonly source: string;
  readonly destination: string | null;
  readonly toGroup: boolean;
}

const SLL_BROADCAST = 1;
const SLL_MULTICAST = 2;

function linkOf(layer: Layer | undefined): Link | null {
  if (layer?.name === 'ethernet') {
    const { source, destination } = layer;
    return { source, destination, toGroup: (Number.parseInt(destination.slice(0, 2), 16) & 1) === 1 };
  }
  if (layer?.name !== 'sll') return null;
  const toGroup = layer.packetType === SLL_BROADCAST || layer.packetType === SLL_MULTICAST;
  return { source: layer.address, destination: null, toGroup };
}

/** null when no station of this link sent it, or when what it carries is of another link (tunnels). */
export function linkPacketOf(frame: TapFrame, protocol: DiscoveryProtocol): LinkPacket | null {
  const view = viewPacket(frame.frame, frame.linkType, frame.wireLength);
  const link = linkOf(view.layers[0]);
  if (link === null || !isStation(link.source)) return null;
  const nets = view.layers.filter((layer) => layer.name === 'ipv4' || layer.name === 'ipv6');
  if (nets.length > 1) return null;
  const [net] = nets;
  const udp = view.layers.at(-1);
  const { offset, capturedLength } = view.payload;
  return {
    protocol,
    at: epochSeconds(frame.sec, frame.nsec),
    ...link,
    vlans: view.layers.flatMap((layer) => (layer.name === 'vlan' && layer.id !== 0 ? [layer.id] : [])),
    frame: frame.frame,
    view,
    net:
      net === undefined
        ? null
        : { source: net.source, destination: net.destination, hopLimit: net.name === 'ipv4' ? net.ttl : net.hopLimit },
    udp:
      udp?.name === 'udp'
        ? {
            sourcePort: udp.sourcePort,
            destinationPort: udp.destinationPort,
            payload: frame.frame.subarray(offset, offset + capturedLength),
          }
        : null,
  };
}

/** What the sender of the packet says about itself. */
export function fromSender(packet: LinkPacket, facts: Facts): Observation {
  const { protocol, at, source, toGroup, net } = packet;
  return { protocol, mac: source, at, from: net?.source ?? null, onLink: net === null || toGroup, ...facts };
}

/** What the packet says about another station. */
export function about(mac: string, packet: LinkPacket, facts: Facts): Observation {
  return { protocol: packet.protocol, mac, at: packet.at, from: null, onLink: true, ...facts };
}
