/** ARP (RFC 826, RFC 5227): who says that an address is its own. */
import { fromSender, type LinkPacket } from './link-packet.ts';
import { isStation } from './mac.ts';
import { NOTHING_SAID, type Reading, UNREADABLE } from './observation.ts';

const REQUEST = 1;
const REPLY = 2;
const IPV4 = 0x0800;

export function readArp(packet: LinkPacket): Reading {
  const layer = packet.view.layers.at(-1);
  if (layer?.name !== 'arp') return UNREADABLE;
  const { operation, protocolType, senderMac, senderIp } = layer;
  if (protocolType !== IPV4 || (operation !== REQUEST && operation !== REPLY)) return NOTHING_SAID;
  if (!isStation(senderMac)) return UNREADABLE;
  // A probe asks whether an address is free, and has none yet (RFC 5227 section 2.1.1).
  if (senderIp === '0.0.0.0') return NOTHING_SAID;
  return { observations: [{ ...fromSender(packet, { addresses: [senderIp] }), mac: senderMac }], malformed: false };
}
