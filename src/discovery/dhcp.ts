/** DHCP (RFC 2131): a client's name, class and wishes; what a server gives to whom, and which router it names. */
import { dhcp } from '../app/dhcp.ts';
import { type AppReading, readWith, textIn } from './app-reading.ts';
import { about, fromSender, type LinkPacket } from './link-packet.ts';
import { isStation } from './mac.ts';
import { type Facts, type NameFact, NOTHING_SAID, type Observation, type Reading, UNREADABLE } from './observation.ts';
import { osOfVendorClass } from './os-hints.ts';

const REQUEST = 1;
const CLIENT_ADDRESS_AT = 12;
const RELAY_ADDRESS_AT = 24;

function ipAt(bytes: Uint8Array, at: number): string | null {
  const text = bytes.subarray(at, at + 4).join('.');
  return text === '0.0.0.0' ? null : text;
}

const listOf = (value: string | null) => (value === null ? [] : [value]);

function namesOf({ detail }: AppReading): NameFact[] {
  const name = textIn(detail, 'hostname') ?? textIn(detail, 'fqdn');
  return name === null ? [] : [{ name, source: 'dhcp' }];
}

function clientFacts(reading: AppReading, payload: Uint8Array): Facts {
  const { detail } = reading;
  const message = textIn(detail, 'message');
  const vendorClass = textIn(detail, 'vendor_class');
  const own = listOf(ipAt(payload, CLIENT_ADDRESS_AT));
  return {
    names: namesOf(reading),
    ...(message === 'release' || message === 'decline' ? { released: own } : { addresses: own }),
    os: vendorClass === null ? null : osOfVendorClass(vendorClass),
    dhcp: {
      vendorClass,
      fingerprint: textIn(detail, 'fingerprint'),
      requestedIp: textIn(detail, 'requested_address'),
      server: textIn(detail, 'server'),
    },
  };
}

function fromServer(packet: LinkPacket, reading: AppReading, client: string | null, payload: Uint8Array): Observation[] {
  const { detail } = reading;
  const observations: Observation[] = [];
  const server = textIn(detail, 'server');
  if (client !== null && textIn(detail, 'message') === 'ack') {
    const given = textIn(detail, 'assigned_address') ?? ipAt(payload, CLIENT_ADDRESS_AT);
    const lease = { vendorClass: null, fingerprint: null, requestedIp: null, server };
    observations.push(about(client, packet, { addresses: listOf(given), names: namesOf(reading), dhcp: lease }));
  }
  // What came through a relay was sent by another station than the server.
  if (server === null || server !== packet.net?.source || ipAt(payload, RELAY_ADDRESS_AT) !== null) return observations;
  const services = [{ name: 'dhcp', port: 67, protocol: 'udp' }];
  observations.push({ ...fromSender(packet, { addresses: [server], services, routers: listOf(textIn(detail, 'router')) }), onLink: true });
  return observations;
}

export function readDhcp(packet: LinkPacket): Reading {
  const payload = packet.udp?.payload;
  if (payload === undefined) return UNREADABLE;
  const isRequest = payload[0] === REQUEST;
  const reading = readWith(dhcp, 'dhcp', packet, isRequest);
  if (reading === null) return UNREADABLE;
  const mac = textIn(reading.detail, 'client_mac');
  const client = mac !== null && isStation(mac) ? mac : null;
  if (!isRequest) return { observations: fromServer(packet, reading, client, payload), malformed: reading.malformed };
  if (client === null) return { ...NOTHING_SAID, malformed: reading.malformed };
  return { observations: [about(client, packet, clientFacts(reading, payload))], malformed: reading.malformed };
}
