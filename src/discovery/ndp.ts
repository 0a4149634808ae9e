/** Neighbour discovery of IPv6 (RFC 4861): addresses of neighbours, and who is a router. */
import { fromSender, type LinkPacket } from './link-packet.ts';
import { isStation } from './mac.ts';
import { type Facts, NOTHING_SAID, type Reading, UNREADABLE } from './observation.ts';

const ROUTER_SOLICITATION = 133;
const ROUTER_ADVERTISEMENT = 134;
const NEIGHBOUR_SOLICITATION = 135;
const NEIGHBOUR_ADVERTISEMENT = 136;
const REDIRECT = 137;
/** Nothing that was forwarded has it (section 3.1). */
const HOP_LIMIT = 255;
const ROUTER_FLAG = 0x80;

/** The least bytes of a message behind type, code and checksum. */
const leastBytes = new Map([
  [ROUTER_SOLICITATION, 8],
  [ROUTER_ADVERTISEMENT, 16],
  [NEIGHBOUR_SOLICITATION, 24],
  [NEIGHBOUR_ADVERTISEMENT, 24],
  [REDIRECT, 40],
]);

function factsOf(packet: LinkPacket, type: number, target: string | null, at: number): Facts {
  const { frame, net } = packet;
  const own = net === null || net.source === '::' ? [] : [net.source];
  switch (type) {
    case ROUTER_ADVERTISEMENT:
      // A lifetime of 0 says that it is a router, but not a default one.
      return { addresses: own, forwards: 'packets' };
    case REDIRECT:
      return { addresses: own, forwards: 'packets' };
    case NEIGHBOUR_ADVERTISEMENT: {
      const addresses = target === null ? own : [...new Set([target, ...own])];
      return { addresses, forwards: (frame[at + 4] & ROUTER_FLAG) !== 0 ? 'packets' : null };
    }
    default:
      return { addresses: own };
  }
}

export function readNdp(packet: LinkPacket): Reading {
  const layer = packet.view.layers.findLast(({ name }) => name === 'icmpv6');
  if (layer?.name !== 'icmpv6') return UNREADABLE;
  const least = leastBytes.get(layer.type);
  if (least === undefined || packet.net?.hopLimit !== HOP_LIMIT || layer.code !== 0) return NOTHING_SAID;
  if (layer.offset + least > packet.frame.length) return UNREADABLE;
  const facts = factsOf(packet, layer.type, layer.target, layer.offset);
  // A proxy answers for another station: then the option names it, not the sender (section 7.2.8).
  const mac = layer.linkAddress !== null && isStation(layer.linkAddress) ? layer.linkAddress : packet.source;
  return { observations: [{ ...fromSender(packet, facts), mac }], malformed: false };
}
