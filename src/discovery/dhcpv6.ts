/** DHCP for IPv6 (RFC 8415): a client's name, class and wishes, and the address that it gets. */
import { ipv6Text, macText } from '../app/address-text.ts';
import { Cursor } from '../app/cursor.ts';
import { dhcpv6 } from '../app/dhcpv6.ts';
import { isLinkLocal } from './address-text.ts';
import { type AppReading, readWith, textIn } from './app-reading.ts';
import { about, fromSender, type LinkPacket } from './link-packet.ts';
import { isStation } from './mac.ts';
import { type Facts, NOTHING_SAID, type Reading, UNREADABLE } from './observation.ts';
import { osOfVendorClass } from './os-hints.ts';

const ADVERTISE = 2;
const REPLY = 7;
const RECONFIGURE = 10;
const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
const RELAY_HEADER = 34;
const OPTION_CLIENT_LINK_ADDRESS = 79;
const OPTION_LIMIT = 64;
/** DUID types that hold a link address (section 11): link-layer plus time, link-layer. */
const linkAddressAt = new Map([
  [1, 8],
  [3, 4],
]);

/** The link address in a DUID given in hexadecimal digits: that of one interface of the device, not always of this one. */
function macOfDuid(duid: string | null): string | null {
  if (duid === null) return null;
  const bytes = Uint8Array.from(duid.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
  const at = linkAddressAt.get((bytes[0] << 8) | bytes[1]);
  const isEthernet = bytes[2] === 0 && bytes[3] === 1;
  return at === undefined || !isEthernet || bytes.length < at + 6 ? null : macText(bytes, at);
}

/** What a relay says of the client's link (RFC 6939). */
function macOfRelay(payload: Uint8Array): string | null {
  const cursor = new Cursor(payload, RELAY_HEADER);
  for (let count = 0; cursor.left >= 4 && count < OPTION_LIMIT; count++) {
    const code = cursor.u16();
    const value = cursor.take(cursor.u16());
    if (code === OPTION_CLIENT_LINK_ADDRESS && value.length === 8 && value[0] === 0 && value[1] === 1) return macText(value, 2);
  }
  return null;
}

function station(...candidates: (string | null)[]): string | null {
  return candidates.find((mac) => mac !== null && isStation(mac)) ?? null;
}

function clientFacts({ detail }: AppReading): Facts {
  const name = textIn(detail, 'fqdn');
  const vendorClass = textIn(detail, 'vendor_class');
  return {
    names: name === null ? [] : [{ name, source: 'dhcp' }],
    os: vendorClass === null ? null : osOfVendorClass(vendorClass),
    dhcp: { vendorClass, fingerprint: textIn(detail, 'fingerprint'), requestedIp: textIn(detail, 'address'), server: null },
  };
}

function leaseFacts({ detail }: AppReading, server: string | null): Facts {
  const address = textIn(detail, 'address');
  const name = textIn(detail, 'fqdn');
  return {
    addresses: address === null ? [] : [address],
    names: name === null ? [] : [{ name, source: 'dhcp' }],
    dhcp: { vendorClass: null, fingerprint: null, requestedIp: null, server },
  };
}

function readReply(packet: LinkPacket, reading: AppReading, type: number): Reading {
  const server = packet.net?.source ?? null;
  const client = station(packet.destination, macOfDuid(textIn(reading.detail, 'client_duid')));
  const services = [{ name: 'dhcpv6', port: 547, protocol: 'udp' }];
  const own = { ...fromSender(packet, { services, addresses: server === null ? [] : [server] }), onLink: true };
  // Only a reply gives an address; an advertisement offers one.
  const lease = type === REPLY && client !== null ? [about(client, packet, leaseFacts(reading, server))] : [];
  // Servers and relays talk to clients from their link-local address (section 18.3).
  const isNeighbour = server !== null && isLinkLocal(server);
  return { observations: isNeighbour ? [...lease, own] : lease, malformed: reading.malformed };
}

export function readDhcpv6(packet: LinkPacket): Reading {
  const payload = packet.udp?.payload;
  if (payload === undefined || payload.length === 0) return UNREADABLE;
  const type = payload[0];
  const fromClient = type !== ADVERTISE && type !== REPLY && type !== RECONFIGURE && type !== RELAY_REPLY;
  const reading = readWith(dhcpv6, 'dhcpv6', packet, fromClient);
  if (reading === null) return UNREADABLE;
  if (type === ADVERTISE || type === REPLY) return readReply(packet, reading, type);
  if (type === RECONFIGURE || type === RELAY_REPLY) return NOTHING_SAID;
  const duid = macOfDuid(textIn(reading.detail, 'client_duid'));
  const client = type === RELAY_FORWARD ? station(macOfRelay(payload), relayPeer(payload), duid) : packet.source;
  if (client === null) return { ...NOTHING_SAID, malformed: reading.malformed };
  return { observations: [about(client, packet, clientFacts(reading))], malformed: reading.malformed };
}

/** The link address inside the link-local address of the client that a relay names, when it was made from one (RFC 4291 appendix A). */
function relayPeer(payload: Uint8Array): string | null {
  const peer = payload.subarray(18, RELAY_HEADER);
  if (peer.length < 16 || !isLinkLocal(ipv6Text(peer)) || peer[11] !== 0xff || peer[12] !== 0xfe) return null;
  return macText(Uint8Array.of(peer[8] ^ 2, peer[9], peer[10], peer[13], peer[14], peer[15]));
}
