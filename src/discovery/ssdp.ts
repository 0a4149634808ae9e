/** SSDP (UPnP Device Architecture 2.0, section 1): what a device announces or answers, and what a searcher says of its system. */
import { ssdp } from '../app/ssdp.ts';
import { readWith, textIn } from './app-reading.ts';
import { fromSender, type LinkPacket } from './link-packet.ts';
import { type NameFact, NOTHING_SAID, type Reading, type ServiceFact, UNREADABLE } from './observation.ts';
import { osOfProducts, productOf } from './os-hints.ts';

const SERVICE_TYPE = /(?:^|:)(?:device|service):([\w.-]{1,64})(?::[\d.]{1,8})?$/;

interface Location {
  readonly host: string;
  readonly port: number;
}

function locationOf(text: string | null): Location | null {
  const match = /^http:\/\/(\[[\da-f:.%]{2,45}\]|[\w.-]{1,253})(?::(\d{1,5}))?(?:\/|$)/i.exec(text ?? '');
  if (match === null) return null;
  const port = match[2] === undefined ? 80 : Number(match[2]);
  return port > 0 && port < 65_536 ? { host: match[1].replace(/^\[|\]$/g, ''), port } : null;
}

/** The host of a description's address is a name sometimes. */
function namesOf(location: Location | null): NameFact[] {
  if (location === null || location.host.includes(':') || /^[\d.]+$/.test(location.host)) return [];
  return [{ name: location.host, source: 'ssdp' }];
}

export function readSsdp(packet: LinkPacket): Reading {
  const { net } = packet;
  const reading = readWith(ssdp, 'ssdp', packet, true);
  if (net === null || reading === null) return UNREADABLE;
  const { detail, malformed } = reading;
  const method = textIn(detail, 'method');
  if (method === 'M-SEARCH') {
    const agent = textIn(detail, 'user_agent');
    return { observations: [fromSender(packet, { os: agent === null ? null : osOfProducts(agent) })], malformed };
  }
  const isAlive = method === 'RESPONSE' || (method === 'NOTIFY' && textIn(detail, 'nts') === 'ssdp:alive');
  if (!isAlive) return { ...NOTHING_SAID, malformed };
  const types = Array.isArray(detail.types) ? detail.types.map(String) : [];
  const names = types.flatMap((type) => SERVICE_TYPE.exec(type)?.[1] ?? []);
  const location = locationOf(textIn(detail, 'location'));
  const isOwn = location !== null && location.host === net.source;
  const services: ServiceFact[] = names.map((name) => ({ name, port: isOwn ? location.port : null, protocol: isOwn ? 'tcp' : null }));
  const server = textIn(detail, 'server');
  const facts = {
    names: namesOf(location),
    services,
    os: server === null ? null : osOfProducts(server),
    model: server === null ? null : productOf(server),
    forwards: names.includes('InternetGatewayDevice') ? ('packets' as const) : null,
  };
  return { observations: [fromSender(packet, facts)], malformed };
}
